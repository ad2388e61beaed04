"""Cells that several partitions share forget by the slowest clock, and nothing that forgetting could make wrong."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from cityhub.kpi.kernel.bucket import Deltas
from cityhub.kpi.kernel.cells import Observation
from cityhub.kpi.kernel.effect import Arrival, CellId, Evaluator
from tests.unit.kpi import oracle
from tests.unit.kpi.cells.world import HOUR_MS, event, ms, named
from tests.unit.kpi.simulator import city
from tests.unit.kpi.simulator.city import HORIZON_MS, MAIN, OPENED, OTHER, SOON_MS

START = ms("2026-10-24 20:00")
HORIZON = HORIZON_MS[OPENED]
CELL = CellId("J01/1/0", bytes(16))
SLOTS = ("closed", "unmatched", "holds", "open", "open_since_s")
PARTS = ((MAIN, 0), (MAIN, 1), (OTHER, 0))


class Step(NamedTuple):
    """A batch of one event; `age_ms` before its partition's clock, `swept`: somebody looks through the cells before."""

    part: int
    passed_ms: int
    age_ms: int
    swept: bool


AGES = st.sampled_from((0, HORIZON, HORIZON - 1)) | st.integers(0, HORIZON)
STEPS = st.builds(Step, st.integers(0, 2), st.sampled_from((0, 1, HOUR_MS, 7 * HOUR_MS)), AGES, st.booleans())


@settings(max_examples=300, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=24), st.lists(st.integers(0, 2), max_size=40))
def test_what_is_forgotten_by_the_slowest_clock_could_not_have_mattered(steps: list[Step], idle: list[int]) -> None:
    evaluator = Evaluator([city.plan("J01")], city.CONTRACTS)
    _, plan = evaluator.cells[CELL.family]
    assert not plan.owned
    clocks = dict.fromkeys(PARTS, 0)
    state, total, seen = b"", Deltas(plan.kind.width), []
    for number, step in enumerate(steps):
        for part in idle[number : number + 2]:  # events of other cases go by
            clocks[PARTS[part]] = max(clocks[PARTS[part]], START) + HOUR_MS
        read = {topic for topic, _ in PARTS if all(clock for at, clock in clocks.items() if at[0] == topic)}
        slowest = {topic: min(clock for at, clock in clocks.items() if at[0] == topic) for topic in read}
        floor_ms = evaluator.floor_ms(CELL.family, slowest)
        if step.swept and floor_ms is not None:
            state = plan.kind.trim(state, floor_ms)
        at = PARTS[step.part]
        clock = max(clocks[at], START) + step.passed_ms
        role = "first" if at[0] == MAIN else "then"
        observed = Observation(role, clock - step.age_ms, number, True, "", (), ())
        arrivals = [Arrival(clock, observed)]
        state = evaluator.merge(CELL, state, arrivals, total, read=lambda _: {}, clocks=slowest)[CELL]
        clocks[at] = clock
        seen.append(event(observed.t, number, role=role))
    meaning = oracle.join(seen, "1h", cohort="first", holds=lambda elapsed: elapsed <= SOON_MS)
    added = {place: sums for place, sums in named(total.settled(), SLOTS).items() if sums}
    assert added == meaning.settled()


def test_nothing_is_forgotten_while_nothing_is_known_of_a_topic() -> None:
    evaluator = Evaluator([city.plan("J01")], city.CONTRACTS)
    assert evaluator.floor_ms(CELL.family, {MAIN: START}) is None
    assert evaluator.floor_ms(CELL.family, {MAIN: START, OTHER: START - HOUR_MS}) == START - HOUR_MS - HORIZON
