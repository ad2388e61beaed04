"""Grains and windows of event time: half-open; nights, days and longer ones local in Europe/Berlin (docs/time.md).

The zone's rules come from the pinned `tzdata` package, not from the machine, so that two machines agree on every day.
Event time is epoch milliseconds; boundaries are epoch seconds. Berlin has been whole hours from UTC since 1893, so
grains and windows up to an hour are the same in UTC and locally.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cityhub.kpi.values import WindowKind

HOUR_S = 3600
_HOUR_MS = HOUR_S * 1000
_DAY = timedelta(days=1)
_MIDNIGHT, _NOON = time(0), time(12)
_SCHOOL_STARTS = 8
"""August: a school year in North Rhine-Westphalia is 1 August to 31 July (§ 7 SchulG NRW)."""


class Grain(StrEnum):
    """Length of a base bucket; a night is noon to noon."""

    MINUTE = "1min"
    FIVE_MINUTES = "5min"
    QUARTER_HOUR = "15min"
    HOUR = "1h"
    DAY = "1d"
    NIGHT = "night"


class Window(NamedTuple):
    """A window [start, end), identified by kind and anchor.

    Attributes:
        anchor: start of its last step; equals `start` where windows do not overlap.
    """

    kind: WindowKind
    start: int
    end: int
    anchor: int


_GRAIN_S = {Grain.MINUTE: 60, Grain.FIVE_MINUTES: 300, Grain.QUARTER_HOUR: 900, Grain.HOUR: HOUR_S}
_WINDOW_S = {
    WindowKind.MINUTE: 60,
    WindowKind.FIVE_MINUTES: 300,
    WindowKind.QUARTER_HOUR: 900,
    WindowKind.HOUR: HOUR_S,
}
STEP = {
    WindowKind.MINUTE: timedelta(minutes=1),
    WindowKind.FIVE_MINUTES: timedelta(minutes=5),
    WindowKind.QUARTER_HOUR: timedelta(minutes=15),
    WindowKind.HOUR: timedelta(hours=1),
    WindowKind.NIGHT: timedelta(days=1),
    WindowKind.DAY: timedelta(days=1),
    WindowKind.SEVEN_DAYS: timedelta(days=1),
    WindowKind.WEEK: timedelta(weeks=1),
    WindowKind.MONTH: timedelta(days=28),
    WindowKind.YEAR: timedelta(days=365),
    WindowKind.YEAR_TO_DATE: timedelta(days=1),
    WindowKind.SCHOOL_YEAR: timedelta(days=365),
}
"""Shortest time from one window to the next; local days have an hour more or less twice a year."""

OVERLAPPING = (WindowKind.SEVEN_DAYS, WindowKind.YEAR_TO_DATE)
"""Windows of which an instant lies in several, the later ones beginning after it."""


@lru_cache(maxsize=1)
def berlin() -> ZoneInfo:
    """Europe/Berlin from the pinned package."""
    with files("tzdata").joinpath("zoneinfo", "Europe", "Berlin").open("rb") as rules:
        return ZoneInfo.from_file(rules, key="Europe/Berlin")


def grain_start(grain: Grain, t_ms: int) -> int:
    """Start (epoch s) of the grain that holds an instant (epoch ms)."""
    length = _GRAIN_S.get(grain)
    if length is None:
        return _local_grain(grain, t_ms // _HOUR_MS)[0]
    return t_ms // 1000 // length * length


def grain_end(grain: Grain, start: int) -> int:
    """End (epoch s) of the grain that starts there (epoch s)."""
    length = _GRAIN_S.get(grain)
    return _local_grain(grain, start // HOUR_S)[1] if length is None else start + length


@lru_cache(maxsize=4096)
def _local_grain(grain: Grain, utc_hour: int) -> tuple[int, int]:
    """Bounds of the local day or night that holds an hour; neither begins within an hour."""
    kind = WindowKind.NIGHT if grain is Grain.NIGHT else WindowKind.DAY
    window = window_at(kind, utc_hour * HOUR_S)
    return window.start, window.end


def window_at(kind: WindowKind, epoch_s: int) -> Window:
    """The window whose last step holds an instant. Local days have 23, 24 or 25 hours."""
    length = _WINDOW_S.get(kind)
    if length is None:
        return _local_window(kind, epoch_s // HOUR_S)
    start = epoch_s // length * length
    return Window(kind, start, start + length, start)


def next_window(window: Window) -> Window:
    """The window whose last step follows this one's."""
    return window_at(window.kind, window.end)


def windows_over(kind: WindowKind, start: int, end: int, until: int) -> Iterator[Window]:
    """Every window of a kind that overlaps the grain [start, end) and has anchor <= until, oldest first; epoch s.

    A year to date overlaps on every later day of its year, so `until` bounds how many there are.
    """
    window = window_at(kind, start)
    while window.start < end and window.anchor <= until:
        yield window
        window = next_window(window)


def merges(kind: WindowKind, grain: Grain) -> bool:
    """Whether windows of the kind are unions of whole grains."""
    if grain is Grain.NIGHT:
        return kind is WindowKind.NIGHT
    if grain is Grain.DAY:
        return kind not in _WINDOW_S and kind is not WindowKind.NIGHT
    return kind not in _WINDOW_S or _WINDOW_S[kind] % _GRAIN_S[grain] == 0


@lru_cache(maxsize=4096)
def _local_window(kind: WindowKind, utc_hour: int) -> Window:
    """Windows of whole local days or nights; none begins within an hour."""
    turn = _NOON if kind is WindowKind.NIGHT else _MIDNIGHT
    local = datetime.fromtimestamp(utc_hour * HOUR_S, UTC).astimezone(berlin())
    day = local.date() if local.time() >= turn else local.date() - _DAY
    step, after = _step(kind, day)
    first = step
    if kind is WindowKind.SEVEN_DAYS:
        first = step - 6 * _DAY
    elif kind is WindowKind.YEAR_TO_DATE:
        first = date(step.year, 1, 1)
    return Window(kind, _instant(first, turn), _instant(after, turn), _instant(step, turn))


def _step(kind: WindowKind, day: date) -> tuple[date, date]:
    """First day of the step that holds a day, and first day after the step."""
    match kind:
        case WindowKind.WEEK:
            first = day - day.weekday() * _DAY
            after = first + 7 * _DAY
        case WindowKind.MONTH:
            first = day.replace(day=1)
            after = (first + 31 * _DAY).replace(day=1)
        case WindowKind.YEAR:
            first, after = date(day.year, 1, 1), date(day.year + 1, 1, 1)
        case WindowKind.SCHOOL_YEAR:
            began = day.year if day.month >= _SCHOOL_STARTS else day.year - 1
            first, after = date(began, _SCHOOL_STARTS, 1), date(began + 1, _SCHOOL_STARTS, 1)
        case _:
            first, after = day, day + _DAY
    return first, after


def _instant(day: date, at: time) -> int:
    """Epoch seconds of a local time; Berlin's clocks change neither at noon nor at midnight."""
    return int(datetime.combine(day, at, berlin()).timestamp())
