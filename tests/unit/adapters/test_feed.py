"""A source at work: nobody waits for its long answers, and what the door refuses was not told."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from cityhub.adapters.kit.adapter import Adapter, Known, Link, Tools
from cityhub.adapters.kit.fact import Fact, Reading, changed
from cityhub.adapters.kit.feed import SourceFeed
from cityhub.adapters.kit.folder_adapter import FolderAdapter
from cityhub.adapters.kit.http_adapter import HttpAdapter
from cityhub.adapters.kit.outbox import Outbox
from cityhub.adapters.kit.register import Register
from cityhub.adapters.kit.source import Source
from cityhub.adapters.kit.status import AdapterStatusReader
from cityhub.adapters.wbd.bins.source import LEVEL, WBD_BINS
from cityhub.adapters.wbd.emptyings.source import EMPTIED, WBD_EMPTYINGS
from tests.unit.adapters.journals import PSEUDONYMS

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
PATIENCE_S = 5.0


class Desk:
    """A clock that can be moved, and where the feed's events are."""

    def __init__(self, outbox: Outbox) -> None:
        self.now = NOW
        self.outbox = outbox

    def feed(self, adapter: Adapter, link: Link, tools: Tools) -> SourceFeed:
        """The adapter at work."""
        return SourceFeed(adapter, link, self.outbox, Register(tools.http, "", tools.clock), tools.clock)

    def told(self, feed: str) -> list[str]:
        """Subjects of the events, in their order."""
        _, events = self.outbox.oldest(feed, 100_000)
        return [event.subject for some in events.values() for event in some]


@asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[tuple[Desk, Callable[[str], tuple[Link, Tools]]]]:
    """The desk, and what an adapter of an address is given; every address of HTTP answers `{}`."""
    transport = httpx.MockTransport(
        lambda _: httpx.Response(200, headers={"content-type": "application/json"}, stream=httpx.ByteStream(b"{}"))
    )
    with Outbox(folder / "adapters.db") as outbox:
        one = Desk(outbox)
        async with httpx.AsyncClient(transport=transport) as http:
            tools = Tools(http=http, clock=lambda: one.now, pseudonyms=PSEUDONYMS)
            yield one, lambda url: (Link(url=url, synthetic=True), tools)


def fact(number: int, time: datetime = NOW, fill: float = 0.5) -> Fact:
    return Fact(type=LEVEL, time=time, subject=f"bin-{number}", key=(f"bin-{number}",), data={"fill": fill})


@pytest.mark.parametrize("transport", ["http", "folder"])
async def test_another_feed_goes_on_while_a_long_answer_is_read(transport: str, tmp_path: Path) -> None:
    """The reader waits for the other feed: on the event loop it would wait in vain."""
    other_went_on = threading.Event()
    waited: list[bool] = []

    def long(*_: object) -> Reading:
        waited.append(other_went_on.wait(PATIENCE_S))
        return Reading(facts=[fact(1)])

    def short(*_: object) -> Reading:
        return Reading(facts=[Fact(type=EMPTIED, time=NOW, subject="bin-2", key=("2",), data={})])

    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / "a.json").write_bytes(b"{}")
    async with desk(tmp_path) as (there, place):
        folder, web = place((tmp_path / "drop").as_uri()), place("http://long")
        slow = (
            there.feed(FolderAdapter(WBD_BINS, *folder, read=long), *folder)
            if transport == "folder"
            else there.feed(HttpAdapter(WBD_BINS, *web, read=long), *web)
        )
        quick = there.feed(HttpAdapter(WBD_EMPTYINGS, *place("http://short"), read=short), *place("http://short"))
        async with asyncio.TaskGroup() as group:
            group.create_task(slow.step())
            await asyncio.sleep(0)
            await quick.step()
            assert there.told(WBD_BINS.feed) == []
            other_went_on.set()
        assert there.told(WBD_BINS.feed) == ["bin-1"]
    assert waited == [True]


@pytest.mark.parametrize("part", ["_effects", "_commit"])
async def test_others_have_their_turn_while_facts_are_stamped_and_written(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The feed's own work waits for the other: on the event loop it would wait in vain."""
    went_on, waited, real = threading.Event(), list[bool](), getattr(SourceFeed, part)

    def slow(feed: SourceFeed, *args: Any) -> Any:
        waited.append(went_on.wait(PATIENCE_S))
        return real(feed, *args)

    async def other() -> None:
        await asyncio.sleep(0.01)
        went_on.set()

    monkeypatch.setattr(SourceFeed, part, slow)
    async with desk(tmp_path) as (there, place), asyncio.TaskGroup() as group:
        feed = there.feed(Asked(lambda _: Reading(facts=[fact(1)])), *place("http://any"))
        group.create_task(other())
        await feed.step()
        assert there.told(WBD_BINS.feed) == ["bin-1"]
    assert waited == [True]


async def test_what_the_door_refused_is_told_when_it_comes_again(tmp_path: Path) -> None:
    """Bin 2 lies ahead, bin 3 is no share: neither is remembered as told, whatever becomes of its neighbours."""
    says = [fact(1), fact(2, NOW + timedelta(hours=1)), fact(3, fill=7.0)]
    memory: dict[str, bytes] = {}

    def read(known: Mapping[str, bytes]) -> Reading:
        memory.clear()
        memory.update(known)
        news, learnt = changed(says, known)
        return Reading(facts=news, memory=learnt)

    async with desk(tmp_path) as (there, place):
        link, tools = place("http://any")
        feed = there.feed(Asked(read), link, tools)
        await feed.step()
        assert there.told(WBD_BINS.feed) == ["bin-1"]
        there.now += timedelta(hours=2)
        await feed.step()
        assert there.told(WBD_BINS.feed) == ["bin-1", "bin-2"]
        await feed.step()
        again = there.feed(Asked(read), link, tools)
        await again.step()
        assert there.told(WBD_BINS.feed) == ["bin-1", "bin-2"]
        assert len(memory) == 2


async def test_a_correction_that_was_refused_leaves_what_was_told_before(tmp_path: Path) -> None:
    says = [fact(1)]

    def read(known: Mapping[str, bytes]) -> Reading:
        news, learnt = changed(says, known)
        return Reading(facts=news, memory=learnt)

    async with desk(tmp_path) as (there, place):
        feed = there.feed(Asked(read), *place("http://any"))
        for fill in (0.5, 7.0, 0.5):
            says[:] = [fact(1, fill=fill)]
            await feed.step()
        assert there.told(WBD_BINS.feed) == ["bin-1"]


class Asked(Adapter):
    """Says what a function makes of the memory."""

    def __init__(self, read: Callable[[Mapping[str, bytes]], Reading]) -> None:
        self._read = read

    @property
    def source(self) -> Source:
        return WBD_BINS

    async def ask(self, known: Known) -> Reading:
        return self._read(known.memory)


class Pushing(Adapter):
    """Says what it is given, and nothing of silence."""

    source = WBD_BINS  # type: ignore[assignment]

    def __init__(self, *readings: Reading) -> None:
        self._readings = list(readings)

    async def ask(self, known: Known) -> Reading:
        return self._readings.pop(0)


async def test_after_a_restart_silence_is_no_news(tmp_path: Path) -> None:
    """A source that does not say up to when it has told everything is as old as its newest event."""
    reader, measured = AdapterStatusReader(tmp_path / "adapters.db"), NOW - timedelta(hours=2)
    level = Fact(type=LEVEL, time=measured, subject="behaelter-1", key=("a",), data={"fill": 0.5})
    late = Fact(type=LEVEL, time=measured - timedelta(hours=1), subject="behaelter-1", key=("b",), data={"fill": 0.4})
    async with desk(tmp_path) as (one, given):
        feed = one.feed(Pushing(Reading(), Reading(facts=[level]), Reading(facts=[late])), *given("mqtt://x"))
        await feed.step()
        assert reader.all()[0].data_at is None
        await feed.step()
        await feed.step()
        assert reader.all()[0].data_at == measured
        one.outbox.acknowledge(WBD_BINS.feed, one.outbox.oldest(WBD_BINS.feed, 9)[0])
        assert reader.all()[0].checkpoint_at is None
        again = one.feed(Pushing(Reading(as_of=NOW, more=True), Reading(as_of=NOW)), *given("mqtt://x"))
        await again.step()
        assert reader.all()[0].data_at == measured
        await again.step()
        assert (reader.all()[0].data_at, reader.all()[0].checkpoint_at) == (NOW, NOW)


async def test_a_partner_that_pushes_is_told_only_what_is_on_disk(tmp_path: Path) -> None:
    """Told before, a kill in between would lose it."""
    level = Fact(type=LEVEL, time=NOW, subject="behaelter-1", key=("a",), data={"fill": 0.5})
    there: list[int] = []

    class Acknowledging(Pushing):
        async def kept(self) -> None:
            with Outbox(tmp_path / "adapters.db") as disk:
                there.append(disk.waiting(WBD_BINS.feed))

    async with desk(tmp_path) as (one, given):
        feed = one.feed(Acknowledging(Reading(), Reading(facts=[level])), *given("mqtt://x"))
        await feed.step()
        await feed.step()
    assert there == [0, 1]
