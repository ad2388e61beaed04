"""Dead letters over a broker in memory: refused at the real HTTP door, driven in again by the real redrive."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from cityhub.adapters.doors.redrive import Redrive
from cityhub.adapters.doors.wishes import Report, Result, Who, Wish
from cityhub.bus.audit_trail import Deed
from cityhub.bus.errors import BusUnavailable
from cityhub.bus.letters import Letter, Pile, distinct
from cityhub.bus.log_span import Span
from cityhub.sdk.contract import Contracts
from tests.unit.adapters.doors.world import CONTRACTS, NOW, Broker, World

ANNA = Who("anna", "wbd")


class Record(NamedTuple):
    """A record of the log."""

    offset: int
    timestamp: int
    value: bytes
    headers: list[tuple[str, bytes]]


class Box:
    """Letters of the broker in memory, one a second from `NOW` on."""

    def __init__(self, broker: Broker, cut: bool = False) -> None:
        self._broker = broker
        self.cut = cut

    @asynccontextmanager
    async def opened(self, partner: str, span: Span) -> AsyncIterator[Pile]:
        yield Pile(self.cut, distinct(self._records(partner, span)))

    async def _records(self, partner: str, span: Span) -> AsyncIterator[tuple[int, Any]]:
        for offset, (_, value, headers) in enumerate(self._broker.topics.get(f"du.dlq.{partner}", [])):
            at = NOW + timedelta(seconds=offset)
            after = (span.since is None or span.since <= at) and span.first <= offset
            before = (span.until is None or at < span.until) and (span.before is None or offset < span.before)
            if after and before:
                yield 0, Record(offset, int(at.timestamp() * 1000), value, headers)


class Trail:
    """`dies_before` = a kind of deed that is never written: the process was killed just before."""

    def __init__(self) -> None:
        self.deeds: list[Deed] = []
        self.dies_before = ""

    async def write(self, deeds: Sequence[Deed]) -> None:
        if any(deed.what == self.dies_before for deed in deeds):
            raise BusUnavailable("killed")
        self.deeds += [msgspec.json.decode(msgspec.json.encode(deed), type=Deed) for deed in deeds]

    async def newest(self, partner: str, since: datetime) -> Collection[Deed]:
        found: dict[str, Deed] = {}
        for deed in self.deeds:
            if deed.origin and deed.partner == partner and deed.at >= since:
                found.pop(deed.origin, None)
                found[deed.origin] = deed
        return found.values()


class Desk(World):
    """The door and the redrive behind it."""

    def __init__(self, contracts: Contracts = CONTRACTS) -> None:
        super().__init__()
        self.box, self.trail = Box(self.broker), Trail()
        self.redrive = Redrive(self.box, self.trail, self.broker, contracts, lambda: self.now)

    async def letters(self, partner: str = "wbd") -> list[Letter]:
        async with self.box.opened(partner, Span()) as pile:
            return [one async for one in pile.letters]

    async def drive(self, wish: Wish | None = None, *, dry_run: bool = False, partner: str = "wbd") -> Report:
        return await self.redrive.run(ANNA, partner, wish or Wish(), dry_run=dry_run)

    async def drive_one(self, offset: int = 0, *, dry_run: bool = False, partner: str = "wbd", **wish: Any) -> Result:
        report = await self.drive(Wish(letters=((0, offset),), **wish), dry_run=dry_run, partner=partner)
        (result,) = report.results
        return result

    def bury(self, body: bytes, partner: str = "wbd", **headers: str) -> None:
        """A letter, as anybody may have written it."""
        said = [(f"dlq_{name}", text.encode()) for name, text in headers.items()]
        self.broker.topics.setdefault(f"du.dlq.{partner}", []).append((None, body, said))
