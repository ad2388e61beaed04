"""Data against their contract: what a partner reads when they do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cityhub.adapters.dvv.transit import source
from cityhub.adapters.dvv.transit.mapping import Batch, Step, apply
from cityhub.adapters.dvv.transit.trips import FeedState
from cityhub.adapters.dvv.transit.wire import parse_actual, parse_answer
from cityhub.sdk.conformance import violations
from cityhub.sdk.contract import load_contracts
from tests.unit.adapters.conftest import applied
from tests.unit.adapters.messages import actual, halt, planned, text
from tests.unit.kpi.samples import cancellation, departure
from tests.unit.sdk.sample_contract import contract

SAMPLE = Path(__file__).parents[1] / "adapters" / "sample" / "aus.json"
GOOD: dict[str, Any] = {
    "skip": "s-1",
    "revision": 1,
    "mass_t": 12.345,
    "waste": "glass",
    "weighed_at": "2026-11-23T08:00:00+01:00",
}


def test_good_data_with_unknown_extras_fit() -> None:
    assert violations(contract(), GOOD) == []
    assert violations(contract(), {**GOOD, "void": None, "depot": "north", "colour": [1]}) == []


@pytest.mark.parametrize("mass", [0, 12.5, 3, 0.001, -0.0])
def test_every_exact_form_of_a_decimal_fits(mass: float) -> None:
    assert violations(contract(), {**GOOD, "mass_t": mass}) == []


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("skip", None, "data.skip: null; de.duisburg.wbd.skip.weighed.v1 requires it"),
        ("skip", 7, "data.skip: 7 is no text; put it in quotation marks"),
        ("waste", "oil", "data.waste: 'oil' is none of paper, glass; name it in the contract before it is sent"),
        ("revision", 0, "data.revision: 0 is less than 1; check value and unit (1)"),
        ("revision", 2**63, "data.revision: 9223372036854775808 does not fit 64 bits; check the source"),
        ("revision", 1.0, "data.revision: 1.0 is no whole number; write digits without point and quotation marks"),
        ("revision", True, "data.revision: True is no whole number; write digits without point and quotation marks"),
        ("revision", "1", "data.revision: '1' is no whole number; write digits without point and quotation marks"),
        ("mass_t", 12.501, "data.mass_t: 12.501 is more than 12.5; check value and unit (t)"),
        ("mass_t", -0.001, "data.mass_t: -0.001 is less than 0; check value and unit (t)"),
        ("mass_t", 1.2345, "data.mass_t: 1.2345 has more than the 3 decimals of its scale; round it at the source"),
        ("mass_t", 0.1 + 0.2, "data.mass_t: 0.30000000000000004 has more than the 3 decimals of its scale; round it a"),
        ("mass_t", float("nan"), "data.mass_t: nan must lie between"),
        ("mass_t", float("-inf"), "data.mass_t: -inf must lie between"),
        ("mass_t", "1.5", "data.mass_t: '1.5' is no number; write it without quotation marks"),
        ("mass_t", False, "data.mass_t: False is no number; write it without quotation marks"),
        ("void", "true", "data.void: 'true' is neither true nor false; write it without quotation marks"),
        ("void", 1, "data.void: 1 is neither true nor false"),
        ("weighed_at", "2026-11-23T08:00:00", "data.weighed_at: '2026-11-23T08:00:00' is no instant with offset; writ"),
        ("weighed_at", "gestern", "data.weighed_at: 'gestern' is no instant with offset; write it as 2026-11-23T08:00"),
        ("weighed_at", 1_790_000_000, "data.weighed_at: 1790000000 is no instant with offset"),
    ],
)
def test_violation(field: str, value: Any, message: str) -> None:
    (found,) = violations(contract(), {**GOOD, field: value})
    assert found.startswith(message)


def test_all_violations_are_told_in_the_contracts_order() -> None:
    found = violations(contract(), {"waste": "oil", "depot": 1, "revision": 1, "mass_t": 1})
    assert [line.split(":")[0] for line in found] == ["data.skip", "data.waste", "data.depot", "data.weighed_at"]
    assert found[0] == "data.skip: missing; de.duisburg.wbd.skip.weighed.v1 requires it"


def test_a_personal_value_is_not_shown() -> None:
    (found,) = violations(contract(), {**GOOD, "driver": 4711})
    assert found == "data.driver: the value is no text; put it in quotation marks"


def transit_steps() -> list[Step]:
    """A plain trip, a cancelled one, and the hand-written feed."""
    plan = planned(("A", 0), ("B", 3), ("C", None))
    answer = parse_answer(SAMPLE.read_bytes())
    reports, _ = parse_actual(answer.actual)
    batch = Batch(answered_at=answer.confirmation.created, source_uri="//dvv/vdv454/test", actual=reports)
    return [
        applied(actual(1, halt("A", 0, 0.5), halt("B", 3, 9)), plan=(plan,), at=text(20)),
        applied(actual(-9, cancelled="true"), plan=(plan,), at=text(20)),
        applied(actual(1, halt("A", 0, 1)), at=text(20)),
        apply(FeedState(), batch, batch.answered_at),
    ]


def test_what_the_transit_adapter_emits_fits_its_contracts() -> None:
    contracts = load_contracts()
    events = [event for step in transit_steps() for event in step.events]
    assert {event.type for event in events} == {source.STOP_DEPARTED, source.TRIP_CANCELLED}
    for event in events:
        one = contracts[event.type]
        assert violations(one, event.data) == []
        assert set(event.data) <= set(one.fields)
        assert one.topic == "du.evt.dvv.transit.v1"


def test_what_the_engines_tests_send_fits_the_contracts() -> None:
    for event in (departure(1, -30), departure(2, 999, classifier="EST"), cancellation(3)):
        assert violations(load_contracts()[event.type], event.data) == []
