"""DCSA Track & Trace in the contracts' words."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cityhub.adapters.duisport import box
from cityhub.adapters.duisport.track_and_trace.mapping import DUISBURG, PAGE, read
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.fact import Reading
from cityhub.sdk import plain_yaml

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
EVENT: dict[str, Any] = {
    "metadata": {
        "eventID": "e-1",
        "eventCreatedDateTime": "2026-11-26T09:00:00+01:00",
        "eventType": "EQUIPMENT",
        "publisher": {"partyName": "Mueller"},
    },
    "payload": {
        "eventClassifierCode": "EST",
        "eventDateTime": "2026-11-27T17:30:00+01:00",
        "equipmentEventTypeCode": "GTOT",
        "equipmentReference": "CSQU3054383",
        "ISOEquipmentCode": "L5G1",
        "transportCall": {
            "modeOfTransport": "TRUCK",
            "licencePlate": "DU-AB 123",
            "location": {"UNLocationCode": DUISBURG},
        },
        "relatedDocumentReferences": [{"type": "TRD", "value": "T1"}, {"type": "BKG", "value": "B1"}],
    },
}


def changed(change: Callable[[dict[str, Any], dict[str, Any]], object], id_: str = "e-1") -> dict[str, Any]:
    event = copy.deepcopy(EVENT)
    event["metadata"]["eventID"] = id_
    change(event["metadata"], event["payload"])
    return event


def said(*events: object, memory: dict[str, bytes] | None = None, place: str = DUISBURG) -> Reading:
    return read(msgspec.json.encode(events), memory or {}, NOW, place)


def test_an_estimate_happens_when_it_is_made() -> None:
    """Not at the instant that it estimates, which lies ahead."""
    reading = said(EVENT)
    (fact,) = reading.facts
    assert (fact.type, fact.subject, fact.key) == (box.GATED_OUT, "CSQU3054383/B1", ("e-1",))
    assert fact.time == datetime(2026, 11, 26, 8, tzinfo=UTC)
    assert fact.data == {
        "visit": "CSQU3054383/B1",
        "container": "CSQU3054383",
        "teu": 2.25,
        "mode": "truck",
        "classifier": "EST",
    }
    assert (reading.cursor, reading.more) == ("2026-11-26T09:00:00+01:00", False)
    told = repr(reading)
    assert "Mueller" not in told
    assert "DU-AB" not in told


@pytest.mark.parametrize(
    ("code", "type_"),
    [("GTIN", box.GATED_IN), ("GTOT", box.GATED_OUT), ("DISC", box.DISCHARGED), ("LOAD", box.LOADED)],
)
@pytest.mark.parametrize(
    ("way", "mode"), [("VESSEL", "barge"), ("BARGE", "barge"), ("RAIL", "rail"), ("TRUCK", "truck")]
)
def test_codes_and_modes(code: str, type_: str, way: str, mode: str) -> None:
    def change(_: dict[str, Any], payload: dict[str, Any]) -> None:
        payload["equipmentEventTypeCode"] = code
        payload["transportCall"]["modeOfTransport"] = way

    (fact,) = said(changed(change)).facts
    assert (fact.type, fact.data["mode"]) == (type_, mode)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda meta, _: meta.update(retractedEventID="e-0"), "retraction"),
        (lambda meta, _: meta.update(eventType="TRANSPORT"), "no_equipment_event"),
        (lambda _, payload: payload.update(equipmentEventTypeCode="DROP"), "no_move"),
        (lambda _, payload: payload["transportCall"]["location"].update(UNLocationCode="NLRTM"), "elsewhere"),
        (lambda _, payload: payload.pop("transportCall"), "elsewhere"),
        (lambda _, payload: payload.update(eventClassifierCode="ACT"), "actual"),
    ],
)
def test_what_is_no_plan_of_a_move_here_is_counted(change: Callable[[Any, Any], object], word: str) -> None:
    reading = said(changed(change))
    assert (reading.facts, reading.rejects, reading.noted) == ([], [], {word: 1})


def test_a_move_may_name_its_place_without_a_transport_call() -> None:
    def change(_: dict[str, Any], payload: dict[str, Any]) -> None:
        payload["location"] = payload.pop("transportCall")["location"]

    (reject,) = said(changed(change)).rejects
    assert (reject.reason, reject.path) == ("mode", "events[0].payload.transportCall.modeOfTransport")


@pytest.mark.parametrize(
    ("change", "reason", "path", "detail"),
    [
        (
            lambda _, one: one.update(equipmentEventTypeCode="FLY"),
            "code",
            ".equipmentEventTypeCode",
            "'FLY' is no code",
        ),
        (lambda _, one: one.update(ISOEquipmentCode="E2G1"), "size", ".ISOEquipmentCode", "'E2G1': its length"),
        (lambda _, one: one.update(equipmentReference="x"), "container", ".equipmentReference", "'x' must be four"),
        (lambda _, one: one.update(eventClassifierCode="REQ"), "schema", ".eventClassifierCode", "Invalid enum"),
        (lambda _, one: one.update(eventDateTime="2026-11-27T17:30:00"), "schema", ".eventDateTime", "Expected"),
    ],
)
def test_what_is_not_known_is_refused(
    change: Callable[[Any, Any], object], reason: str, path: str, detail: str
) -> None:
    reading = said(changed(change), changed(lambda *_: None, "e-2"))
    (reject,) = reading.rejects
    assert (reject.reason, reject.path) == (reason, f"events[0].payload{path}")
    assert reject.detail.startswith(detail)
    assert [fact.key for fact in reading.facts] == [("e-2",)]


def test_an_event_without_a_payload_is_refused() -> None:
    (reject,) = said({"metadata": EVENT["metadata"]}).rejects
    assert (reject.reason, reject.path) == ("schema", "events[0].payload")


def test_events_of_the_cursors_own_instant_are_told_once() -> None:
    """The next question is for the same instant again, so that nothing created in it is missed."""
    first = said(EVENT)
    memory = {key: body for key, body in first.memory.items() if body is not None}
    second = said(EVENT, changed(lambda *_: None, "e-2"), memory=memory)
    assert [fact.key for fact in second.facts] == [("e-2",)]
    assert said().cursor is None


def test_an_event_ahead_of_the_clock_does_not_hide_those_that_come() -> None:
    """The door refuses it; the cursor stays among what can be true."""
    ahead = changed(lambda meta, _: meta.update(eventCreatedDateTime="9999-01-01T00:00:00Z"), "e-2")
    reading = said(EVENT, ahead)
    assert (len(reading.facts), reading.cursor) == (2, "2026-11-26T09:00:00+01:00")
    alone = said(ahead)
    assert (len(alone.facts), alone.cursor, alone.memory) == (1, None, {})


def test_an_answer_that_is_full_has_more_behind_it() -> None:
    later = "2026-11-26T09:00:01+01:00"
    many = [changed(lambda *_: None, f"e-{number}") for number in range(PAGE - 1)]
    full = said(*many, changed(lambda meta, _: meta.update(eventCreatedDateTime=later), "e-last"))
    assert (full.more, full.cursor, len(full.facts)) == (True, later, PAGE)
    with pytest.raises(FeedFault, match=f"{PAGE} events of 2026-11-26T09:00:00.01:00 fill an answer"):
        said(*many, EVENT)


def test_the_recorded_examples(port: Path) -> None:
    """The specification's answers to GET /v3/events, read by hand: 6 events in three examples. One shipment event, one
    estimated loading at Amsterdam, a drop and a pick, one retraction and one transport event."""
    tree = plain_yaml.load((port / "dcsa-track-and-trace-v3.yaml").read_text())
    answer = tree["paths"]["/v3/events"]["get"]["responses"]["200"]["content"]["application/json"]
    events = [event for example in answer["examples"].values() for event in example["value"]]
    reading = said(*events, place="NLRAM")
    assert len(events) == 6
    assert reading.rejects == []
    assert reading.noted == {"no_equipment_event": 2, "retraction": 1, "no_move": 2}
    (fact,) = reading.facts
    assert (fact.type, fact.subject) == (box.LOADED, "APZU4812090/ABC123059")
    assert fact.time == datetime(2022, 10, 5, 11, 19, tzinfo=UTC)
    assert (fact.data["teu"], fact.data["mode"], fact.data["classifier"]) == (1.0, "barge", "EST")
    assert said(*events).noted == reading.noted | Counter(elsewhere=1)
