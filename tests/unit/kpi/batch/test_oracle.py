"""The batch gives what the oracle gives: for any events, around changes of clocks and of the year, in every grain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cityhub.kpi.batch import Buckets, buckets, pieces
from tests.unit.kpi import oracle
from tests.unit.kpi.batch import classes
from tests.unit.kpi.batch.classes import Sample
from tests.unit.kpi.cells import world
from tests.unit.kpi.cells.test_pairs import worlds
from tests.unit.kpi.cells.world import HOUR_MS, SAMPLES

WEEKS = ("day", "week", "month", "school-year")
HELD = {"ratio": {"holds": {"ge": ["@elapsed", "2h"]}}}


class Case(NamedTuple):
    """A definition, events for it, and what they mean."""

    sample: Sample
    events: st.SearchStrategy[list[oracle.Event]]
    meaning: Callable[[Sequence[oracle.Event]], oracle.Buckets]


def case(sample: Sample, like: str, meaning: Callable[[Sequence[oracle.Event]], oracle.Buckets]) -> Case:
    return Case(sample, world.events(SAMPLES[like], max_size=14), meaning)


def held(elapsed_ms: int) -> bool:
    return elapsed_ms >= 2 * HOUR_MS


def distinct_case(like: str, grain: str, *windows: str) -> Case:
    return case(classes.distinct(*windows, grain=grain), like, partial(oracle.distinct, kinds=windows))


def pairs_case(grain: str, *, expires: bool) -> Case:
    more = {"pairs": {"until": "$until"}} if expires else {}
    meaning = partial(oracle.pairs, kind=grain, within_m=150, expires=expires)
    return Case(classes.pairs(grain=grain, **more), worlds(), meaning)


CASES = {
    "state by day": case(
        classes.state("30h"), "state by night", partial(oracle.state, kind="1d", hold_ms=30 * HOUR_MS)
    ),
    "state by night": case(
        classes.state("6h", grain="night", windows=["night"]),
        "state by night",
        partial(oracle.state, kind="night", hold_ms=6 * HOUR_MS),
    ),
    "state, held a minute and a half": case(
        classes.state("90s", grain="1min"), "state by night", partial(oracle.state, kind="1min", hold_ms=90_000)
    ),
    "latest": case(classes.latest(), "latest", partial(oracle.latest, kind="1d")),
    "latest over a sum, expiring": case(
        classes.latest_over(grain="15min"),
        "latest over a sum, expiring",
        partial(oracle.latest, kind="15min", over=True, expires=True),
    ),
    "distinct by weeks": distinct_case("latest", "1d", *WEEKS),
    "distinct by running windows": distinct_case("latest", "1d", "seven-days", "year-to-date"),
    "distinct by hours": distinct_case("latest", "1h", "hour", "seven-days"),
    "join by its end": case(
        classes.join(HELD, "closed unmatched holds open open_since_s", grain="1h"),
        "join by its end",
        partial(oracle.join, kind="1h", holds=held),
    ),
    "join by its beginning, of the opened": case(
        classes.join(
            {"ratio": {"holds": {"ge": ["@elapsed", "2h"]}, "over": "opened"}},
            "closed unmatched holds open open_since_s opened",
            join={"cohort": "first"},
        ),
        "join by its beginning",
        partial(oracle.join, kind="1d", cohort="first", holds=held, opened=True),
    ),
    "elapsed time": case(
        classes.join({"quantile": {"value": "elapsed", "at": [0.5]}}, "closed unmatched open open_since_s", unit="d"),
        "join by its end",
        partial(oracle.join, kind="1d"),
    ),
    "correctable": case(
        classes.correctable(), "correctable", partial(oracle.correctable, kind="1d", names=("one", "two"))
    ),
    "pairs": pairs_case("1d", expires=False),
    "pairs that expire": pairs_case("1h", expires=True),
}


def meant(case: Case, events: Sequence[oracle.Event]) -> tuple[dict[Any, Any], dict[Any, int]]:
    """What the oracle says, of what the definition keeps."""
    kept = {"n", "synthetic_n", "digest", *case.sample.slots}
    found = case.meaning(events)
    settled = {
        place: {name: amount for name, amount in sums.items() if name in kept}
        for place, sums in found.settled().items()
    }
    bins = world.binned(found) if case.sample.plan.histograms else {}
    return {place: sums for place, sums in settled.items() if sums}, bins


def given_by(case: Case, found: Buckets) -> tuple[dict[Any, Any], dict[Any, int]]:
    return case.sample.named(found), found.counts()


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_events(name: str, data: st.DataObject) -> None:
    one = CASES[name]
    events = data.draw(one.events)
    expected, plan = meant(one, events), one.sample.plan
    frames = one.sample.frames(events)
    assert given_by(one, buckets(plan, frames)) == expected
    found = pieces(plan, frames)
    assert given_by(one, found.buckets(plan)) == expected
    named = found.contributions.select("family", "type", "part", "off", "layer", "start", "scope", "^dim.*$", "via")
    assert not named.is_duplicated().any()


def test_pieces_of_one_window_are_those_of_all_that_are_in_it() -> None:
    sample = classes.distinct("day", "seven-days", grain="1d")
    events = [
        world.event(f"2026-10-{day} {hour:02}:30", day * 24 + hour, entity=entity, scope=scope, dims=(dim,))
        for day in (23, 24, 25, 26)
        for hour, entity, scope, dim in ((0, "p", "STB01", "x"), (23, "q", "", "x"), (12, "p", "STB02", ""))
    ]
    frames = sample.frames(events)
    everything = pieces(sample.plan, frames).contributions
    windows = Counter(everything.select("layer", "start").iter_rows())
    assert len(windows) == 4 + 10
    for (layer, anchor), count in windows.items():
        found = pieces(sample.plan, frames, only=(layer, anchor)).contributions
        assert found.height == count
        assert sorted(found.rows(), key=str) == sorted(everything.filter(layer=layer, start=anchor).rows(), key=str)
    assert pieces(sample.plan, frames, only=("day", 0)).contributions.is_empty()
