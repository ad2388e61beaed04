"""Audio alerts reach the order office's inbox: each at least once, counted once, and a real office no synthetic one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.routing import Route

from cityhub.adapters.city.order_office.inbox import ALERT, TOPIC, Dispatcher, Inbox
from cityhub.bus.errors import BusUnavailable
from cityhub.sandbox.city.inbox import AlertInbox
from cityhub.sdk import codec
from cityhub.sdk.event import Event, make_event

NOW = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
URL = "http://office/inbox"


class Record:
    def __init__(self, offset: int, value: bytes) -> None:
        self.offset, self.value = offset, value


class Log:
    """A log in memory; `down` = how often it does not answer."""

    def __init__(self, parts: dict[int, list[bytes]], first: int = 0) -> None:
        self.parts, self.first, self.down = parts, first, 0

    async def partitions(self) -> Mapping[str, Sequence[int]]:
        return {TOPIC: sorted(self.parts)}

    async def bounds(self, topic: str, parts: Sequence[int]) -> Mapping[int, tuple[int, int]]:
        return {part: (self.first, len(self.parts[part])) for part in parts}

    async def read_any(self, topic: str, firsts: Mapping[int, int]) -> Mapping[int, Sequence[Any]]:
        await asyncio.sleep(0)
        if self.down:
            self.down -= 1
            raise BusUnavailable("no broker")
        return {
            part: [Record(offset, value) for offset, value in enumerate(self.parts[part]) if offset >= first]
            for part, first in firsts.items()
            if first < len(self.parts[part])
        }


def alert(number: int, age: timedelta = timedelta(seconds=2), *, synthetic: bool = True) -> bytes:
    data = {
        "alert": f"a-{number}",
        "lamp": "lamp-0007",
        "sound": "glass",
        "confidence": 0.9,
        "sounded_at": "2026-11-24T21:59:50Z",
    }
    event = make_event(
        type_=ALERT, source="//dvv/lamps", natural_key=(str(number),), version="1", subject="lamp-0007", time=NOW - age,
        recorded_at=NOW - age, data=data, synthetic=synthetic,
    )  # fmt: skip
    return codec.encode(replace(event, borough="STB01", registerversion="1"))


def other() -> bytes:
    event: Event = codec.decode(alert(0))
    return codec.encode(event).replace(b"audio-alert-raised", b"parking-observed")


class Office:
    """An inbox that answers as told first, then as the simulated city's does. Attribute: keys = of each question."""

    def __init__(self, *first: int) -> None:
        self.first, self.keys, self.inbox = list(first), list[str](), AlertInbox()
        app = Starlette(routes=[Route("/inbox", self.inbox.answer, methods=["POST"])])
        self.inner = httpx.AsyncClient(transport=httpx.ASGITransport(app))
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self.answer))

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.keys.append(request.headers["idempotency-key"])
        if self.first:
            status = self.first.pop(0)
            if not status:
                raise httpx.ConnectError("away")
            return httpx.Response(status)
        return await self.inner.post(URL, content=request.content, headers=dict(request.headers))

    @property
    def alarms(self) -> list[str]:
        return [one["alarm"] for one in self.inbox._alerts.values()]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cityhub.adapters.city.order_office.inbox._RETRY_S", (0.001,))


async def dispatched(log: Log, office: Office, file: Path, done: Callable[[], bool], *, simulated: bool = True) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(
        Dispatcher(log, office.http, Inbox(URL, "token", simulated), file, lambda: NOW).run(stop)
    )
    async with asyncio.timeout(60):
        while not done():  # noqa: ASYNC110 - the outcome is in files and lists
            await asyncio.sleep(0.001)
    stop.set()
    await running


async def test_alerts_and_nothing_else_arrive_once(tmp_path: Path) -> None:
    log, office, file = Log({0: [], 1: []}), Office(), tmp_path / "alerts.json"
    await dispatched(log, office, file, file.exists)
    log.parts = {0: [alert(1), other(), b"no JSON"], 1: [alert(2)]}
    await dispatched(log, office, file, lambda: len(office.keys) == 2)
    assert sorted(office.alarms) == ["a-1", "a-2"]
    log.parts[1].append(alert(3))
    await dispatched(log, office, file, lambda: len(office.keys) == 3)
    assert sorted(office.alarms) == ["a-1", "a-2", "a-3"]


async def test_what_happened_before_the_first_start_is_not_told(tmp_path: Path) -> None:
    log, office, file = Log({0: [alert(1), alert(2)]}), Office(), tmp_path / "alerts.json"
    await dispatched(log, office, file, file.exists)
    assert office.keys == []


@pytest.mark.parametrize("status", [0, 500, 503, 429, 408, 401])
async def test_an_inbox_that_is_away_gets_them_later_and_in_order(tmp_path: Path, status: int) -> None:
    log, office, file = Log({0: []}), Office(status, status), tmp_path / "alerts.json"
    await dispatched(log, office, file, file.exists)
    log.parts[0] = [alert(1), alert(2)]
    log.down = 2
    await dispatched(log, office, file, lambda: len(office.alarms) == 2)
    assert office.alarms == ["a-1", "a-2"]
    assert len(office.keys) == 4


async def test_killed_before_it_noted_the_answer_it_asks_again_under_the_same_key(tmp_path: Path) -> None:
    log, office, file = Log({0: []}), Office(), tmp_path / "alerts.json"
    await dispatched(log, office, file, file.exists)
    before = file.read_bytes()
    log.parts[0] = [alert(1)]
    await dispatched(log, office, file, lambda: len(office.keys) == 1)
    file.write_bytes(before)
    await dispatched(log, office, file, lambda: len(office.keys) == 2)
    assert office.keys[0] == office.keys[1]
    assert office.alarms == ["a-1"]


async def test_a_refusal_costs_no_other_alert(tmp_path: Path) -> None:
    log, office, file = Log({0: []}), Office(422), tmp_path / "alerts.json"
    await dispatched(log, office, file, file.exists)
    log.parts[0] = [alert(1), alert(2)]
    await dispatched(log, office, file, lambda: office.alarms == ["a-2"])
    assert len(office.keys) == 2


async def test_old_ones_are_of_no_use_and_synthetic_ones_not_for_a_real_office(tmp_path: Path) -> None:
    log, office, file = Log({0: []}), Office(), tmp_path / "alerts.json"
    await dispatched(log, office, file, file.exists)
    log.parts[0] = [alert(1), alert(2, timedelta(hours=2), synthetic=False), alert(3, synthetic=False)]
    await dispatched(log, office, file, lambda: office.alarms == ["a-3"], simulated=False)
    assert len(office.keys) == 1


async def test_offsets_that_the_log_has_let_go_of_are_passed_over(tmp_path: Path) -> None:
    log, office, file = Log({0: [alert(1), alert(2), alert(3)]}, first=2), Office(), tmp_path / "alerts.json"
    file.write_bytes(b'{"0":0}')
    await dispatched(log, office, file, lambda: office.alarms == ["a-3"])
    file.write_bytes(b"{damaged")
    await dispatched(log, office, file, lambda: file.read_bytes() == b'{"0":3}')
    assert office.alarms == ["a-3"]


async def test_the_simulated_office_says_what_is_missing() -> None:
    office = Office()
    async with office.inner as http:
        for headers, content, said in (
            ({}, b"{}", "Idempotency-Key"),
            ({"idempotency-key": "1"}, b"{}", "alarm"),
            ({"idempotency-key": "1"}, b"[", "kein JSON-Objekt"),
        ):
            answer = await http.post(URL, content=content, headers=headers)
            assert (answer.status_code, said in answer.text) == (400, True)
