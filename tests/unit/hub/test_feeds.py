"""What the adapters' database says of feeds is in the store, where web processes of other machines read it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cityhub.adapters.catalogue import SOURCES
from cityhub.adapters.errors import StateUnavailable
from cityhub.adapters.kit.outbox import Effects, Outbox
from cityhub.adapters.kit.source import Source
from cityhub.adapters.kit.status import AdapterStatusReader
from cityhub.adapters.tabular.form import shipped
from cityhub.bus.errors import BusUnavailable
from cityhub.bus.vitals import Vitals
from cityhub.hub.feeds import FeedCopy, StoredFeeds
from cityhub.hub.run import bookkeeper
from cityhub.hub.secrets import load_or_create
from cityhub.hub.settings import parse
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.store.database import Database
from tests.integration.postgres import postgres

__all__ = ["postgres"]
NOW = datetime(2026, 11, 3, 14, 5, tzinfo=UTC)
TABLES = shipped()[0].feed
BINS = "wbd.bins"


class World:
    """The adapters' machine, and a store elsewhere."""

    def __init__(self, folder: Path, where: str | Path) -> None:
        self.now = NOW
        self.outbox = Outbox(folder / "adapters.db")
        self.there = AdapterStatusReader(folder / "adapters.db")
        self.database = Database(where)
        self.copy = self.a_copy()
        self.stored = StoredFeeds(where)

    def a_copy(self) -> FeedCopy:
        return FeedCopy(self.there, self.database, {TABLES}, lambda: self.now)

    def answer(self, feed: str, memory: dict[str, bytes | None]) -> None:
        """The partner's system gives an answer."""
        source: Source = SOURCES[feed]
        held = self.outbox.open(source, "origin")
        effects = Effects(
            position=b"",
            events=(),
            memory=memory,
            system="//system",
            synthetic=True,
            succeeded_at=self.now,
            told_upto=self.now,
            noted=Counter(),
        )
        self.outbox.commit(source, held.step, effects)


@pytest.fixture(params=["sqlite", "postgresql"])
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    sqlite = request.param == "sqlite"
    where = tmp_path / "store.db" if sqlite else request.getfixturevalue("postgres").create()
    world = World(tmp_path, where)
    with world.outbox, closing(world.database), closing(world.stored._store):
        yield world


def test_what_changed_is_copied(world: World) -> None:
    world.copy.look()
    assert world.stored.all() == []  # nobody says anything before the adapters' first start
    for minute in range(3):
        world.now = NOW + timedelta(minutes=minute)
        world.answer((TABLES, BINS)[minute % 2], {})
        world.copy.look()
        found = world.stored.all()
        assert [one.seen_at for one in found] == [world.now] * len(found)
        assert [(one.feed, one.succeeded_at) for one in found] == [
            (one.feed, one.succeeded_at) for one in world.there.all()
        ]
    assert len(found) == 2


def test_a_mappings_memory_is_copied_for_tables_alone(world: World) -> None:
    for memory in ({"a": b"1", "b": b"2"}, {"a": b"3", "b": None, "c": b"4"}, {}):
        world.now += timedelta(seconds=30)
        world.answer(TABLES, dict(memory))
        world.answer(BINS, dict(memory))
        world.copy.look()
        assert world.stored.remembered(TABLES) == world.there.remembered(TABLES)
        assert world.stored.remembered(BINS) == {}
    assert world.stored.remembered(TABLES) == {"a": b"3", "c": b"4"}


def test_another_bookkeeper_goes_on_with_what_it_finds(world: World) -> None:
    """Also what is not there any more goes: the adapters' database was made anew."""
    world.answer(TABLES, {"a": b"1", "b": b"2"})
    world.answer(BINS, {})
    world.copy.look()
    with closing(world.outbox._db.execute("DELETE FROM feed_status WHERE feed = ?", (BINS,))):
        world.outbox._db.execute("DELETE FROM memory WHERE key = 'b'")
    world.copy = world.a_copy()
    world.copy.look()
    assert [one.feed for one in world.stored.all()] == [TABLES]
    assert world.stored.remembered(TABLES) == {"a": b"1"}


def test_adapters_that_nobody_hears_of(world: World) -> None:
    """The copy does not grow young by itself."""
    world.answer(BINS, {})
    world.copy.look()
    (found,) = world.stored.all()
    assert (found.state(NOW + timedelta(seconds=30)), found.unseen_since(NOW + timedelta(seconds=30))) == ("good", None)
    later = NOW + timedelta(seconds=31)
    assert (found.state(later), found.unseen_since(later)) == ("unseen", NOW)
    world.now = later
    world.copy.look()
    assert world.stored.all()[0].state(later) == "good"


async def test_trouble_is_said_and_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cityhub.hub.run.bookkeeper.LOOK_S", 0.0)
    world, stop = World(tmp_path, tmp_path / "store.db"), asyncio.Event()
    with world.outbox, closing(world.database), closing(world.stored._store):
        world.answer(BINS, {})
        path, aside = tmp_path / "adapters.db", tmp_path / "aside"
        world.copy = FeedCopy(AdapterStatusReader(aside), world.database, (), lambda: world.now)
        aside.write_bytes(b"no database" * 500)
        copying = asyncio.create_task(bookkeeper.copy_feeds(world.copy, stop))
        async with asyncio.timeout(60):
            while "feeds_not_copied" not in capsys.readouterr().out:  # noqa: ASYNC110 - its log says it
                await asyncio.sleep(0)
            assert world.stored.all() == []
            aside.unlink()
            aside.symlink_to(path)
            while not world.stored.all():  # noqa: ASYNC110 - another thread copies
                await asyncio.sleep(0)
        stop.set()
        await copying


async def test_the_bookkeeper_copies_also_while_kafka_is_away(tmp_path: Path) -> None:
    """It ends then, as its supervisor starts it again."""
    settings = parse({}, {"data": str(tmp_path), "kafka_port": "9"})
    world = World(tmp_path, settings.store)
    with world.outbox, closing(world.database), closing(world.stored._store):
        world.answer(BINS, {})
        with pytest.raises(BusUnavailable):
            await bookkeeper.run(settings, load_or_create(tmp_path), asyncio.Event(), Vitals())
        assert [one.feed for one in world.stored.all()] == [BINS]


def test_the_store_is_away(tmp_path: Path) -> None:
    stored = StoredFeeds("postgresql://cityhub@127.0.0.1:9/nothing")
    with pytest.raises(StoreUnavailable):
        stored.all()
    with pytest.raises(StateUnavailable, match=rf"what {TABLES} remembers cannot be read"):
        stored.remembered(TABLES)
