"""Pairs: worked examples by hand, then what holds for any events. Cell and oracle must both give what is written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cityhub.kpi.kernel.bucket import Deltas
from cityhub.kpi.kernel.cell_pairs import EAST_M, ENTITIES, NORTH_M, SQUARES
from cityhub.kpi.kernel.windows import Grain
from tests.unit.kpi import oracle
from tests.unit.kpi.cells.pairs import SLOTS, Rows, cell, meaning, roadwork
from tests.unit.kpi.cells.world import event, ms, named, plain, times, values

SUNDAY, MONDAY, TUESDAY, WEDNESDAY = (ms(f"2026-11-0{day} 00:00") for day in range(1, 5))


def paired(*events: oracle.Event, expires: bool = False) -> Any:
    """What the cell gives, by start; the oracle gives the same."""
    found = named(Rows(cell(expires=expires)).merge(events), SLOTS)
    assert found == meaning(events, expires=expires).settled()
    return {start * 1000: amounts for (_, start, _, _), amounts in found.items()}


def total(found: Any) -> int:
    return sum(amounts.get("pairs", 0) for amounts in found.values())


WATER = roadwork("2026-11-02 09:00", 1, "wbd")
POWER = roadwork("2026-11-03 09:00", 2, "dvv", lat=51_433_000)


def test_two_owners_a_hundred_metres_apart_are_a_pair_from_when_both_are_known() -> None:
    assert paired(WATER, POWER) == {MONDAY: {"n": 1, "digest": 1}, TUESDAY: {"n": 1, "digest": 5, "pairs": 1}}


def test_one_that_is_closed_leaves_its_pair() -> None:
    closed = roadwork("2026-11-04 09:00", 4, "dvv", lat=51_433_000, holds=0)
    assert paired(WATER, POWER, closed)[WEDNESDAY] == {"n": 1, "digest": 7, "pairs": -1}


def test_one_that_says_the_same_again_stays_in_its_pair() -> None:
    again = roadwork("2026-11-04 09:00", 4, "dvv", lat=51_433_000)
    found = paired(WATER, POWER, again)
    assert found[WEDNESDAY] == {"n": 1, "digest": (1 + 2) + (1 + 4) + 4}
    assert total(found) == 1


def test_a_pair_ends_when_one_of_them_expires() -> None:
    water = roadwork("2026-11-02 09:00", 1, "wbd", until="2026-11-09 00:00")
    power = roadwork("2026-11-03 09:00", 2, "dvv", until="2026-11-06 12:00")
    found = paired(water, power, expires=True)
    assert found[ms("2026-11-06 00:00")] == {"digest": 3, "pairs": -1}
    assert total(paired(water, power)) == 1
    assert total(paired(water, roadwork("2026-11-03 09:00", 2, "dvv"), expires=True)) == 0


@pytest.mark.parametrize(
    ("more", "pairs"),
    [
        ({"lat": 51_432_000 + 1_348}, 1),  # 149.97 m to the north
        ({"lat": 51_432_000 + 1_349}, 0),  # 150.08 m
        ({"lon": 6_765_000 + 2_156}, 1),  # 149.94 m to the east
        ({"lon": 6_765_000 - 2_157}, 0),  # 150.01 m to the west
        ({"lat": 51_432_000 + 953, "lon": 6_765_000 + 1_525}, 1),  # 106.03 m and 106.06 m: 149.97 m
        ({"lat": 51_432_000 + 954, "lon": 6_765_000 + 1_525}, 0),  # 106.14 m and 106.06 m: 150.05 m
        ({"begin": "2026-11-09 00:00", "end": "2026-11-10 00:00"}, 0),  # begins when the other ends
        ({"begin": "2026-11-08 23:59", "end": "2026-11-10 00:00"}, 1),
        ({"begin": "2026-11-05 00:00", "end": "2026-11-05 00:00"}, 0),
        ({"lat": None}, 0),
        ({"lon": None}, 0),
        ({"begin": None}, 0),
        ({"end": None}, 0),
        ({"holds": None}, 0),
    ],
)
def test_near_enough_and_at_overlapping_times(more: dict[str, Any], pairs: int) -> None:
    assert total(paired(WATER, roadwork("2026-11-03 09:00", 2, "dvv", **more))) == pairs


def test_one_owner_and_an_unknown_one_make_no_pair() -> None:
    assert total(paired(WATER, roadwork("2026-11-03 09:00", 2, "wbd", name="another"))) == 0
    assert total(paired(WATER, roadwork("2026-11-03 09:00", 2, None, name="another"))) == 0


def test_what_is_nobodys_is_not_counted() -> None:
    nobody = roadwork("2026-11-03 09:00", 2, "dvv") | {"entity": None}
    assert Rows(cell()).merge([nobody]).vectors == {}


def test_a_third_one_makes_two_pairs_more() -> None:
    city = roadwork("2026-11-04 09:00", 4, "city", lat=51_432_500)
    assert paired(WATER, POWER, city)[WEDNESDAY] == {"n": 1, "digest": (4 + 1) + (4 + 2) + 4, "pairs": 2}


def test_a_late_observation_changes_the_pairs_of_its_time_only() -> None:
    """The water works were elsewhere on Tuesday, which becomes known last."""
    later = roadwork("2026-11-04 09:00", 4, "wbd")
    elsewhere = roadwork("2026-11-03 06:00", 8, "wbd", lat=51_500_000)
    found = paired(WATER, POWER, later, elsewhere)
    assert found[TUESDAY] == {"n": 2, "digest": 2 + 8}
    assert found[WEDNESDAY] == {"n": 1, "digest": (4 + 2) + 4, "pairs": 1}
    rows = Rows(cell())
    rows.merge([WATER, POWER, later])
    late = named(rows.merge([elsewhere]), SLOTS)
    assert late["", TUESDAY // 1000, "", ()]["pairs"] == -1
    assert late["", WEDNESDAY // 1000, "", ()]["pairs"] == 1


def test_a_pair_counts_where_the_first_of_their_names_is() -> None:
    one = roadwork("2026-11-02 09:00", 1, "wbd", name="b", scope="STB01", dims=("car",))
    other = roadwork("2026-11-01 09:00", 2, "dvv", name="a", scope="STB02", dims=("bike",))
    found = named(Rows(cell()).merge([one, other]), SLOTS)
    assert found == meaning([one, other]).settled()
    assert [place for place, amounts in found.items() if "pairs" in amounts] == [
        ("", MONDAY // 1000, "STB02", ("bike",))
    ]


def test_a_batch_that_was_applied_already_does_no_worse_than_count_twice() -> None:
    """A worker that lost its partition finds out after this."""
    closed = roadwork("2026-11-02 09:00", 1, "wbd", holds=0)
    rows = Rows(cell())
    assert rows.merge([closed]).vectors == rows.merge([closed]).vectors


def test_an_event_costs_the_rows_around_it() -> None:
    """Of ten thousand entities, two are near."""
    rows = Rows(cell())
    rows.merge([roadwork("2026-11-02 09:00", n, "city", name=f"r{n}", lat=51_300_000 + 20 * n) for n in range(10_000)])
    rows.asked = 0
    rows.merge([roadwork("2026-11-03 09:00", 10_000, "dvv", lat=51_300_000 + 5_000)])
    assert rows.asked < 600
    assert sum(len(state) for (room, _), state in rows.states.items() if room == SQUARES) == 16 * 10_001


@pytest.mark.parametrize(
    ("north", "error"), [(51.43, 0.00001), (51.33, 0.003), (51.56, 0.003), (51.0, 0.013), (52.0, 0.013)]
)
def test_the_scale_of_distances_is_as_wrong_as_is_written(north: float, error: float) -> None:
    """Radii of curvature of the WGS 84 ellipsoid."""
    major_m, flattening = 6_378_137.0, 1 / 298.257223563
    squared = flattening * (2 - flattening)
    root = math.sqrt(1 - squared * math.sin(math.radians(north)) ** 2)
    degree = math.radians(1)
    assert pytest.approx(NORTH_M, rel=error) == degree * major_m * (1 - squared) / root**3
    assert pytest.approx(EAST_M, rel=error) == degree * major_m / root * math.cos(math.radians(north))


def worlds(max_size: int = 12) -> st.SearchStrategy[list[oracle.Event]]:
    """Events of few entities on little ground, around a change of clocks, every digest different."""
    one = st.builds(
        lambda t, digest, name, owner, place, period, holds, until, scope: event(
            t, digest, owner, *place, *period, holds, until, entity=name, scope=scope, dims=("x",)
        ),
        times(),
        st.integers(0, 50) | st.integers(0, 2**128 - 1),
        st.sampled_from("abcd"),
        st.sampled_from(("city", "dvv", 1, None)),
        st.tuples(
            st.sampled_from((0, 700, 1_348, 1_349, 2_000, 2_696, 9_000)), st.sampled_from((0, 1_000, 2_156, 2_157))
        )
        | st.tuples(values(), values()),
        st.tuples(st.none() | st.integers(0, 4), st.none() | st.integers(1, 5)),
        st.sampled_from((0, 1, 1, 1, None)),
        st.none() | times(),
        st.sampled_from(("", "STB01")),
    )
    return st.lists(one, min_size=1, max_size=max_size, unique_by=lambda e: e["digest"])


kinds = pytest.mark.parametrize("expires", [False, True])
grains = pytest.mark.parametrize("grain", [Grain.HOUR, Grain.DAY])


@kinds
@grains
@settings(max_examples=120, deadline=None)
@given(events=worlds())
def test_pairs_are_what_the_meaning_says(grain: Grain, expires: bool, events: list[oracle.Event]) -> None:
    found = Rows(cell(grain, expires=expires)).merge(events)
    assert named(found, SLOTS) == meaning(events, grain, expires=expires).settled()


@kinds
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_any_order_batching_and_restarts_give_the_same_bytes_and_sums(expires: bool, data: st.DataObject) -> None:
    events = data.draw(worlds())
    whole = Rows(cell(expires=expires))
    expected = whole.merge(events)
    rows, sums = Rows(cell(expires=expires)), Deltas(1)
    for batch in data.draw(st.composite(_batches)(events)):
        sums.merge(rows.merge(batch))
    assert rows.states == whole.states
    assert plain(sums.settled()) == plain(expected)
    assert {room for room, _ in rows.states} <= {ENTITIES, SQUARES}


def _batches(draw: st.DrawFn, events: Sequence[oracle.Event]) -> list[list[oracle.Event]]:
    """The same in another order, cut anywhere."""
    shuffled = draw(st.permutations(events))
    cuts = sorted(draw(st.sets(st.integers(1, len(events)), max_size=5)) - {len(events)})
    return [shuffled[start:end] for start, end in zip([0, *cuts], [*cuts, len(events)], strict=True)]
