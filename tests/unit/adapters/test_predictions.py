"""Which stops have a departure ahead of time: once per stop and hour of the messages, whatever their order."""

from __future__ import annotations

from cityhub.adapters.dvv.transit.source import PREDICTED
from tests.unit.adapters.conftest import applied
from tests.unit.adapters.messages import actual, at, halt, planned, text

PLAN = planned(("A", 0), ("B", 3), ("C", 6), ("D", None))


def test_a_departure_ahead_is_told_once_per_stop_and_hour_and_with_the_messages_time() -> None:
    step = applied(actual(-2, halt("A", 0, 0), halt("B", 3, 4)), plan=(PLAN,), at=text(-1))
    assert [(event.type, event.subject, event.time) for event in step.predictions] == [
        (PREDICTED, "A", at(-2)),
        (PREDICTED, "B", at(-2)),
    ]
    assert step.predictions[0].data == {"line": "901", "stop": "A"}
    assert {event.partitionkey for event in step.predictions} == {"A", "B"}
    again = applied(actual(-1, halt("A", 0, 1), halt("C", 6, 7)), state=step.state, at=text(0))
    assert [event.subject for event in again.predictions] == ["C"]
    next_hour = applied(actual(1, halt("B", 3, 5), halt("C", 6, 8)), state=again.state, at=text(2))
    assert [event.subject for event in next_hour.predictions] == ["B", "C"]
    older = applied(actual(-3, halt("B", 3, 5)), state=next_hour.state, at=text(2))
    assert older.predictions == []


def test_what_has_happened_passes_is_cancelled_or_not_predictable_is_none() -> None:
    said = [
        actual(1, halt("A", 0, 0.5)),
        actual(-1, halt("A", 0)),
        actual(-1, halt("A", 0, 0, passes="true")),
        actual(-1, halt("A", 0, 0), cancelled="true"),
        actual(-1, halt("A", 0, 0), predictable="false"),
    ]
    for message in said:
        assert applied(message, plan=(PLAN,), at=text(2)).predictions == []
