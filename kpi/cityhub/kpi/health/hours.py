"""How much of a time is time in which reports were promised. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from cityhub.kpi.kernel.windows import berlin
from cityhub.sdk.hours import Hours

_DAYS = 3_660
"""Nobody looks further back than ten years."""


def promised_s(hours: Hours | None, start_s: int, end_s: int) -> int:
    """Seconds of [start_s, end_s) that lie in the hours; None = all of them. 0 when it ends before it begins."""
    if hours is None:
        return max(0, end_s - start_s)
    total = 0
    for begin, end in _spans(hours, end_s):
        if end <= start_s:
            break
        total += end - max(begin, start_s)
    return total


def promised_before(hours: Hours | None, end_s: int, length_s: int) -> int:
    """The latest instant from which on, up to `end_s`, that many seconds lie in the hours."""
    if hours is None:
        return end_s - length_s
    for begin, end in _spans(hours, end_s):
        if end - begin >= length_s:
            return end - length_s
        length_s -= end - begin
    return 0


def _spans(hours: Hours, end_s: int) -> Iterator[tuple[int, int]]:
    """The hours of each day before `end_s`, the last ones first."""
    day = datetime.fromtimestamp(end_s, UTC).astimezone(berlin()).date()
    for _ in range(_DAYS):
        if hours.first <= day.weekday() <= hours.last:
            midnight = datetime.combine(day, time(), berlin())
            begin, end = (_at(midnight, minute) for minute in (hours.start_min, hours.end_min))
            if begin < end_s:
                yield begin, min(end, end_s)
        day -= timedelta(days=1)


def _at(midnight: datetime, minute: int) -> int:
    """By the clock on the wall, also on the days on which it is changed."""
    return int((midnight + timedelta(minutes=minute)).timestamp())
