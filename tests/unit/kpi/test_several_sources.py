"""Entities and cases whose events come from several sources and topics: what definitions give is what they mean."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cityhub.kpi.kernel.bucket import FIRST_SLOT, Deltas
from cityhub.kpi.kernel.effect import Arrival, CellId, Evaluator
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.kernel.record import Row
from cityhub.sdk import codec
from cityhub.sdk.event import make_event
from tests.unit.kpi import oracle
from tests.unit.kpi.language.contracts import BIN, CONTRACTS, DECIDED, SUBMITTED, definition
from tests.unit.kpi.samples import NOON, Record

DAY_MS = 86_400_000
_NOON_MS = int(NOON.timestamp()) * 1000
TYPES = {"submitted": SUBMITTED, "decided": DECIDED, "bins": BIN}


class Said(NamedTuple):
    """An event; `entity` is the case of a submission or decision, the street of a bin."""

    source: str
    entity: str
    minute: int
    mitte: bool


SAID = st.builds(
    Said, st.sampled_from(tuple(TYPES)), st.sampled_from("ab"), st.integers(0, 4000) | st.integers(0, 5), st.booleans()
)


def rows_of(evaluator: Evaluator, said: list[Said]) -> list[Row]:
    """The events as their topics' readers give them."""
    found = []
    for number, one in enumerate(said):
        at = NOON + timedelta(minutes=one.minute)
        office = "Mitte" if one.mitte else "Süd"
        case = {"case_id": one.entity, "number": 1, "office": office, "citizen": "c"}
        seen = {"fill": 0.5, "km": 7, "energy": 0, "drift": 0, "free": 1, "broken": one.mitte, "street": one.entity}
        seen |= {"kind": "glass", "seen_at": at.isoformat()}
        event = make_event(
            type_=TYPES[one.source],
            source="//test/several",
            natural_key=(str(number),),
            version="1",
            subject="s",
            time=at,
            recorded_at=at,
            data=seen if one.source == "bins" else case,
        )
        record = Record(number, _NOON_MS + 3 * DAY_MS, codec.encode(event))
        rows, verdicts = evaluator.reader(CONTRACTS[event.type].topic).read([record], 0)
        assert verdicts == []
        found += rows
    return found


def both(measure: Any, meaning: Any, said: list[Said], **more: Any) -> tuple[Any, Any]:
    """What a definition of the three sources adds up in slots, and what the oracle says; by place."""
    plan = plan_of(definition(measure, "submitted decided bins", **more))
    evaluator = Evaluator([plan], CONTRACTS)
    rows = rows_of(evaluator, said)
    cells: dict[CellId, list[Arrival]] = defaultdict(list)
    for row in rows:
        for cell, arrivals in evaluator.effect([row]).cells.items():
            cells[cell] += arrivals
    total = Deltas(plan.width)
    for cell, arrivals in cells.items():
        evaluator.merge(cell, None, arrivals, total, read=lambda _: {})
    found = {place: vector[FIRST_SLOT:] for place, vector in total.settled().vectors.items()}
    events = [
        {"entity": one.entity, "t": row.t, "digest": row.digest, "synthetic": False, "scope": "", "dims": ()}
        for one, row in zip(said, rows, strict=True)
    ]
    return found, meaning(events)


@settings(max_examples=60, deadline=None)
@given(st.lists(SAID, min_size=1, max_size=9))
def test_the_last_event_of_any_source_decides(said: list[Said]) -> None:
    terms = {
        "submitted": lambda mitte: (int(mitte), 1),
        "decided": lambda _: (0, 0),
        "bins": lambda _: (7, 2),
    }
    measure = {
        "of": list(TYPES),
        "entity": {"submitted": "$case_id", "decided": "$case_id", "bins": "$street"},
        "value": {"submitted": {"if": [{"eq": ["$office", "Mitte"]}, 1, 0]}, "decided": 0, "bins": 7},
        "over": {"latest": {"submitted": 1, "decided": 0, "bins": 2}},
    }

    def meaning(events: list[oracle.Event]) -> oracle.Buckets:
        told = [{**e, "terms": (*terms[one.source](one.mitte), None)} for e, one in zip(events, said, strict=True)]
        return oracle.latest(told, "1h", over=True)

    found, expected = both({"latest": measure}, meaning, said)
    names = ("value", "over")
    wanted = {place: [sums[name] for name in names] for place, sums in expected.sums.items()}
    assert {place: slots for place, slots in found.items() if any(slots)} == {
        place: slots for place, slots in wanted.items() if any(slots)
    }


@settings(max_examples=60, deadline=None)
@given(st.lists(SAID, min_size=1, max_size=9))
def test_a_state_lasts_until_the_next_event_of_any_source(said: list[Said]) -> None:
    measure = {
        "of": ["submitted", "bins", "decided"],
        "entity": {"submitted": "$case_id", "decided": "$case_id", "bins": "$street"},
        "holds": {"submitted": True, "decided": False, "bins": {"eq": ["$broken", True]}},
        "hold_at_most": "6h",
    }
    terms = {"submitted": lambda _: True, "decided": lambda _: False, "bins": lambda mitte: mitte}

    def meaning(events: list[oracle.Event]) -> oracle.Buckets:
        told = [{**e, "terms": (terms[one.source](one.mitte),)} for e, one in zip(events, said, strict=True)]
        return oracle.state(told, "1h", 6 * 3_600_000)

    found, expected = both({"state": measure}, meaning, said)
    assert sum(slots[0] for slots in found.values()) == expected.total("true_ms")
    assert sum(slots[1] for slots in found.values()) == expected.total("observed_ms")


@pytest.mark.parametrize("over", ["closed", "opened"])
@settings(max_examples=60, deadline=None)
@given(said=st.lists(SAID, min_size=1, max_size=9))
def test_a_case_begins_and_ends_with_an_event_of_any_of_its_sources(over: str, said: list[Said]) -> None:
    measure = {
        "key": {"submitted": "$case_id", "decided": "$case_id", "bins": "$street"},
        "first": ["submitted", "bins"],
        "then": "decided",
        "cohort": "first",
        "measure": {"ratio": {"holds": {"le": ["@elapsed", "1h"]}, "over": over}},
    }

    def meaning(events: list[oracle.Event]) -> oracle.Buckets:
        roles = ["then" if one.source == "decided" else "first" for one in said]
        told = [{**e, "role": role, "terms": ()} for e, role in zip(events, roles, strict=True)]
        return oracle.join(told, "1h", cohort="first", holds=lambda ms: ms <= 3_600_000, opened=over == "opened")

    found, expected = both({"join": measure}, meaning, said)
    names = ("closed", "unmatched", "holds", "open", "open_since_s", "opened")[: 5 + (over == "opened")]
    wanted = {place: [sums[name] for name in names] for place, sums in expected.sums.items()}
    assert {place: slots for place, slots in found.items() if any(slots)} == {
        place: slots for place, slots in wanted.items() if any(slots)
    }
