"""Windows of event time: worked examples by hand, and properties that hold for every instant."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise, takewhile

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cityhub.kpi.kernel.windows import (
    Grain,
    Window,
    berlin,
    grain_end,
    grain_start,
    merges,
    next_window,
    window_at,
    windows_over,
)
from cityhub.kpi.values import WindowKind as Kind

HOUR_S = 3600
DAY_S = 24 * HOUR_S
OVERLAPPING = {Kind.SEVEN_DAYS, Kind.YEAR_TO_DATE}
TUMBLING = [kind for kind in Kind if kind not in OVERLAPPING]
CHANGES = (1774746000, 1792890000, 1806195600, 1824944400)
"""Clock changes of 2026 and 2027 as UTC: 29 March, 25 October, 28 March and 31 October, always 01:00."""

instants = st.integers(0, 4_102_444_800) | st.integers(-3 * DAY_S, 3 * DAY_S).flatmap(
    lambda beside: st.sampled_from(CHANGES).map(lambda change: change + beside)
)


def local(epoch_s: int) -> str:
    """Berlin time with its offset."""
    return datetime.fromtimestamp(epoch_s, berlin()).isoformat(timespec="minutes")


def at(text: str) -> int:
    """Epoch seconds of a Berlin time, or of one that names its offset."""
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=berlin())).timestamp())


@pytest.mark.parametrize(
    ("kind", "instant", "start", "end", "hours"),
    [
        (Kind.DAY, "2026-03-29T12:00", "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00", 23),
        (Kind.DAY, "2026-10-25T12:00", "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00", 25),
        (Kind.DAY, "2027-03-28T23:59", "2027-03-28T00:00+01:00", "2027-03-29T00:00+02:00", 23),
        (Kind.DAY, "2027-10-31T00:00", "2027-10-31T00:00+02:00", "2027-11-01T00:00+01:00", 25),
        (Kind.DAY, "2028-02-29T23:00", "2028-02-29T00:00+01:00", "2028-03-01T00:00+01:00", 24),
        (Kind.NIGHT, "2026-03-29T11:59", "2026-03-28T12:00+01:00", "2026-03-29T12:00+02:00", 23),
        (Kind.NIGHT, "2026-10-25T11:59", "2026-10-24T12:00+02:00", "2026-10-25T12:00+01:00", 25),
        (Kind.NIGHT, "2026-10-25T12:00", "2026-10-25T12:00+01:00", "2026-10-26T12:00+01:00", 24),
        (Kind.NIGHT, "2027-03-28T03:30", "2027-03-27T12:00+01:00", "2027-03-28T12:00+02:00", 23),
        (Kind.NIGHT, "2027-10-31T02:30", "2027-10-30T12:00+02:00", "2027-10-31T12:00+01:00", 25),
        (Kind.HOUR, "2026-10-25T02:30+02:00", "2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00", 1),
        (Kind.HOUR, "2026-10-25T02:30+01:00", "2026-10-25T02:00+01:00", "2026-10-25T03:00+01:00", 1),
        (Kind.HOUR, "2026-03-29T01:59", "2026-03-29T01:00+01:00", "2026-03-29T03:00+02:00", 1),
        (Kind.SEVEN_DAYS, "2026-03-31T05:00", "2026-03-25T00:00+01:00", "2026-04-01T00:00+02:00", 167),
        (Kind.WEEK, "2026-10-25T23:59", "2026-10-19T00:00+02:00", "2026-10-26T00:00+01:00", 169),
        (Kind.WEEK, "2027-01-03T12:00", "2026-12-28T00:00+01:00", "2027-01-04T00:00+01:00", 168),
        (Kind.MONTH, "2028-02-29T12:00", "2028-02-01T00:00+01:00", "2028-03-01T00:00+01:00", 29 * 24),
        (Kind.MONTH, "2026-12-31T23:59", "2026-12-01T00:00+01:00", "2027-01-01T00:00+01:00", 31 * 24),
        (Kind.YEAR, "2028-02-29T12:00", "2028-01-01T00:00+01:00", "2029-01-01T00:00+01:00", 366 * 24),
        (Kind.YEAR_TO_DATE, "2028-02-29T12:00", "2028-01-01T00:00+01:00", "2028-03-01T00:00+01:00", 60 * 24),
        (Kind.YEAR_TO_DATE, "2027-01-01T00:00", "2027-01-01T00:00+01:00", "2027-01-02T00:00+01:00", 24),
        (Kind.SCHOOL_YEAR, "2026-07-31T23:59", "2025-08-01T00:00+02:00", "2026-08-01T00:00+02:00", 365 * 24),
        (Kind.SCHOOL_YEAR, "2026-08-01T00:00", "2026-08-01T00:00+02:00", "2027-08-01T00:00+02:00", 365 * 24),
        (Kind.MINUTE, "2026-11-23T14:05", "2026-11-23T14:05+01:00", "2026-11-23T14:06+01:00", 1 / 60),
        (Kind.FIVE_MINUTES, "2026-11-23T14:09", "2026-11-23T14:05+01:00", "2026-11-23T14:10+01:00", 1 / 12),
        (Kind.QUARTER_HOUR, "2026-11-23T14:59", "2026-11-23T14:45+01:00", "2026-11-23T15:00+01:00", 1 / 4),
    ],
)
def test_worked_examples(kind: Kind, instant: str, start: str, end: str, hours: float) -> None:
    window = window_at(kind, at(instant))
    assert (local(window.start), local(window.end)) == (start, end)
    assert window.end - window.start == hours * HOUR_S


@pytest.mark.parametrize("kind", OVERLAPPING)
def test_overlapping_windows_are_anchored_at_their_last_day(kind: Kind) -> None:
    assert local(window_at(kind, at("2026-11-23T14:05")).anchor) == "2026-11-23T00:00+01:00"


@pytest.mark.parametrize(
    ("grain", "instant", "start", "end"),
    [
        (Grain.DAY, "2026-10-25T23:59", "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00"),
        (Grain.NIGHT, "2027-03-28T11:59", "2027-03-27T12:00+01:00", "2027-03-28T12:00+02:00"),
        (Grain.QUARTER_HOUR, "2026-10-25T02:59+01:00", "2026-10-25T02:45+01:00", "2026-10-25T03:00+01:00"),
    ],
)
def test_grains_by_hand(grain: Grain, instant: str, start: str, end: str) -> None:
    begin = grain_start(grain, at(instant) * 1000 + 999)
    assert (local(begin), local(grain_end(grain, begin))) == (start, end)


@given(st.sampled_from(Grain), instants, st.integers(0, 999))
def test_every_instant_lies_in_exactly_one_grain(grain: Grain, second: int, ms: int) -> None:
    start = grain_start(grain, second * 1000 + ms)
    end = grain_end(grain, start)
    assert start * 1000 <= second * 1000 + ms < end * 1000
    assert grain_start(grain, start * 1000) == grain_start(grain, end * 1000 - 1) == start
    assert grain_start(grain, end * 1000) == end
    assert grain_end(grain, grain_start(grain, start * 1000 - 1)) == start


@given(st.sampled_from(TUMBLING), instants)
def test_every_instant_lies_in_exactly_one_tumbling_window(kind: Kind, second: int) -> None:
    window = window_at(kind, second)
    assert window.start <= second < window.end
    assert window.anchor == window.start
    assert window_at(kind, window.start) == window_at(kind, window.end - 1) == window
    assert window_at(kind, window.start - 1).end == window.start


@given(st.sampled_from(Kind), instants)
def test_the_next_window_follows_without_hole_or_overlap_of_steps(kind: Kind, second: int) -> None:
    window = window_at(kind, second)
    chain = [window]
    for _ in range(20):
        chain.append(next_window(chain[-1]))
    for one, other in pairwise(chain):
        assert other.anchor == one.end
        assert window_at(kind, other.anchor - 1) == one
        assert window_at(kind, other.anchor) == other


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([Kind.HOUR, Kind.NIGHT, Kind.DAY, Kind.SEVEN_DAYS, Kind.WEEK, Kind.MONTH, Kind.YEAR_TO_DATE]),
    st.sampled_from([Grain.QUARTER_HOUR, Grain.HOUR, Grain.DAY, Grain.NIGHT]),
    instants,
    st.integers(-2, 24 * 12),
)
@example(Kind.YEAR_TO_DATE, Grain.NIGHT, 1798758000, 24 * 3)  # the night over New Year lies in two years
@example(Kind.DAY, Grain.NIGHT, CHANGES[0], 24)
def test_windows_over_a_grain_are_exactly_those_that_overlap_it(
    kind: Kind, grain: Grain, second: int, hours: int
) -> None:
    start = grain_start(grain, second * 1000)
    end, until = grain_end(grain, start), start + hours * HOUR_S
    every_hour = range(start - 40 * DAY_S, until + HOUR_S, HOUR_S)
    known = sorted({window_at(kind, instant) for instant in every_hour}, key=lambda window: window.anchor)
    expected = [window for window in known if window.start < end and window.end > start and window.anchor <= until]
    assert list(windows_over(kind, start, end, until)) == expected


def test_one_hour_is_in_seven_windows_of_seven_days_and_in_every_later_year_to_date() -> None:
    start, until = at("2026-12-29T13:00"), at("2027-01-10T00:00")
    seven = list(windows_over(Kind.SEVEN_DAYS, start, start + HOUR_S, until))
    assert [local(window.anchor)[:10] for window in seven] == [
        *("2026-12-29", "2026-12-30", "2026-12-31", "2027-01-01", "2027-01-02", "2027-01-03", "2027-01-04")
    ]
    to_date = list(windows_over(Kind.YEAR_TO_DATE, start, start + HOUR_S, until))
    assert [local(window.end)[:10] for window in to_date] == ["2026-12-30", "2026-12-31", "2027-01-01"]


@pytest.mark.parametrize("grain", Grain)
@pytest.mark.parametrize("kind", Kind)
def test_windows_merge_exactly_the_grains_whose_edges_they_keep(kind: Kind, grain: Grain) -> None:
    """Brute force: both edges of a window are edges of grains, for the windows after 1 October 2026."""
    edges = [edge for window in _some(kind) for edge in (window.start, window.end)]
    assert merges(kind, grain) is all(grain_start(grain, edge * 1000) == edge for edge in edges)


def _some(kind: Kind) -> list[Window]:
    chain = [window_at(kind, at("2026-10-01T00:00"))]
    while len(chain) < 100:
        chain.append(next_window(chain[-1]))
    return list(takewhile(lambda window: window.end < at("2035-01-01T00:00"), chain))
