"""What a cell remembers: only as much as can still matter, and never silently too little."""

from __future__ import annotations

from typing import Any

import pytest

from cityhub.kpi.kernel.bucket import FIRST_SLOT
from cityhub.kpi.kernel.cells import DistinctCell, JoinCell
from cityhub.kpi.kernel.windows import Grain
from cityhub.kpi.values import WindowKind
from tests.unit.kpi.cells.world import HOUR_MS, SAMPLES, Sample, event, ms, observation, observations

START = ms("2026-11-20 00:00")
TERMS = {"correctable": (1, None, (1, 1)), "state": (True,), "latest": (1, 1, START + 10_000 * HOUR_MS)}


def terms_of(name: str) -> tuple[Any, ...]:
    return next((terms for start, terms in TERMS.items() if name.startswith(start)), ())


def hourly(sample: Sample, name: str, hours: int) -> list[bytes]:
    """The states after each of many hourly observations of one entity, with six hours of memory."""
    states: list[bytes] = []
    for hour in range(hours):
        t, role = START + hour * HOUR_MS, sample.roles[hour % len(sample.roles)]
        seen = observations(sample, [event(t, hour, *terms_of(name), role=role)])
        states.append(sample.kind.change(states[-1] if states else None, seen, t - 6 * HOUR_MS).state)
    return states


@pytest.mark.parametrize("name", SAMPLES)
def test_a_memory_does_not_grow_with_history(name: str) -> None:
    sizes = list(map(len, hourly(SAMPLES[name], name, 400)))
    assert max(sizes[200:]) <= max(sizes[:60])


@pytest.mark.parametrize("name", [name for name in SAMPLES if name != "correctable"])
def test_an_event_from_before_the_memory_is_refused_with_words(name: str) -> None:
    sample = SAMPLES[name]
    state = hourly(sample, name, 80)[-1]
    early = observations(sample, [event(START, 999, *terms_of(name), role=sample.roles[0])])
    with pytest.raises(ValueError, match=r"has forgotten what was before .* archive"):
        sample.kind.merge(state, early)


def test_a_case_that_is_closed_for_good_leaves_nothing_behind() -> None:
    kind = JoinCell(width=2, grain=Grain.DAY, closed=0, unmatched=1)
    halves = [observation(event(START + n, n, role=role)) for n, role in enumerate(("first", "then"))]
    state = kind.merge(None, halves)
    assert kind.trim(state, START + HOUR_MS) == b""
    assert kind.merge(b"", halves) == state
    assert kind.contributions(b"").vectors == {}


def test_an_open_case_is_remembered_however_old() -> None:
    kind = JoinCell(width=2, grain=Grain.DAY, closed=0, unmatched=1)
    state = kind.merge(None, [observation(event(START, 1, role="first"))])
    assert kind.trim(state, START + 10_000 * HOUR_MS) == state


def test_a_value_seen_lately_is_new_only_where_it_was_not_seen() -> None:
    kind = DistinctCell(width=1, grain=Grain.DAY, slot=0, layers=(WindowKind.SEVEN_DAYS,))
    monday, wednesday, friday = (observation(event(f"2026-11-{day} 09:00", day)) for day in (16, 18, 20))
    state = kind.trim(kind.merge(None, [monday, wednesday]), ms("2026-11-19 00:00"))
    found = kind.change(state, [friday]).deltas.vectors
    new = {place.start * 1000 for place, vector in found.items() if vector[FIRST_SLOT]}
    assert len(found) == 7
    assert new == {ms("2026-11-25 00:00"), ms("2026-11-26 00:00")}
