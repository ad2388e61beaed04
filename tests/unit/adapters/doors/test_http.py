"""`POST /v1/events`: what is written, what is answered, and what is refused with which words."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from msgspec.structs import replace

from cityhub.adapters.doors.http import MOST_EVENTS
from cityhub.adapters.doors.limits import Limits
from cityhub.bus.errors import BusRefused, BusUnavailable
from cityhub.sdk import codec
from cityhub.sdk.contract import Contracts
from cityhub.sdk.door import judged
from cityhub.sdk.errors import RejectedEvent
from cityhub.sdk.event import MAX_EVENT_BYTES
from cityhub.sdk.principal import Principal
from tests.unit.adapters.doors.world import CONTRACTS, LEVEL, NOW, WBD, World, event, largest

TOPIC = "du.evt.wbd.bin.v1"
ROADWORK = "de.duisburg.dvv.roadwork.changed.v1"


async def test_an_event_is_accepted_with_its_place_in_the_log() -> None:
    world = World()
    answer = await world.post(codec.encode(event()))
    assert answer.status_code == 202
    (told,) = answer.json()["results"]
    assert told == {
        "index": 0,
        "status": "accepted",
        "id": event().id,
        "topic": TOPIC,
        "partition": 0,
        "offset": 0,
    }
    assert world.broker.events(TOPIC) == [event()]
    assert world.broker.topics[TOPIC][0][0] == b"bin-1"


async def test_a_bad_event_costs_its_neighbours_nothing() -> None:
    world = World()
    good, bad = event(1), event(2, fill=1.2)
    answer = await world.post(codec.encode_batch([good, bad, event(3)]), codec.BATCH)
    told = answer.json()
    assert (answer.status_code, told["accepted"], told["rejected"]) == (202, 2, 1)
    assert [one["status"] for one in told["results"]] == ["accepted", "rejected", "accepted"]
    assert told["results"][1] == {
        "index": 1,
        "status": "rejected",
        "id": bad.id,
        "reason": "contract",
        "pointer": "/data/fill",
        "contract": LEVEL,
        "detail": "data.fill: 1.2 is more than 1; check value and unit (1)",
    }
    assert [one.subject for one in world.broker.events(TOPIC)] == ["bin-1", "bin-3"]
    ((kept, headers),) = world.broker.letters()
    assert kept == codec.encode(bad)
    assert headers["dlq_reason"] == "contract"
    assert headers["dlq_consumer"] == "cityhub-http-door"
    assert headers["dlq_origin"] == hashlib.sha256(kept).hexdigest()


async def test_binary_mode_means_the_same() -> None:
    world = World()
    headers, body = codec.encode_binary(replace(event(), synthetic=True))
    kind = headers.pop("content-type")
    assert (await world.post(body, kind, **headers)).status_code == 202
    assert world.broker.events(TOPIC) == [replace(event(), synthetic=True)]

    headers["ce-contenthash"] = "0" * 64
    answer = await world.post(body, kind, **headers)
    assert (answer.status_code, answer.json()["reason"], answer.json()["pointer"]) == (
        422,
        "envelope",
        "/contenthash",
    )
    assert answer.json()["results"][0]["id"] == event().id
    assert (await world.post(b"{", kind, **headers)).json()["reason"] == "parse"


async def test_what_only_the_hub_says_is_not_taken_from_partners() -> None:
    world = World()
    sent = replace(event(), borough="STB05", registerversion="7", partitionkey="elsewhere")
    assert (await world.post(codec.encode(sent))).status_code == 202
    assert world.broker.events(TOPIC) == [event()]


@pytest.mark.parametrize("organisation", ["wbd", "hub"])
async def test_what_the_hub_has_seen_is_sent_by_nobody_else(organisation: str) -> None:
    world = World()
    world.caller = replace(WBD, organisation=organisation)
    seen = {"partner": "wbd", "reason": "parse", "letters": 1}
    answer = await world.post(codec.encode(event(type_="de.duisburg.hub.letters.counted.v1", **seen)))
    assert answer.status_code in {403, 422}
    assert not [topic for topic in world.broker.topics if topic.startswith("du.evt.")]
    if organisation == "wbd":
        assert (answer.json()["reason"], answer.json()["pointer"]) == ("foreign_partner", "/type")
        assert "tells what the hub itself has seen, and no door takes it" in answer.json()["detail"]


async def test_judging_writes_nothing() -> None:
    world = World()
    body = codec.encode_batch([event(1), event(2, fill=-1)])
    answer = await world.post(body, codec.BATCH, "?validateOnly=true")
    assert answer.status_code == 200
    assert [one["status"] for one in answer.json()["results"]] == ["valid", "rejected"]
    assert not world.broker.topics
    assert (await world.post(body, codec.BATCH, "?validateOnly=yes")).status_code == 400


@pytest.mark.parametrize(
    ("sent", "reason", "pointer", "words"),
    [
        (codec.encode(event(type_=ROADWORK, lat=51.4)), "foreign_partner", "/type", "this door is open for wbd"),
        (
            codec.encode(event(type_="de.duisburg.wbd.bin.level-observd.v1")),
            "unknown_type",
            "/type",
            f"write {LEVEL}",
        ),
        (codec.encode(event(fill=0.5, mac="aa:bb")), "unnamed_field", "/data/mac", f"data.mac: no field of {LEVEL}"),
        (codec.encode(event(fill="full")), "contract", "/data/fill", "is no number"),
        (codec.encode(event(fill=0.123)), "contract", "/data/fill", "round it at the source"),
        (codec.encode(event(level=None)), "unnamed_field", "/data/level", "write fill"),
        (
            codec.encode(replace(event(), contenthash="0" * 64)),
            "envelope",
            "/contenthash",
            "does not fit the content",
        ),
        (b"[1, 2]", "envelope", "", "Expected `object`, got `array`"),
        (b'{"id": ', "parse", "", "not one JSON object"),
        (b'"' + b"x" * MAX_EVENT_BYTES + b'"', "size", "", "the hub takes at most"),
        (b'{"data":' * 7_000, "parse", "", "not one JSON object"),
    ],
)
async def test_a_refusal_names_rule_place_and_remedy(sent: bytes, reason: str, pointer: str, words: str) -> None:
    world = World()
    answer = await world.post(sent)
    told = answer.json()
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert (told["reason"], told["pointer"]) == (reason, pointer)
    assert words in told["detail"]
    assert told["rejected"] == len(told["results"]) == 1
    ((_, headers),) = world.broker.letters()
    assert headers["dlq_reason"] == reason
    assert TOPIC not in world.broker.topics


async def test_the_clock_of_a_source_may_not_be_ahead() -> None:
    world = World()
    world.now = NOW - timedelta(minutes=6)
    told = (await world.post(codec.encode(event()))).json()
    assert (told["reason"], told["pointer"]) == ("time_in_future", "/time")


@pytest.mark.parametrize(
    "body",
    [
        codec.encode(event(fill=0.5, plate="DU-XY 123")),
        b'{"type": "' + LEVEL.encode() + b'", "owner": "Erika Mustermann", "data": {"fill": 0.5}}',
        b'{"data": {"name": "Erika Mustermann"}}',
        b"Erika Mustermann",
        codec.encode(event(type_="de.duisburg.wbd.driver.seen.v1", name="Erika Mustermann")),
    ],
)
async def test_what_nobody_named_is_stored_nowhere(body: bytes) -> None:
    """Its size and hash are, so that a partner finds it on its own side."""
    world = World()
    assert (await world.post(body)).status_code == 422
    ((kept, headers),) = world.broker.letters()
    assert kept == b""
    assert (headers["dlq_bytes"], headers["dlq_kept"]) == (str(len(body)), "false")
    assert headers["dlq_sha256"] == hashlib.sha256(body).hexdigest()
    assert "Erika" not in repr(headers)
    assert "DU-XY" not in repr(headers)


@pytest.mark.parametrize(
    ("caller", "status", "words"),
    [
        (None, 401, "client credentials"),
        (Principal(subject="s", organisation="wbd"), 403, "lacks the role partner-publisher"),
        (Principal(subject="s", roles=WBD.roles), 403, "belongs to no partner"),
        (Principal(subject="s", organisation="a-startup", roles=WBD.roles), 403, "belongs to no partner"),
    ],
)
async def test_who_may_not_hand_in(caller: Principal | None, status: int, words: str) -> None:
    world = World()
    world.caller = caller
    answer = await world.post(codec.encode(event()))
    assert answer.status_code == status
    assert words in answer.json()["detail"]
    assert not world.broker.topics


@pytest.mark.parametrize(
    ("body", "kind", "status", "words"),
    [
        (b"{}", "text/csv", 415, "application/cloudevents-batch+json"),
        (b"{}", "", 415, "content-type ''"),
        (b"{}", codec.BATCH, 400, "not a JSON array"),
        (b"[]", codec.BATCH, 400, "at least one event"),
        (b"[" + b"1," * MOST_EVENTS + b"1]", codec.BATCH, 413, "1001 events in one request"),
    ],
)
async def test_requests_that_are_no_events_at_all(body: bytes, kind: str, status: int, words: str) -> None:
    world = World()
    answer = await world.post(body, kind)
    assert answer.status_code == status
    assert words in answer.json()["detail"]
    assert not world.broker.topics


async def test_nothing_is_accepted_that_the_broker_has_not_acknowledged() -> None:
    world = World()
    world.broker.trouble = BusUnavailable("no broker")
    answer = await world.post(codec.encode(event()))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "Send all of it again with the same ids" in answer.json()["detail"]
    world.broker.trouble = BusUnavailable("no broker")  # also where only a dead letter was to be written
    assert (await world.post(codec.encode(event(fill=2)))).status_code == 503
    world.broker.trouble = BusRefused("no right")
    assert "its operator must mend that" in (await world.post(codec.encode(event()))).json()["detail"]
    assert (await world.post(codec.encode(event()))).status_code == 202


async def test_an_organisation_that_sends_too_much_waits_and_others_do_not() -> None:
    world = World(Limits(per_s=2, burst=3))
    body = codec.encode_batch([event(1), event(2), event(3)])
    assert (await world.post(body, codec.BATCH)).status_code == 202
    answer = await world.post(body, codec.BATCH)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
    world.caller = Principal(subject="s", organisation="dvv", roles=WBD.roles)
    assert (await world.post(codec.encode(event()))).json()["reason"] == "foreign_partner"
    world.caller = WBD
    world.seconds = 1.5
    assert (await world.post(body, codec.BATCH)).status_code == 202


async def test_bytes_in_flight_are_bounded_and_given_back() -> None:
    world = World(Limits(in_flight_bytes=2_000))
    body = codec.encode_batch([event(number) for number in range(9)])
    answer = await world.post(body, codec.BATCH)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    for _ in range(9):
        assert (await world.post(codec.encode(event()))).status_code == 202


async def test_an_event_that_grows_beyond_the_limit_by_its_key_is_refused() -> None:
    """Its partition key becomes the subject, which is longer than what its sender wrote there."""
    world = World()
    sent = largest()
    assert len(sent) == MAX_EVENT_BYTES
    told = (await world.post(sent)).json()
    assert (told["status"], told["reason"]) == (422, "size")
    ((_, headers),) = world.broker.letters()
    assert headers["dlq_reason"] == "size"


@pytest.mark.parametrize("flat", ["", "f" * 257, "\u200b"])
async def test_what_cannot_be_a_key_is_refused_at_the_door_and_not_behind_it(flat: str) -> None:
    world = World()
    world.caller = Principal(subject="s", organisation="gebag", roles=WBD.roles)
    data = {"flat_id": flat, "version": 1, "modernised": False, "area_m2": 5}
    told = (await world.post(codec.encode(event(type_="de.duisburg.gebag.flat.status-changed.v1", **data)))).json()
    assert (told["status"], told["reason"], told["pointer"]) == (422, "contract", "/data/flat_id")
    assert told["detail"] == "data.flat_id: is the partition key, which must be 1 to 256 printable characters"


async def test_a_retired_type_is_not_taken_any_more_and_its_successor_is_named() -> None:
    old, new = LEVEL, LEVEL.replace(".v1", ".v2")
    contracts = Contracts([replace(CONTRACTS[old], status="retired"), replace(CONTRACTS[old], type=new)])
    with pytest.raises(RejectedEvent, match=f"is retired; write {new}") as refused:
        judged(event(), contracts, "wbd", NOW)
    assert (refused.value.reason, refused.value.attribute) == ("unknown_type", "type")
