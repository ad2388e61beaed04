"""Events that a tenant sends itself: read, refused and answered as at the city's own door."""

from __future__ import annotations

from datetime import date

import pytest

from cityhub.kpi.definition import load_catalogue
from cityhub.sandbox.room.story import Story
from cityhub.sdk import codec
from tests.unit.sandbox.rooms.conftest import Sandbox
from tests.unit.sandbox.rooms.test_door import ANNA, PLAY, arrived


@pytest.fixture(scope="module", autouse=True)
async def made(sandbox: Sandbox) -> None:
    """A tenant."""
    assert (await sandbox.ask(ANNA, "POST", "/tenants", json={"name": "laden"})).status_code == 201


BATCH = "application/cloudevents-batch+json"


@pytest.mark.parametrize(
    ("kind", "body", "status", "words"),
    [
        ("text/plain", b"{}", 415, "content-type 'text/plain'"),
        (BATCH, b"{", 400, "is not a JSON array of events"),
        (BATCH, b"[]", 400, "the array is empty"),
        (BATCH, b"[" + b"{}," * 1000 + b"{}]", 413, "1001 events in one request"),
        ("application/cloudevents+json", b'{}],"do":"reset","events":[', 422, '"index":0,"status":"rejected"'),
        ("application/cloudevents+json", b"\xff", 422, '"reason":"parse"'),
    ],
)
async def test_events_are_refused_as_at_the_citys_own_door(
    sandbox: Sandbox, kind: str, body: bytes, status: int, words: str
) -> None:
    headers = {"content-type": kind}
    answer = await sandbox.ask(ANNA, "POST", "/tenants/laden/events", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.text


async def test_own_events_are_answered_as_at_the_citys_own_door(sandbox: Sandbox) -> None:
    await sandbox.ask(ANNA, "POST", "/tenants/laden/replay", json=PLAY)
    await sandbox.ask(ANNA, "PUT", "/tenants/laden/clock", json={"advance": "2026-11-24T00:30:00+01:00"})
    await arrived(sandbox, ANNA, "laden")
    story = Story(9, date(2026, 11, 24), ("parking-slots",), load_catalogue().contracts)
    good = codec.encode(next(story.events()).event)
    batch = {"content": b"[" + good + b",{}]", "headers": {"content-type": BATCH}}
    answer = await sandbox.ask(ANNA, "POST", "/tenants/laden/events", **batch)
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert (told["accepted"], told["rejected"]) == (1, 1)
    assert [(one["index"], one["status"]) for one in told["results"]] == [(0, "accepted"), (1, "rejected")]
