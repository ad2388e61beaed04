"""One source at several addresses: each is asked in turn, one per question, with a cursor and a memory of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from cityhub.adapters.errors import CursorExpired, FeedFault
from cityhub.adapters.kit.adapter import Adapter, Connect, Known, Link, Tools
from cityhub.adapters.kit.fact import Reading, memory_key
from cityhub.adapters.kit.source import Source

_OTHERS = memory_key("address", "")
"""What the memories of all but the first one begin with."""


class SeveralAddresses(Adapter):
    """The first address has the feed's own cursor and memory, so that others can be added and taken away.

    An address that cannot be used is a fault of the feed and costs no other: the next question is for the next one.

    Args:
        adapters: by address, at least one, in the order in which they are asked.
    """

    def __init__(self, adapters: Mapping[str, Adapter]) -> None:
        self._adapters = list(adapters.items())
        self._turn = -1
        self._told_upto: dict[str, datetime | None] = {}

    @property
    def source(self) -> Source:
        return self._adapters[0][1].source

    async def ask(self, known: Known) -> Reading:
        self._turn = (self._turn + 1) % len(self._adapters)
        address, adapter = self._adapters[self._turn]
        if self._turn == 0:
            own = {key: body for key, body in known.memory.items() if not key.startswith(_OTHERS)}
            reading = await adapter.ask(Known(known.cursor, own))
        else:
            reading = await self._other(address, adapter, known)
        if reading.more:  # it goes on with this one
            self._turn -= 1
        self._told_upto[address] = None if reading.more else reading.as_of
        return replace(reading, as_of=self._slowest())

    async def close(self) -> None:
        for _, adapter in self._adapters:
            await adapter.close()

    async def _other(self, address: str, adapter: Adapter, known: Known) -> Reading:
        place, start = _OTHERS + address, _OTHERS + memory_key(address, "")
        own = {key.removeprefix(start): body for key, body in known.memory.items() if key.startswith(start)}
        was = known.memory.get(place, b"").decode()
        try:
            reading = await adapter.ask(Known(was, own))
        except CursorExpired as expired:
            if not was:
                raise FeedFault(expired.reason, str(expired)) from expired
            return Reading(memory={place: None}, noted=Counter({expired.reason: 1}))
        cursor = was if reading.cursor is None else reading.cursor
        memory = {start + key: body for key, body in reading.memory.items()}
        facts = [replace(fact, mark=fact.mark and start + fact.mark) for fact in reading.facts]
        return replace(reading, facts=facts, memory=memory | {place: cursor.encode()}, cursor=known.cursor)

    def _slowest(self) -> datetime | None:
        """Up to when all of them have told everything."""
        told = [self._told_upto.get(address) for address, _ in self._adapters]
        known = [moment for moment in told if moment is not None]
        return min(known) if len(known) == len(told) else None


def connect_all(connect: Connect, link: Link, tools: Tools) -> Adapter:
    """An adapter of all addresses of a link, or of the only one. The secret is for the first one alone."""
    links = [replace(link, also=()), *(replace(link, url=url, secret="", also=()) for url in link.also)]
    adapters = {one.url: connect(one, tools) for one in links}
    return SeveralAddresses(adapters) if link.also else adapters[link.url]
