"""Live values: fan-out that never waits, newest revision per window."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from cityhub.bus.errors import BusUnavailable
from cityhub.kpi import live as live_module
from cityhub.kpi.live import MAX_PENDING, LiveValues
from cityhub.kpi.values import KpiValue, Label, WindowKind

START = datetime(2026, 11, 20, 11, tzinfo=UTC)


def value(revision: int, *, kpi_id: str = "M01", hour: int = 0) -> KpiValue:
    start = START + timedelta(hours=hour)
    return KpiValue(
        kpi_id=kpi_id,
        definition_version=1,
        scope="city",
        dimensions={},
        window=WindowKind.HOUR,
        start=start,
        end=start + timedelta(hours=1),
        value=50.0,
        unit="%",
        numerator=1,
        denominator=2,
        beside={},
        n=2,
        synthetic_n=0,
        digest="0" * 32,
        label=Label.PROVISIONAL,
        revision=revision,
        inputs_up_to=start,
    )


class Source:
    """A stream that the test feeds; an exception in it breaks it once."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[bytes | Exception] = asyncio.Queue()

    async def values(self) -> AsyncIterator[bytes]:
        while True:
            item = await self.queue.get()
            if isinstance(item, Exception):
                raise item
            yield item

    def put(self, *values: KpiValue) -> None:
        for item in values:
            self.queue.put_nowait(msgspec.json.encode(item))

    async def taken(self) -> None:
        """Everything put so far has been handed out."""
        while not self.queue.empty():  # noqa: ASYNC110 - the consumer is the code under test
            await asyncio.sleep(0)
        await asyncio.sleep(0)


async def test_every_reader_gets_its_kpi() -> None:
    source = Source()
    async with LiveValues(source) as live:
        mine, all_of_them = live.subscribe("M01"), live.subscribe()
        waiting = [asyncio.create_task(anext(mine)), asyncio.create_task(anext(all_of_them))]
        await asyncio.sleep(0)
        source.put(value(1, kpi_id="W01"), value(2))
        assert (await waiting[0]).revision == 2
        assert (await waiting[1]).kpi_id == "W01"
        assert (await anext(all_of_them)).kpi_id == "M01"


async def test_slow_reader_skips_to_the_newest_revision() -> None:
    source = Source()
    async with LiveValues(source) as live:
        reader = live.subscribe()
        first = asyncio.create_task(anext(reader))
        await asyncio.sleep(0)
        source.put(value(1))
        assert (await first).revision == 1
        source.put(value(2), value(4), value(3), value(1, hour=1))
        await source.taken()
        assert [(item.revision, item.start) for item in [await anext(reader), await anext(reader)]] == [
            (4, START),
            (1, START + timedelta(hours=1)),
        ]


async def test_pending_values_are_bounded() -> None:
    source = Source()
    async with LiveValues(source) as live:
        reader = live.subscribe()
        first = asyncio.create_task(anext(reader))
        await asyncio.sleep(0)
        source.put(value(1, hour=-1))
        await first
        source.put(*(value(1, hour=hour) for hour in range(MAX_PENDING + 10)))
        await source.taken()
        assert (await anext(reader)).start == START + timedelta(hours=10)


async def test_an_outage_and_a_foreign_record_do_not_end_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source()
    monkeypatch.setattr(live_module, "_RETRY_S", 0.01)
    async with LiveValues(source) as live:
        reader = live.subscribe()
        waiting = asyncio.create_task(anext(reader))
        await asyncio.sleep(0)
        source.queue.put_nowait(b'{"not": "a value"}')
        source.queue.put_nowait(BusUnavailable("broker away"))
        source.put(value(7))
        assert (await waiting).revision == 7


async def test_stop_ends_the_readers() -> None:
    live = LiveValues(Source())
    async with live:
        waiting = asyncio.create_task(_collect(live))
        await asyncio.sleep(0)
    assert await waiting == []


async def _collect(live: LiveValues) -> list[KpiValue]:
    return [item async for item in live.subscribe()]


async def test_windows_that_begin_together_do_not_displace_each_other() -> None:
    """Every day ends another year to date; all of them begin on 1 January."""
    source = Source()
    async with LiveValues(source) as live:
        reader = live.subscribe()
        first = asyncio.create_task(anext(reader))
        await asyncio.sleep(0)
        days = [msgspec.structs.replace(value(1), end=START + timedelta(days=day)) for day in (1, 2, 3)]
        source.put(*days)
        await source.taken()
        found = [await first, await anext(reader), await anext(reader)]
        assert [item.end for item in found] == [item.end for item in days]
