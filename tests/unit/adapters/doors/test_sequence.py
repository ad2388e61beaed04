"""Producers that number their events over HTTP: what goes into the log, and which numbers are refused."""

from __future__ import annotations

import pytest

from cityhub.sdk import codec
from tests.unit.adapters.doors.world import World, event

TOPIC = "du.evt.wbd.bin.v1"
PRODUCER = "0123456789abcdef" * 2


async def test_a_producer_that_numbers_its_events_finds_the_numbers_in_the_log() -> None:
    world = World()
    body = codec.encode_batch([event(1), event(2, fill=9.0), event(3)])
    numbered = {"Cityhub-Producer": PRODUCER, "Cityhub-Sequence": "7, 8,9"}
    assert (await world.post(body, codec.BATCH, **numbered)).status_code == 202
    origins = [dict(headers)["cityhub_origin"].decode() for _, _, headers in world.broker.topics[TOPIC]]
    assert origins == [f"http:{PRODUCER}/7", f"http:{PRODUCER}/9"]
    ((_, headers),) = world.broker.letters()
    assert headers["dlq_origin"] == f"{PRODUCER}/8"


@pytest.mark.parametrize(
    ("numbered", "words"),
    [
        ({"Cityhub-Producer": PRODUCER}, "send both or neither"),
        ({"Cityhub-Sequence": "1"}, "send both or neither"),
        ({"Cityhub-Producer": "me", "Cityhub-Sequence": "1"}, "must be 32 hex digits"),
        ({"Cityhub-Producer": PRODUCER, "Cityhub-Sequence": "1,2"}, "has 2 numbers for 1 events"),
        ({"Cityhub-Producer": PRODUCER, "Cityhub-Sequence": "-1"}, "must be a whole number"),
        ({"Cityhub-Producer": PRODUCER, "Cityhub-Sequence": "9" * 40}, "must be a whole number"),
        ({"Cityhub-Producer": PRODUCER, "Cityhub-Sequence": "01"}, "must be a whole number"),
    ],
)
async def test_wrong_numbers_are_refused_before_anything_is_written(numbered: dict[str, str], words: str) -> None:
    world = World()
    answer = await world.post(codec.encode(event()), **numbered)
    assert answer.status_code == 400
    assert words in answer.json()["detail"]
    assert not world.broker.topics


async def test_each_event_of_a_request_has_a_number_of_its_own() -> None:
    world = World()
    numbered = {"Cityhub-Producer": PRODUCER, "Cityhub-Sequence": "1,1"}
    answer = await world.post(codec.encode_batch([event(1), event(2)]), codec.BATCH, **numbered)
    assert answer.status_code == 400
    assert "a number of its own" in answer.json()["detail"]
