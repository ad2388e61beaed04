"""Driving dead letters in again: the same event with the same id, judged by the contract of today.

What is still wrong is told and written nowhere. Every deed stands in the audit trail before and after its event.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import uuid4

from msgspec.structs import replace

from cityhub.adapters.doors.mending import Edit, mended
from cityhub.adapters.doors.outcomes import Admitted, RecordWriter, admission
from cityhub.adapters.doors.past import Past
from cityhub.adapters.doors.wishes import LOOKED_AT, Report, Result, Who, Wish, report
from cityhub.bus.audit_trail import ASKED, DONE, WANTED, Deed
from cityhub.bus.letters import ADAPTER, Came, Letter, Pile
from cityhub.bus.log_span import Span
from cityhub.bus.publisher import Outgoing
from cityhub.sdk.contract import Contracts
from cityhub.sdk.errors import RejectedEvent

KEPT = timedelta(days=36)
"""How far back the trail is read: no letter is older."""
_ON_ITS_WAY = timedelta(minutes=1)
"""The engine judges an event later than the redrive."""


class Source(Protocol):
    """Where letters come from; `bus.letters.LetterBox`."""

    def opened(self, partner: str, span: Span) -> AbstractAsyncContextManager[Pile]: ...


class Trail(Protocol):
    """Where deeds stand; `bus.audit_trail.AuditTrail`."""

    async def write(self, deeds: Sequence[Deed]) -> None: ...
    async def newest(self, partner: str, since: datetime) -> Collection[Deed]: ...


class _Ready(NamedTuple):
    """An event that may be driven in, the deed that this would be, and why the letter as it is would be refused."""

    topic: str
    record: Outgoing
    deed: Deed
    today: str


class _Found(NamedTuple):
    ready: list[_Ready]
    results: list[Result]
    more: bool


class Redrive:
    """Drives in, one request after the other.

    Args:
        writer: acknowledges what it has written. clock: now, with time zone.
    """

    def __init__(
        self, source: Source, trail: Trail, writer: RecordWriter, contracts: Contracts, clock: Callable[[], datetime]
    ) -> None:
        self._source = source
        self._trail = trail
        self._writer = writer
        self._contracts = contracts
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()

    async def past(self, partner: str) -> Past:
        """What was driven in so far.

        Raises:
            BusError: the trail cannot be read.
        """
        return Past(await self._trail.newest(partner, self._clock() - KEPT))

    async def run(self, who: Who, partner: str, wish: Wish, *, dry_run: bool) -> Report:
        """Judge the letters, oldest first, and drive in what passes.

        Raises:
            BusUnavailable: nobody knows what was written; the same request again counts once.
            BusRefused: the broker said no.
        """
        async with self._one_at_a_time:
            asked = Deed(
                at=self._clock(),
                request=uuid4().hex,
                what=ASKED,
                subject=who.subject,
                organisation=who.organisation,
                partner=partner,
            )
            found = await self._judged(wish, asked)
            if dry_run:
                would = [_result(one.deed, "would_redrive", today=one.today) for one in found.ready]
                return report("", found.results + would, more=found.more)
            done = await self._write(asked, found.ready)
            return report(asked.request, found.results + done, more=found.more)

    def today(self, letter: Letter, partner: str) -> RejectedEvent | None:
        """Why a letter as it is would be refused by the contract of today; None = it would not."""
        try:
            self._admitted(letter, None, partner)
        except RejectedEvent as why:
            return why
        return None

    async def _judged(self, wish: Wish, asked: Deed) -> _Found:
        past = await self.past(asked.partner)
        found, missing = _Found([], [], more=False), set(wish.letters)
        async with self._source.opened(asked.partner, wish.span()) as pile:
            async for letter in pile.letters:
                missing.discard((letter.part, letter.offset))
                if not wish.takes(letter):
                    continue
                if len(found.ready) == wish.most:
                    return found._replace(more=True)
                one = self._one(letter, wish, asked, past)
                if isinstance(one, Result):
                    found.results.append(one)
                else:
                    past.note(one.deed)
                    found.ready.append(one)
            found.results.extend(_missing(part, offset) for part, offset in missing)
            return found._replace(more=pile.cut and not wish.letters)

    def _one(self, letter: Letter, wish: Wish, asked: Deed, past: Past) -> _Ready | Result:
        standing = past.standing(letter)
        if standing.state == "redriven" and standing.last:
            return _result(standing.last, "already")
        try:
            return self._ready(letter, wish, asked, past)
        except RejectedEvent as why:
            return _refused(letter.part, letter.offset, letter.id, why)

    def _ready(self, letter: Letter, wish: Wish, asked: Deed, past: Past) -> _Ready:
        found, changed = self._admitted(letter, wish.edit, asked.partner)
        replay = past.replay(letter, found.event)
        today = self.today(letter, asked.partner) if wish.edit else None
        known = {*self._contracts[found.event.type].fields, "time"}
        deed = replace(
            asked,
            what=WANTED,
            part=letter.part,
            offset=letter.offset,
            origin=letter.origin,
            id=found.event.id,
            source=found.event.source,
            type=found.event.type,
            before=letter.sha256,
            after=found.event.contenthash,
            fields=tuple(name for name in changed if name in known),
            replay=replay,
        )
        key, value, headers = found.record
        record = key, value, [*headers, ("cityhub_replay", str(replay).encode())]
        return _Ready(found.topic, record, deed, str(today or ""))

    def _admitted(self, letter: Letter, edit: Edit | None, partner: str) -> tuple[Admitted, Sequence[str]]:
        """An event that the engine will not refuse for what it says, and the names of what an edit changed in it."""
        if letter.door == ADAPTER:
            text = "an adapter refused it, and would not know that it was told: its source has to send it again, mended"
            raise RejectedEvent(
                "adapter", f"{text}; what has become right by itself comes with the source's next answer"
            )
        if not letter.kept:
            text = "its bytes were not kept, because they may hold what no contract names"
            raise RejectedEvent("not_kept", f"{text}: send the mended event through a door, its id is free")
        if letter.reason == "id_reuse":
            text = "its id counts with other content: give the record another version, and with it another id"
            raise RejectedEvent("id_reuse", f"{text}, and send it through a door")
        now = self._clock()
        came = Came("redrive", f"{partner}/{letter.part}/{letter.offset}", letter.topic, letter.trace)
        made = mended(letter, edit)
        found = admission(made.body, came, self._contracts, partner, now)
        if isinstance(found, RejectedEvent):
            raise found
        contract = self._contracts[found.event.type]
        if now + _ON_ITS_WAY - found.event.time > timedelta(seconds=contract.horizon_s):
            text = f"time {found.event.time.isoformat()} is older than {contract.horizon}, so long ids are remembered"
            raise RejectedEvent("beyond_horizon", f"{text}; the engine would refuse it again")
        return found, made.fields

    async def _write(self, asked: Deed, ready: Sequence[_Ready]) -> list[Result]:
        await self._trail.write([replace(asked, letters=len(ready)), *(one.deed for one in ready)])
        by_topic: dict[str, list[_Ready]] = {}
        for one in ready:
            by_topic.setdefault(one.topic, []).append(one)
        done, results = list[Deed](), list[Result]()
        for topic, some in by_topic.items():
            places = await self._writer.send(topic, [one.record for one in some])
            for one, (partition, position) in zip(some, places, strict=True):
                where = {"topic": topic, "partition": partition, "position": position}
                done.append(replace(one.deed, what=DONE, at=self._clock(), **where))
                results.append(_result(done[-1], "redriven", today=one.today))
        if done:
            await self._trail.write(done)
        return results


def _missing(part: int, offset: int) -> Result:
    text = (
        f"no letter of its own: gone after 35 days, the same as another, or more than {LOOKED_AT} before the last named"
    )
    return _refused(part, offset, "", RejectedEvent("no_letter", text))


def _refused(part: int, offset: int, id_: str, why: RejectedEvent) -> Result:
    return Result(part=part, offset=offset, id=id_, status="refused", reason=why.reason, detail=str(why))


def _result(deed: Deed, status: str, *, today: str = "") -> Result:
    return Result(
        part=deed.part,
        offset=deed.offset,
        id=deed.id,
        status=status,
        today=today,
        replay=deed.replay,
        topic=deed.topic,
        partition=deed.partition,
        position=deed.position,
    )
