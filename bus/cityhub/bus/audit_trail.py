"""`du.hub.audit.v1`: who drove which dead letters in again or set which target, when, and what became of it.

A deed is `asked` (one per request), `wanted` (one per letter, durable before its event is written) and `done` (after
that). A letter that is wanted and not done was left by a crash: doing it again counts once, because its id is the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

import msgspec
from msgspec import Struct

from cityhub.bus.access import KafkaAccess
from cityhub.bus.errors import LogBroken
from cityhub.bus.log_span import Span, opened
from cityhub.bus.publisher import Outgoing
from cityhub.bus.topics import AUDIT, audit

ASKED, WANTED, DONE = "asked", "wanted", "done"
MOST = 1_000_000
_KIND = ("audit_kind", b"redrive")
_SETTING = ("audit_kind", b"target")


class Deed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One record of the trail. It holds no value of an event.

    Attributes:
        request: names the request. subject, organisation: who asked.
        letters: of a request, how many it drives in again.
        part, offset, origin: which letter. id, source, type: of its event.
        before: SHA-256 of the letter's bytes. after: content hash of the event as it is written.
        fields: names of what an edit changed, those that the contract has.
        replay: how often the id was driven in, this time included.
        topic, partition, position: where the event was written.
    """

    at: datetime
    request: str
    what: str
    subject: str
    organisation: str
    partner: str
    letters: int = 0
    part: int = -1
    offset: int = -1
    origin: str = ""
    id: str = ""
    source: str = ""
    type: str = ""
    before: str = ""
    after: str = ""
    fields: tuple[str, ...] = ()
    replay: int = 0
    topic: str = ""
    partition: int = -1
    position: int = -1


class Setting(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """That somebody set a target of a KPI by hand, or took one back: `asked` before it is stored, `done` after.

    Attributes:
        request: names both records of one setting. subject, organisation: who asked.
        target: as it was given. retracts: number of the record that is taken back.
        number: of the KPI's record that came of it.
    """

    at: datetime
    request: str
    what: str
    subject: str
    organisation: str
    kpi: str
    why: str
    target: dict[str, float | str | None] = {}
    retracts: int = -1
    number: int = -1


class Writer(Protocol):
    """`publisher.RecordPublisher` and `starting.StartingPublisher`."""

    async def send(self, topic: str, records: Sequence[Outgoing]) -> list[tuple[int, int]]: ...


class AuditTrail:
    """Reads and writes the trail; what was read once is remembered, per letter the newest deed.

    Methods raise BusUnavailable or BusRefused.
    """

    def __init__(self, access: KafkaAccess, writer: Writer) -> None:
        self._access = access
        self._writer = writer
        self._newest: dict[str, dict[str, Deed]] = {}
        self._next = 0
        self._reading = asyncio.Lock()

    async def write(self, deeds: Sequence[Deed]) -> None:
        """Durable on all replicas when it returns."""
        await self._writer.send(AUDIT, [(one.partner.encode(), msgspec.json.encode(one), [_KIND]) for one in deeds])

    async def note(self, setting: Setting) -> None:
        """Write that a target is set; durable on all replicas when it returns."""
        await self._writer.send(AUDIT, [(setting.kpi.encode(), msgspec.json.encode(setting), [_SETTING])])

    async def newest(self, partner: str, since: datetime) -> Collection[Deed]:
        """Of each of a partner's letters the newest deed since then, oldest first.

        Args:
            since: never before that of an earlier call; what is older is forgotten.

        Raises:
            LogBroken: a record is not what the hub writes, or there are more than one look reads.
        """
        async with self._reading:
            await self._catch_up(since)
        known = self._newest.get(partner, {})
        self._newest[partner] = {origin: deed for origin, deed in known.items() if deed.at >= since}
        return self._newest[partner].values()

    async def _catch_up(self, since: datetime) -> None:
        span = Span(since=since, first=self._next, most=MOST)
        async with opened(self._access, audit(), span, client_id="cityhub-audit") as trail:
            if trail.cut:
                raise LogBroken(f"{AUDIT} holds more than {MOST} records since {since:%Y-%m-%d}, too many to read")
            async for part, record in trail.records:
                if _KIND in record.headers:
                    self._note(_read(record.value, f"{AUDIT}/{part}/{record.offset}"))
                self._next = record.offset + 1

    def _note(self, deed: Deed) -> None:
        if deed.origin:
            of_partner = self._newest.setdefault(deed.partner, {})
            of_partner.pop(deed.origin, None)  # the newest stands last
            of_partner[deed.origin] = deed


def _read(value: bytes | None, place: str) -> Deed:
    try:
        return msgspec.json.decode(value or b"", type=Deed)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LogBroken(f"{place} is no record of the audit trail: {error}") from error
