"""Every definition by hand: a few events, and the number that they make (`cityhub.kpi.examples`)."""

from __future__ import annotations

import pytest

from cityhub.kpi.batch import buckets, compare, pieces
from cityhub.kpi.values import KpiValue
from tests.unit.kpi.batch.frames import stored
from tests.unit.kpi.batch.world import frames_of
from tests.unit.kpi.catalogue.world import CATALOGUE, Case, cases, run, value

CASES = list(cases())


def number(found: KpiValue, name: str) -> float | None:
    """Of the value itself, else a further value, else one beside it."""
    if name in {"value", "n", "coverage"}:
        return getattr(found, name)  # type: ignore[no-any-return]
    return found.named[name] if name in found.named else found.beside[name]


@pytest.mark.parametrize("case", CASES, ids=[f"{case.kpi}-{case.window}" for case in CASES])
def test_worked_by_hand(case: Case) -> None:
    log = run(case)
    assert log.engine.verdicts() == []
    found = value(case, log)
    assert {name: number(found, name) for name in case.gives} == case.gives
    assert {name: number(found, name) for name in case.about} == pytest.approx(case.about, rel=1 / 128)
    frames = frames_of(log.engine, log.parts)
    (plan,) = log.engine.plans
    expected = stored(log.engine, plan)
    assert expected.sums.height > 0
    assert compare(plan, expected, buckets(plan, frames)) == []
    assert compare(plan, expected, pieces(plan, frames).buckets(plan)) == []


def test_every_definition_has_been_worked_by_hand() -> None:
    assert {case.kpi for case in CASES} == {definition.id for definition in CATALOGUE}
    assert all("value" in case.gives | case.about for case in CASES)
