"""Subscriptions over Server-Sent Events, on a real HTTP server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from strawberry.http.streaming import SSETransport

from cityhub.api import subscription
from cityhub.kpi.values import WindowKind
from tests.unit.api.world import EXPIRES, HOUR, World, value

HOURS = 'subscription { kpiValues(kpi: "M01", window: hour) { start value revision } }'


class Events:
    """The events of one stream, one after the other."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.lines = response.aiter_lines()

    async def line(self) -> str:
        async with asyncio.timeout(30):
            return await anext(self.lines)

    async def next(self) -> tuple[str, Any]:
        """Kind and data of the next event."""
        kind = ""
        while True:
            line = await self.line()
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data:"):
                data = line.removeprefix("data:").strip()
                return kind, json.loads(data) if data else None

    async def value(self) -> dict[str, Any]:
        kind, data = await self.next()
        assert kind == "next"
        assert "errors" not in data
        found: dict[str, Any] = data["data"]["kpiValues"]
        return found

    async def error(self) -> dict[str, Any]:
        """The error a stream ends with."""
        kind, data = await self.next()
        assert kind == "next"
        assert (await self.next())[0] == "complete"
        found: dict[str, Any] = data["errors"][0]
        return found


@asynccontextmanager
async def stream(world: World, query: str, who: str = "startup") -> AsyncIterator[Events]:
    headers = {"Authorization": f"Bearer {who}", "Accept": "text/event-stream"}
    async with (
        world.served() as address,
        httpx.AsyncClient(base_url=f"http://{address}", headers=headers) as client,
        client.stream("POST", "/graphql", json={"query": query}) as response,
    ):
        yield Events(response)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - the condition has no event
            await asyncio.sleep(0.01)


async def test_the_current_value_comes_at_once_and_each_change_after_it(world: World) -> None:
    async with stream(world, HOURS) as events:
        assert events.response.status_code == 200
        assert events.response.headers["content-type"].startswith("text/event-stream")
        assert await events.value() == {"start": "2026-11-03T14:00:00Z", "value": 90.0, "revision": 1}
        world.wire.publish(value(good=8, revision=2))
        assert await events.value() == {"start": "2026-11-03T14:00:00Z", "value": 80.0, "revision": 2}
        world.wire.publish(value(HOUR.replace(hour=9), good=1, revision=7))
        assert await events.value() == {"start": "2026-11-03T09:00:00Z", "value": 10.0, "revision": 7}
        world.wire.publish(None)
        assert (await events.next())[0] == "complete"


async def test_only_the_asked_window_line_and_news_are_sent(world: World) -> None:
    query = HOURS.replace("hour)", 'hour, dimensions: {name: "line", value: "903"})')
    async with stream(world, query) as events:
        assert (await events.value())["revision"] == 1
        for other in (
            value(good=1, revision=9),
            value(line="901", good=1, revision=9),
            value(kpi="C01", line="903", good=1, revision=9),
            value(line="903", window=WindowKind.DAY, good=1, revision=9),
            value(line="903", good=1, revision=1),
            value(line="903", good=7, revision=2),
        ):
            world.wire.publish(other)
        assert await events.value() == {"start": "2026-11-03T14:00:00Z", "value": 70.0, "revision": 2}


async def test_a_change_between_listening_and_reading_is_not_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = world.reader.latest

    def late(*where: Any, **what: Any) -> object:
        found = read(*where, **what)
        world.wire.publish(value(good=5, revision=2))
        return found

    monkeypatch.setattr(world.reader, "latest", late)
    async with stream(world, HOURS) as events:
        assert [(await events.value())["revision"] for _ in range(2)] == [1, 2]


async def test_before_the_first_count_the_stream_waits() -> None:
    world = World([])
    async with stream(world, HOURS) as events:
        await until(lambda: bool(world.wire.readers))
        world.wire.publish(value())
        assert (await events.value())["value"] == 90.0


async def test_a_quiet_stream_sends_heartbeats(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SSETransport.__init__, "__defaults__", (0.05,))
    async with stream(world, HOURS) as events:
        await events.value()
        while await events.line() != ": ping":
            pass


async def test_the_stream_ends_with_a_clear_error_when_the_token_does(world: World) -> None:
    async with stream(world, HOURS) as events:
        await events.value()
        world.now = datetime.fromtimestamp(EXPIRES - 2, UTC)
        world.wire.publish(value(good=8, revision=2))
        error = await events.error()
    assert error["extensions"]["code"] == "TOKEN_EXPIRED"
    assert "connect again" in error["message"]


async def test_a_quiet_stream_notices_the_end_of_the_token_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription, "RECHECK_S", 0.05)
    async with stream(world, HOURS) as events:
        await events.value()
        world.now = datetime.fromtimestamp(EXPIRES - 2, UTC)
        assert (await events.error())["extensions"]["code"] == "TOKEN_EXPIRED"
    await until(lambda: not world.wire.readers)


async def test_who_hangs_up_is_forgotten(world: World) -> None:
    async with stream(world, HOURS) as events:
        await events.value()
        assert len(world.wire.readers) == 1
        await events.response.aclose()
        await until(lambda: not world.wire.readers)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (HOURS.replace("M01", "X99"), "UNKNOWN_KPI"),
        (HOURS.replace("M01", "C01"), "UNKNOWN_KPI"),
        (HOURS.replace("window", 'scope: "STB09", window'), "INVALID_ARGUMENT"),
        ("subscription { kpiValues(kpi: ", "BAD_QUERY"),
        ("subscription { kpiValue }", "BAD_QUERY"),
        ("{ kpis { a: id " + " ".join(f"a{i}: id" for i in range(30)) + " } }", "TOO_COMPLEX"),
    ],
)
async def test_what_is_refused_says_so_in_the_stream(world: World, query: str, code: str) -> None:
    async with stream(world, query) as events:
        assert (await events.error())["extensions"]["code"] == code
    assert not world.wire.readers


async def test_a_query_over_sse_is_one_answer(world: World) -> None:
    async with stream(world, "{ kpis { id } }") as events:
        _, answer = await events.next()
        assert answer["data"] == {"kpis": [{"id": "M01"}]}
        assert (await events.next())[0] == "complete"


async def test_a_broken_source_is_masked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_: str | None) -> AsyncIterator[object]:
        yield value(good=1, revision=3)
        raise ZeroDivisionError("internal detail")

    monkeypatch.setattr(world.wire, "subscribe", broken)
    async with stream(world, HOURS) as events:
        assert [(await events.value())["revision"] for _ in range(2)] == [1, 3]
        error = await events.error()
    assert error["extensions"]["code"] == "INTERNAL"
    assert "internal detail" not in str(error)
