"""`POST /v1/partner/preview`: judged as at the door, then told what would change; nothing is written."""

from __future__ import annotations

from datetime import datetime

import httpx
import pytest
from starlette.applications import Starlette

from cityhub.api.partner.preview import PreviewRoute
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.ledger.preview import Change
from cityhub.sdk import codec
from cityhub.sdk.errors import RejectedEvent
from cityhub.sdk.event import MAX_EVENT_BYTES, Event
from cityhub.sdk.principal import Principal
from tests.unit.adapters.doors.world import CONTRACTS, NOW, WBD, event
from tests.unit.api.test_records import OPERATOR

CHANGE = Change("I11", "day", NOW, NOW, "city", ())


class Seen:
    """Attributes: asked = what was asked. trouble = raised instead of an answer."""

    def __init__(self) -> None:
        self.asked: list[tuple[Event, Event | None]] = []
        self.trouble: Exception | None = None

    def preview(self, event: Event, before: Event | None, now: datetime) -> list[Change]:
        assert now == NOW
        self.asked.append((event, before))
        if self.trouble is not None:
            raise self.trouble
        return [CHANGE]


async def ask(seen: Seen, body: bytes, kind: str = codec.STRUCTURED, caller: Principal | None = WBD) -> httpx.Response:
    async def principal_of(_: object) -> Principal | None:
        return caller

    app = Starlette(routes=list(PreviewRoute(seen, CONTRACTS, principal_of, lambda: NOW).routes()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub") as client:
        return await client.post("/v1/partner/preview", content=body, headers={"content-type": kind})


async def test_one_event_and_one_after_another() -> None:
    seen = Seen()
    answer = await ask(seen, codec.encode(event(1)))
    assert answer.json() == {
        "id": event(1).id,
        "changes": [
            {
                "kpi": "I11",
                "window": "day",
                "start": "2026-11-25T12:00:00Z",
                "end": "2026-11-25T12:00:00Z",
                "scope": "city",
                "dimensions": [],
            }
        ],
    }
    await ask(seen, codec.encode_batch([event(1), event(2)]), codec.BATCH)
    assert [(one.id, before and before.id) for one, before in seen.asked] == [
        (event(1).id, None),
        (event(2).id, event(1).id),
    ]


@pytest.mark.parametrize(
    ("body", "kind", "status", "words"),
    [
        (codec.encode(event(1, fill=2.0)), codec.STRUCTURED, 422, "contract: data.fill: 2.0 is more than 1"),
        (codec.encode(event(1, plate="x")), codec.STRUCTURED, 422, "unnamed_field"),
        (codec.encode_batch([event(n) for n in range(3)]), codec.BATCH, 400, "3 events: send the new event"),
        (b"[]", codec.BATCH, 400, "0 events"),
        (b"{", codec.BATCH, 400, "not a JSON array"),
        (b"[" * 99_999, codec.BATCH, 400, "not a JSON array"),
        (b"{}", "text/plain", 415, "send the new event"),
        (b" " * (2 * MAX_EVENT_BYTES + 17), codec.STRUCTURED, 413, "more than two events"),
    ],
)
async def test_what_is_wrong_is_said_and_nobody_is_asked(body: bytes, kind: str, status: int, words: str) -> None:
    seen = Seen()
    answer = await ask(seen, body, kind)
    assert (answer.status_code, seen.asked) == (status, [])
    assert words in answer.json()["detail"]


@pytest.mark.parametrize(("caller", "status"), [(None, 401), (OPERATOR, 400)])
async def test_it_is_for_partners(caller: Principal | None, status: int) -> None:
    seen = Seen()
    assert (await ask(seen, codec.encode(event(1)), caller=caller)).status_code == status
    assert seen.asked == []


async def test_what_the_engine_says() -> None:
    seen = Seen()
    seen.trouble = RejectedEvent("beyond_horizon", "too old")
    answer = await ask(seen, codec.encode(event(1)))
    assert (answer.status_code, answer.json()["detail"]) == (422, "beyond_horizon: too old")
    seen.trouble = StoreUnavailable("the store is away")
    assert (await ask(seen, codec.encode(event(1)))).status_code == 503
