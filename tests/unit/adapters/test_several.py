"""One source at several addresses: each in turn, each with its own cursor and memory, none at the cost of another."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from cityhub.adapters.errors import CursorExpired, FeedFault
from cityhub.adapters.kit.adapter import Adapter, Known, Link, Tools
from cityhub.adapters.kit.fact import Fact, Reading
from cityhub.adapters.kit.feed import SourceFeed
from cityhub.adapters.kit.outbox import Outbox
from cityhub.adapters.kit.pseudonym import Pseudonyms
from cityhub.adapters.kit.register import Register
from cityhub.adapters.kit.several import connect_all
from cityhub.adapters.kit.source import Source
from cityhub.adapters.kit.status import AdapterStatusReader
from cityhub.adapters.roadworks.source import CITY_ROADWORKS

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ONE, TWO, THREE = "https://one", "https://two", "https://three"


class Portal(Adapter):
    """Counts how often it was asked, in its cursor and its memory.

    Attributes:
        asked: what it was asked with. fails: instead of an answer. more: it has more.
    """

    def __init__(self, link: Link) -> None:
        self.link = link
        self.asked: list[tuple[str, dict[str, bytes]]] = []
        self.fails: Exception | None = None
        self.more = False
        self.as_of: datetime | None = NOW
        self.closed = False

    @property
    def source(self) -> Source:
        return CITY_ROADWORKS

    async def ask(self, known: Known) -> Reading:
        self.asked.append((known.cursor, dict(known.memory)))
        if self.fails:
            raise self.fails
        count = f"{self.link.url}#{len(self.asked)}"
        bad = Fact(type="no.type", time=NOW, subject="x", key=("x",), data={}, mark="refused")
        memory: dict[str, bytes | None] = {"last": count.encode(), "refused": b"", "gone": None}
        return Reading(facts=[bad], cursor=count, memory=memory, more=self.more, as_of=self.as_of)

    async def close(self) -> None:
        self.closed = True


class Rig:
    """A feed of three portals."""

    def __init__(self, folder: Path, also: tuple[str, ...] = (TWO, THREE)) -> None:
        self.portals: dict[str, Portal] = {}
        self.folder = folder
        self.tools = Tools(
            http=httpx.AsyncClient(), clock=lambda: NOW, pseudonyms=Pseudonyms(b"key of these tests alone")
        )
        self.link = Link(url=ONE, synthetic=False, secret="geheim", also=also)
        self.disk = ExitStack()
        outbox = self.disk.enter_context(Outbox(folder / "adapters.db"))
        register = Register(self.tools.http, "", lambda: NOW)
        adapter = connect_all(self._portal, self.link, self.tools)
        self.feed = SourceFeed(adapter, self.link, outbox, register, lambda: NOW)

    def _portal(self, link: Link, _: Tools) -> Adapter:
        self.portals[link.url] = Portal(link)
        return self.portals[link.url]

    def told_upto(self) -> datetime | None:
        (status,) = AdapterStatusReader(self.folder / "adapters.db").all()
        return status.data_at

    async def end(self) -> None:
        await self.feed.close()
        self.disk.close()


async def test_each_is_asked_in_turn_with_what_is_its_own(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    for _ in range(6):
        await rig.feed.step()
    for url, portal in rig.portals.items():
        assert portal.asked == [("", {}), (f"{url}#1", {"last": f"{url}#1".encode()})]
    await rig.end()
    assert all(portal.closed for portal in rig.portals.values())
    again = Rig(tmp_path, also=(THREE,))
    await again.feed.step()
    await again.feed.step()
    assert again.portals[ONE].asked == [(f"{ONE}#2", {"last": f"{ONE}#2".encode()})]
    assert again.portals[THREE].asked == [(f"{THREE}#2", {"last": f"{THREE}#2".encode()})]
    await again.end()


async def test_one_that_fails_costs_no_other(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.portals[TWO].fails = FeedFault("http_status", "HTTP 500")
    await rig.feed.step()
    with pytest.raises(FeedFault, match="HTTP 500"):
        await rig.feed.step()
    await rig.feed.step()
    assert [len(portal.asked) for portal in rig.portals.values()] == [1, 1, 1]
    await rig.end()


async def test_one_that_has_more_goes_on(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.portals[ONE].more = rig.portals[TWO].more = True
    assert await rig.feed.step()
    rig.portals[ONE].more = False
    assert not await rig.feed.step()
    await rig.feed.step()
    await rig.feed.step()
    assert [len(portal.asked) for portal in rig.portals.values()] == [2, 2, 0]
    await rig.end()


async def test_a_cursor_that_is_too_old_costs_only_its_own(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    for _ in range(3):
        await rig.feed.step()
    await rig.feed.step()
    rig.portals[TWO].fails = CursorExpired("cursor_expired", "HTTP 410")
    await rig.feed.step()
    await rig.feed.step()
    await rig.feed.step()
    with pytest.raises(FeedFault, match="HTTP 410") as caught:
        await rig.feed.step()
    assert not isinstance(caught.value, CursorExpired)
    assert [cursor for cursor, _ in rig.portals[TWO].asked] == ["", f"{TWO}#1", ""]
    assert [cursor for cursor, _ in rig.portals[ONE].asked] == ["", f"{ONE}#1", f"{ONE}#2"]
    await rig.end()


async def test_all_is_told_up_to_where_the_slowest_is(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.portals[TWO].as_of = NOW - timedelta(hours=1)
    await rig.feed.step()
    await rig.feed.step()
    assert rig.told_upto() is None
    await rig.feed.step()
    assert rig.told_upto() == NOW - timedelta(hours=1)
    await rig.end()


async def test_the_secret_is_for_the_first_address_alone(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    assert {url: portal.link.secret for url, portal in rig.portals.items()} == {ONE: "geheim", TWO: "", THREE: ""}
    assert all(portal.link.also == () for portal in rig.portals.values())
    await rig.end()


async def test_a_single_address_is_asked_as_ever(tmp_path: Path) -> None:
    rig = Rig(tmp_path, also=())
    await rig.feed.step()
    await rig.feed.step()
    assert rig.portals[ONE].asked == [("", {}), (f"{ONE}#1", {"last": f"{ONE}#1".encode()})]
    await rig.end()
