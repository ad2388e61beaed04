"""Events made from a contract: checked where they are made, corrected and taken back as the contract says."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from cityhub.sdk.client.typed import TypedEvents
from cityhub.sdk.contract import Contract, Contracts
from cityhub.sdk.door import judged
from cityhub.sdk.errors import RejectedEvent, UnknownContract
from cityhub.sdk.event import Event
from tests.unit.adapters.doors.world import CONTRACTS, LEVEL, NOW
from tests.unit.sdk.sample_contract import contract as sample

FLAT = "de.duisburg.gebag.flat.status-changed.v1"
SOURCE = "//gebag.example/erp"


@pytest.fixture
def flats() -> TypedEvents:
    return TypedEvents(FLAT, SOURCE, contracts=CONTRACTS, wall=lambda: NOW)


def flat(flats: TypedEvents, **fields: Any) -> Event:
    given = {"flat_id": "f-1", "modernised": True, "area_m2": Decimal("70.25"), **fields}
    return flats.event(subject="f-1", time=NOW, version=given.pop("version", 3), **given)


def test_an_event_is_what_the_door_would_make_of_it() -> None:
    bins = TypedEvents(LEVEL, "//wbd.example/t", contracts=CONTRACTS, wall=lambda: NOW, synthetic=True)
    made = bins.event(natural_key=("bin-1", "7"), version="1", subject="bin-1", time=NOW, fill=0.25)
    assert (made.data, made.partitionkey, made.synthetic, made.recordedtime) == ({"fill": 0.25}, "bin-1", True, NOW)
    assert judged(made, CONTRACTS, "wbd", NOW) == made
    again = bins.event(natural_key=("bin-1", "7"), version="1", subject="bin-1", time=NOW, data={"fill": 0.25})
    assert again == made  # the same record is the same event


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"fill": 1.2}, r"data\.fill: 1\.2 is more than 1; check value and unit"),
        ({"fill": "0.2"}, r"data\.fill: '0\.2' is no number; write it without quotation marks"),
        ({"fill": Decimal("0.255")}, r"data\.fill: 0\.255 has more than the 2 decimals"),
        ({}, r"data\.fill: missing; de\.duisburg\.wbd\.bin\.level-observed\.v1 requires it"),
        ({"fil": 0.2}, r"data\.fil: no field of .*; write fill"),
        ({"fill": 0.2, "natural_key": ()}, "natural_key .* make the event's id: give both"),
        ({"fill": 0.2, "version": ""}, "version '' make the event's id: give both"),
        ({"fill": 0.2, "time": NOW.replace(tzinfo=None)}, "has no offset: give it a time zone"),
        ({"fill": 0.2, "time": NOW + timedelta(hours=1)}, "more than 5 minutes after its receipt"),
        ({"fill": 0.2, "subject": ""}, "subject '' must be 1 to 256 printable characters"),
    ],
)
def test_what_does_not_keep_to_the_contract_is_named(fields: dict[str, Any], said: str) -> None:
    bins = TypedEvents(LEVEL, "//wbd.example/t", contracts=CONTRACTS, wall=lambda: NOW)
    given = {"natural_key": ("7",), "version": "1", "subject": "bin-1", "time": NOW, **fields}
    with pytest.raises(RejectedEvent, match=said):
        bins.event(**given)


def weighings(contract: Contract) -> TypedEvents:
    return TypedEvents(contract.type, "//wbd.example/s", contracts=Contracts([contract]), wall=lambda: NOW)


def weighed(at: datetime) -> dict[str, Any]:
    return {"skip": "s-1", "revision": 2, "mass_t": 1.5, "waste": "paper", "weighed_at": at}


def test_instants_are_written_with_their_offset() -> None:
    summer = datetime(2026, 7, 1, 10, tzinfo=timezone(timedelta(hours=2)))
    made = weighings(sample()).event(subject="s-1", time=NOW, **weighed(summer))
    assert made.data["weighed_at"] == "2026-07-01T08:00:00Z"
    with pytest.raises(RejectedEvent, match=r"data\.weighed_at: '2026-07-01T10:00:00' is no instant with offset"):
        weighings(sample()).event(subject="s-1", time=NOW, **weighed(summer.replace(tzinfo=None)))


def test_a_version_that_is_an_instant_becomes_now() -> None:
    dated = weighings(sample("correctable.version", "$weighed_at"))
    first = dated.event(subject="s-1", time=NOW, **weighed(NOW - timedelta(days=1)))
    assert dated.retract(first).data == {**first.data, "void": True, "weighed_at": "2026-11-25T12:00:00Z"}


def test_what_cannot_be_taken_back_is_said() -> None:
    lasting = weighings(sample("correctable", {"entity": ["$skip"], "version": "$revision"}))
    with pytest.raises(RejectedEvent, match="has no field that takes an entity back; correct it instead"):
        lasting.retract(lasting.event(subject="s-1", time=NOW, **weighed(NOW)))


def test_a_version_that_is_a_field_is_said_once(flats: TypedEvents) -> None:
    made = flat(flats)
    assert made.data == {"flat_id": "f-1", "version": 3, "modernised": True, "area_m2": 70.25}
    assert made.partitionkey == "f-1"
    assert flats.event(subject="f-1", time=NOW, data=made.data) == made
    with pytest.raises(RejectedEvent, match=r"data\.version: missing"):
        flats.event(subject="f-1", time=NOW, flat_id="f-1", modernised=True, area_m2=70)


def test_a_correction_is_the_next_version_of_the_same_thing(flats: TypedEvents) -> None:
    first = flat(flats)
    second = flats.correct(first, area_m2=65.5)
    assert second.data == {**first.data, "area_m2": 65.5, "version": 4}
    assert (second.id != first.id, second.subject, second.time) == (True, first.subject, first.time)
    assert flats.correct(first, area_m2=65.5) == second  # the same correction is the same event
    assert flats.correct(first, version=9, time=NOW - timedelta(days=1)).data["version"] == 9
    assert flat(flats, version=4, area_m2=Decimal("65.5")) == second  # as the source would have said it


def test_a_retraction_takes_it_back_and_a_correction_gives_it_again(flats: TypedEvents) -> None:
    gone = flats.retract(flat(flats))
    assert (gone.data["withdrawn"], gone.data["version"]) == (True, 4)
    assert flats.correct(gone, withdrawn=None).data["version"] == 5


def test_only_what_may_be_corrected_is(flats: TypedEvents) -> None:
    bins = TypedEvents(LEVEL, "//wbd.example/t", contracts=CONTRACTS, wall=lambda: NOW)
    level = bins.event(natural_key=("7",), version="1", subject="bin-1", time=NOW, fill=0.25)
    with pytest.raises(RejectedEvent, match="is not correctable: each of its events counts as it is"):
        bins.retract(level)
    with pytest.raises(RejectedEvent, match=r"the event is of type .*, these are of"):
        flats.correct(level)
    with pytest.raises(RejectedEvent, match=r"\$flat_id identify the entity and stay"):
        flats.correct(flat(flats), flat_id="f-2")
    with pytest.raises(UnknownContract, match="level-observed"):
        TypedEvents("de.duisburg.wbd.bin.level-observd.v1", SOURCE)
