"""How much of a time is time in which reports were promised. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from cityhub.kpi.kernel.windows import berlin
from cityhub.sdk.hours import Hours


def promised_s(hours: Hours | None, start_s: int, end_s: int) -> int:
    """Seconds of [start_s, end_s) that lie in the hours; None = all of them. 0 when it ends before it begins."""
    if hours is None or end_s <= start_s:
        return max(0, end_s - start_s)
    total = 0
    day = datetime.fromtimestamp(start_s, UTC).astimezone(berlin()).date()
    last = datetime.fromtimestamp(end_s, UTC).astimezone(berlin()).date()
    while day <= last:
        if hours.first <= day.weekday() <= hours.last:
            midnight = datetime.combine(day, time(), berlin())
            begin, end = (_at(midnight, minute) for minute in (hours.start_min, hours.end_min))
            total += max(0, min(end, end_s) - max(begin, start_s))
        day += timedelta(days=1)
    return total


def _at(midnight: datetime, minute: int) -> int:
    """By the clock on the wall, also on the days on which it is changed."""
    return int((midnight + timedelta(minutes=minute)).timestamp())
