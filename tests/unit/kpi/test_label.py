"""Labels are a function of the record: of arrivals and clocks, never of who looked or how often."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityhub.kpi.kernel.label import Reason, Settled, deadline_ms, label_of
from cityhub.kpi.values import Label

END_S, LATENESS_S = 1_000, 60
DEADLINE = 1_060_000
ON_TIME = 990_000
PROVISIONAL, FINAL = Settled(Label.PROVISIONAL, ()), Settled(Label.FINAL, ())


def label(settled_ms: int, *, first_ms: int = ON_TIME, **changed_ms: int) -> Settled:
    """Label of a window that ends at 1 000 s and may be 60 s late."""
    changes = {Reason(name): instant for name, instant in changed_ms.items()}
    return label_of(
        window_end_s=END_S, lateness_s=LATENESS_S, first_ms=first_ms, settled_ms=settled_ms, changed_ms=changes
    )


def test_provisional_until_the_slowest_clock_has_passed_the_deadline() -> None:
    assert label(0, late=ON_TIME) == PROVISIONAL
    assert label(DEADLINE, late=ON_TIME) == PROVISIONAL, "more records of the same millisecond may follow"
    assert label(DEADLINE + 1, late=ON_TIME) == FINAL


def test_an_arrival_at_the_deadline_is_in_time_and_one_after_it_is_late() -> None:
    assert label(DEADLINE + 9, late=DEADLINE) == FINAL
    assert label(DEADLINE + 9, late=DEADLINE + 1) == Settled(Label.CORRECTED, (Reason.LATE,))


def test_a_late_event_corrects_nothing_before_every_partition_has_passed_the_deadline() -> None:
    assert label(DEADLINE - 1, late=DEADLINE + 5_000) == PROVISIONAL


@pytest.mark.parametrize("reason", Reason)
def test_every_change_after_the_deadline_is_named(reason: Reason) -> None:
    assert label(DEADLINE + 9_000, **{reason: DEADLINE + 5_000}) == Settled(Label.CORRECTED, (reason,))
    assert label(DEADLINE + 9_000, **{reason: DEADLINE - 5_000}) == FINAL


def test_reasons_stand_in_one_order_and_those_in_time_are_left_out() -> None:
    found = label(DEADLINE + 9, late=DEADLINE + 1, definition=DEADLINE + 2, correction=DEADLINE, reference=DEADLINE + 3)
    assert found == Settled(Label.CORRECTED, (Reason.DEFINITION, Reason.REFERENCE, Reason.LATE))


def test_history_that_is_delivered_long_after_its_window_is_no_correction() -> None:
    """The first delivery brings two days at once: a window gets its lateness from its first arrival on."""
    first = 172_800_000
    assert deadline_ms(window_end_s=END_S, lateness_s=LATENESS_S, first_ms=first) == first + 60_000
    assert label(first + 40_000, first_ms=first, late=first + 40_000) == PROVISIONAL
    assert label(first + 60_001, first_ms=first, late=first + 40_000) == FINAL
    assert label(first + 90_000, first_ms=first, late=first + 60_001).reasons == (Reason.LATE,)


class Applied(NamedTuple):
    """What a partition's clock showed, and whether the window counted something then."""

    part: int
    clock_ms: int
    counted: bool


steps = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from([0, 1, 400, 30_000, 60_000]), st.booleans()), min_size=1, max_size=40
)


def run(record: Sequence[tuple[int, int, bool]]) -> list[Applied]:
    """A log of three partitions, each with a clock that never goes back."""
    clocks = [980_000] * 3
    applied = []
    for part, ahead, counted in record:
        clocks[part] += ahead
        applied.append(Applied(part, clocks[part], counted))
    return applied


def labels(applied: Sequence[Applied]) -> list[Settled]:
    """What a publisher would say after each step, once there is something to say."""
    clocks, arrivals, said = [980_000] * 3, [], []
    for part, clock_ms, counted in applied:
        clocks[part] = clock_ms
        arrivals += [clock_ms] if counted else []
        if arrivals:
            said.append(label(min(clocks), first_ms=min(arrivals), late=max(arrivals)))
    return said


@given(steps)
def test_a_label_never_goes_back(record: list[tuple[int, int, bool]]) -> None:
    order = [Label.PROVISIONAL, Label.FINAL, Label.CORRECTED]
    for before, after in pairwise(labels(run(record))):
        assert order.index(before.label) <= order.index(after.label)


@given(steps)
def test_nothing_is_counted_into_a_final_number_without_correcting_it(record: list[tuple[int, int, bool]]) -> None:
    applied = run(record)
    for upto in range(1, len(applied)):
        said = labels(applied[:upto])
        if said and said[-1].label is not Label.PROVISIONAL and applied[upto].counted:
            assert labels(applied[: upto + 1])[-1].label is Label.CORRECTED


@given(steps)
def test_however_partitions_interleave_the_label_at_the_end_is_the_same(record: list[tuple[int, int, bool]]) -> None:
    applied = run(record)
    one_after_the_other = sorted(applied, key=lambda step: step.part)
    assert labels(applied)[-1:] == labels(one_after_the_other)[-1:]
