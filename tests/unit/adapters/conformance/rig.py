"""One adapter, its partner as the simulated city plays it, and a broker: everything in one place, at one instant."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

import httpx
import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace
from starlette.applications import Starlette

from cityhub.adapters.catalogue import ADAPTERS
from cityhub.adapters.kit.adapter import Adapter, Known, Link, Tools
from cityhub.adapters.kit.fact import Reading
from cityhub.adapters.kit.feed import SourceFeed
from cityhub.adapters.kit.outbox import Outbox
from cityhub.adapters.kit.polling import delivered
from cityhub.adapters.kit.pseudonym import Pseudonyms
from cityhub.adapters.kit.register import Register
from cityhub.adapters.kit.source import Source
from cityhub.sandbox.city.assets import register_csv
from cityhub.sandbox.city.chronicle import Chronicle
from cityhub.sandbox.city.lines import line_server
from cityhub.sandbox.city.mqtt.broker import Broker as MqttBroker
from cityhub.sandbox.city.served import SERVED, City, Served
from cityhub.sandbox.city.served.endpoint import Message, Send
from cityhub.sandbox.city.streams.story import Told
from cityhub.sdk.event import Event
from tests.unit.adapters.conformance.broker import Broker, Point

NOW = datetime(2026, 11, 20, 11, 7, tzinfo=UTC)
SEED = 7
LONGEST = timedelta(days=3)
"""Of history: every adapter sees turns of days and a few hundred events."""
WHOLE = timedelta(days=4_000)
"""Longer than any history."""
BOUND = 500
"""Steps after which a feed that still has more waiting is taken to go round in circles."""
SECRET = "geheim-4711"
PSEUDONYMS = Pseudonyms(b"key of the conformance suite")
Mutate: TypeAlias = Callable[[bytes], bytes]


class Rig(Struct, frozen=True):
    """What is tested. Attributes: city_now: the partner's clock."""

    served: Served
    city_now: datetime = NOW
    longest: timedelta = LONGEST

    @property
    def chronicle(self) -> Chronicle:
        """What the city tells."""
        return _chronicle(self.longest)

    def expected(self) -> list[Told]:
        """What is to arrive."""
        chronicle = self.chronicle
        parts = (
            chronicle.between([name], self.city_now - chronicle.history(name), self.city_now)
            for name in self.served.streams
        )
        start = self.city_now - min(chronicle.history(name) for name in self.served.streams)
        told = [*self.served.before(chronicle, start), *(one for part in parts for one in part)]
        return [self.served.arrives(one, PSEUDONYMS) for one in self.served.tells(told)]

    @asynccontextmanager
    async def link(
        self, folder: Path, mutate: Mutate | None = None, clock: Callable[[], datetime] = lambda: NOW
    ) -> AsyncIterator[tuple[Link, Tools]]:
        """The partner's system at work.

        Args:
            folder: for what must be on disk. mutate: spoils every answer. clock: the adapter's.
        """
        city = City(self.chronicle, lambda: self.city_now, SEED)
        app = Starlette(routes=[*self.served.serve(city)] if self.served.serve else [])
        transport = Spoiling(httpx.ASGITransport(app), mutate)
        async with httpx.AsyncClient(transport=transport) as http, AsyncExitStack() as stack:
            url = f"http://city/{self.served.feed.replace('.', '/')}"
            if self.served.push:
                broker = await stack.enter_async_context(self._broker(city, folder, mutate))
                url = f"mqtt://127.0.0.1:{broker}/{self.served.push.root.rpartition('/')[2]}"
            if self.served.drop:
                drop = folder / "drop"
                drop.mkdir(exist_ok=True)
                for name, body in _dropped(self).items():
                    _write(drop / name, mutate(body) if mutate else body)
                url = drop.resolve().as_uri()
            if self.served.send:
                url = await stack.enter_async_context(_lines(city, _sending(self.served.send, mutate), folder))
            yield Link(url=url, synthetic=True, secret=SECRET), Tools(http=http, clock=clock, pseudonyms=PSEUDONYMS)

    @asynccontextmanager
    async def _broker(self, city: City, folder: Path, mutate: Mutate | None) -> AsyncIterator[int]:
        """Gives its port. A session is as old as what the adapter has kept of it."""
        state = folder / "city-mqtt.json"
        if not (folder / "adapters.db").exists():
            state.unlink(missing_ok=True)
        broker = _BROKERS[folder] = MqttBroker(city, [_spoilt(self.served, mutate)], state)
        async with broker.serve("127.0.0.1", _PORTS.get(folder, 0)) as port:
            _PORTS[folder] = port
            yield port

    def has_more(self, folder: Path) -> bool:
        """Whether a broker has not told all yet: on a busy machine it is slower than an adapter's patience."""
        feed = self.served.feed
        return self.served.push is not None and not _BROKERS[folder].has_everything(f"cityhub-{feed}", feed)

    def connect(self, link: Link, tools: Tools) -> Adapter:
        """The adapter."""
        return ADAPTERS[self.served.feed][1](link, tools)


_PORTS: dict[Path, int] = {}
"""The same in every life: at another address an adapter begins anew."""
_BROKERS: dict[Path, MqttBroker] = {}
"""Of the life that is on."""


@asynccontextmanager
async def _lines(city: City, send: Send, folder: Path) -> AsyncIterator[str]:
    """Gives its address."""
    async with line_server(city, send, "127.0.0.1", _PORTS.get(folder, 0), live=False) as port:
        _PORTS[folder] = port
        yield f"tcp://127.0.0.1:{port}"


def _sending(send: Send, mutate: Mutate | None) -> Send:
    """All of its lines are spoilt together."""
    return send if mutate is None else lambda *asked: [mutate(b"\r\n".join(send(*asked)))]


@lru_cache
def _dropped(rig: Rig) -> dict[str, bytes]:
    """What stands in the drop folder: of all lives the same."""
    with TemporaryDirectory() as folder:
        assert rig.served.drop
        rig.served.drop(City(rig.chronicle, lambda: rig.city_now, SEED), Path(folder))
        return {file.name: file.read_bytes() for file in Path(folder).iterdir()}


def _write(file: Path, body: bytes) -> None:
    """Unless that is in it already: then it has not changed."""
    if not file.exists() or file.read_bytes() != body:
        file.write_bytes(body)


@lru_cache
def _chronicle(longest: timedelta) -> Chronicle:
    """One for all: they ask for the same days again and again."""
    return Chronicle(SEED, longest, kept=None)


def _spoilt(served: Served, mutate: Mutate | None) -> Served:
    """It publishes bad content."""
    if (push := served.push) is None or mutate is None:
        return served

    def render(city: City, told: Sequence[Told]) -> list[Message]:
        return [Message(one.topic, mutate(one.payload)) for one in push.render(city, told)]

    return replace(served, push=replace(push, render=render))


class Spoiling(httpx.AsyncBaseTransport):
    """Spoils the bodies that pass; remembers the good ones."""

    def __init__(self, inner: httpx.AsyncBaseTransport, mutate: Mutate | None) -> None:
        self._inner = inner
        self._mutate = mutate

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Length and validators fit the spoilt body: it is the content that is bad."""
        answer = await self._inner.handle_async_request(request)
        if self._mutate is None or answer.status_code != httpx.codes.OK:
            return answer
        body = self._mutate(await answer.aread())
        headers = [(name, value) for name, value in answer.headers.raw if name.lower() != b"content-length"]
        return httpx.Response(200, headers=headers, stream=httpx.ByteStream(body))


async def live(
    rig: Rig,
    folder: Path,
    broker: Broker,
    *,
    point: Point = lambda _: None,
    clock: Callable[[], datetime] = lambda: NOW,
) -> None:
    """One life of the adapter: everything there is, delivered. Ends as a kill does when `point` raises Killed."""
    async with rig.link(folder, clock=clock) as (link, tools):
        with Outbox(folder / "adapters.db") as outbox:
            adapter = Watched(rig.connect(link, tools), point)
            register_file = folder / "register.csv"
            register_file.write_bytes(register_csv())
            register = Register(tools.http, register_file.resolve().as_uri(), clock)
            feed = SourceFeed(adapter, link, outbox, register, clock)
            try:
                for _ in range(BOUND):
                    more = await feed.step()
                    point("step")
                    await deliver(outbox, adapter.source, broker, point)
                    if not more and not rig.has_more(folder):
                        return
                raise AssertionError(f"{rig.served.feed} still has more waiting after {BOUND} steps")
            finally:
                await feed.close()


async def deliver(outbox: Outbox, source: Source, broker: Broker, point: Point) -> None:
    """As `polling` does."""
    while await delivered(source, outbox, broker):
        point("acknowledged")


class Watched(Adapter):
    """An adapter whose steps can be the last ones."""

    def __init__(self, inner: Adapter, point: Point) -> None:
        self._inner = inner
        self._point = point

    @property
    def source(self) -> Source:
        """As it is."""
        return self._inner.source

    async def ask(self, known: Known) -> Reading:
        """Before it asks, and when it has the answer."""
        self._point("ask")
        reading = await self._inner.ask(known)
        self._point("asked")
        return reading

    async def kept(self) -> None:
        """Before the partner is told, and after."""
        self._point("kept")
        await self._inner.kept()
        self._point("told")

    async def close(self) -> None:
        """As it is."""
        await self._inner.close()


def said(one: Event | Told) -> str:
    """What an event says, in one line: type, subject, time, data, borough."""
    borough = "" if one.borough is UNSET else one.borough
    content = [one.type, one.subject, one.time.astimezone(UTC), one.data, borough]
    return msgspec.json.encode(content, order="deterministic").decode()


def by_id(events: Sequence[Event]) -> dict[str, Event]:
    """As the engine counts: each id once."""
    return {event.id: event for event in events}


def rigs() -> list[Rig]:
    """Every adapter's; of a slow source all of its history, which may be a few lines a year."""
    return [Rig(one, longest=WHOLE if _slow(one) else LONGEST) for one in sorted(SERVED, key=lambda one: one.feed)]


def _slow(served: Served) -> bool:
    return ADAPTERS[served.feed][0].interval_s >= timedelta(days=1).total_seconds()
