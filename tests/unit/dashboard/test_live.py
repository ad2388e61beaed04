"""`/live`: tells a page to read again, soon, without numbers, and ends when it should."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from msgspec import structs
from starlette.requests import Request

from cityhub.dashboard.live import LiveRoute
from cityhub.dashboard.services import Services
from cityhub.kpi.values import KpiValue, WindowKind
from tests.unit.dashboard.world import NOW, World, value

PATIENCE_S = 30.0


class Stream:
    """An open `/live`, read event by event."""

    def __init__(self, services: Services, beat_s: float) -> None:
        self._route = LiveRoute(services, beat_s=beat_s)

    async def __aenter__(self) -> Stream:
        self.answer = await self._route.answer(Request({"type": "http"}))
        self._events: AsyncIterator[str] = self.answer.body_iterator  # type: ignore[assignment]
        assert await self.next() == "retry: 3000\n\n"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._events.aclose()  # type: ignore[attr-defined]

    async def next(self) -> str | None:
        return await asyncio.wait_for(anext(self._events, None), PATIENCE_S)


async def subscribed(world: World, clients: int = 1) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while len(world.live.subscribers) < clients:  # noqa: ASYNC110 - the double has no event for it
            await asyncio.sleep(0)


async def published(world: World, stream: Stream, *values: KpiValue) -> str | None:
    """What the stream says next, when these were published."""
    waiting = asyncio.ensure_future(stream.next())
    await subscribed(world)
    for made in values:
        world.live.publish(made)
    return await waiting


async def test_a_published_value_is_announced_without_its_number(world: World) -> None:
    async with Stream(world.services(), 600) as stream:
        assert stream.answer.media_type == "text/event-stream"
        assert stream.answer.headers["cache-control"] == "no-store"
        said = await published(world, stream, value(WindowKind.DAY, NOW, (87, 100)))
    assert said == 'event: value\ndata: {"kpi":"M01","window":"day","revision":3}\n\n'
    assert "87" not in said


async def test_only_public_city_values_are_announced(world: World) -> None:
    world.with_definition(structs.replace(world.kpi, id="W09", audience="city"))
    shown = value(WindowKind.HOUR, NOW, (1, 2))
    hidden = [
        structs.replace(shown, revision=99, kpi_id="W09"),
        structs.replace(shown, revision=99, kpi_id="unknown"),
        structs.replace(shown, revision=99, dimensions={"line": "901"}),
        structs.replace(shown, revision=99, scope="STB01"),
    ]
    async with Stream(world.services(), 600) as stream:
        said = await published(world, stream, *hidden, shown)
    assert said is not None
    assert '"kpi":"M01","window":"hour","revision":3' in said


async def test_silence_is_filled_with_beats(world: World) -> None:
    async with Stream(world.services(), 0.01) as stream:
        assert await stream.next() == "event: beat\ndata: {}\n\n"
        assert await stream.next() == "event: beat\ndata: {}\n\n"


async def test_it_ends_with_the_process_and_leaves_no_subscription(world: World) -> None:
    services = world.services()
    async with Stream(services, 600) as stream:
        waiting = asyncio.ensure_future(stream.next())
        await subscribed(world)
        services.stop.set()
        assert await waiting is None
    assert world.live.subscribers == []


async def test_it_ends_with_its_source(world: World) -> None:
    async with Stream(world.services(), 600) as stream:
        waiting = asyncio.ensure_future(stream.next())
        await subscribed(world)
        world.live.publish(None)
        assert await waiting is None


async def test_a_client_that_leaves_is_forgotten(world: World) -> None:
    async with Stream(world.services(), 600) as stream:
        assert await published(world, stream, value(WindowKind.DAY, NOW, (1, 2)))
    assert world.live.subscribers == []


async def test_every_client_hears_every_change(world: World) -> None:
    services, clients = world.services(), 20
    streams = [await Stream(services, 600).__aenter__() for _ in range(clients)]
    waiting = [asyncio.ensure_future(stream.next()) for stream in streams]
    await subscribed(world, clients)
    world.live.publish(value(WindowKind.DAY, NOW, (1, 2)))
    assert all("M01" in (said or "") for said in await asyncio.gather(*waiting))
    for stream in streams:
        await stream.__aexit__()
