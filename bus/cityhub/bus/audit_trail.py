"""`du.hub.audit.v1`: who drove which dead letters in again, when, and what became of it.

A deed is `asked` (one per request), `wanted` (one per letter, durable before its event is written) and `done` (after
that). A letter that is wanted and not done was left by a crash: doing it again counts once, because its id is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
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
MOST = 200_000
_KIND = ("audit_kind", b"redrive")


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


class Writer(Protocol):
    """`publisher.RecordPublisher` and `starting.StartingPublisher`."""

    async def send(self, topic: str, records: Sequence[Outgoing]) -> list[tuple[int, int]]: ...


class AuditTrail:
    """Reads and writes the trail. Methods raise BusUnavailable or BusRefused."""

    def __init__(self, access: KafkaAccess, writer: Writer) -> None:
        self._access = access
        self._writer = writer

    async def write(self, deeds: Sequence[Deed]) -> None:
        """Durable on all replicas when it returns."""
        await self._writer.send(AUDIT, [(one.partner.encode(), msgspec.json.encode(one), [_KIND]) for one in deeds])

    async def of(self, partner: str, since: datetime) -> list[Deed]:
        """Deeds about a partner's letters, oldest first.

        Raises:
            LogBroken: a record is not what the hub writes, or there are more than one look reads.
        """
        found = []
        span = Span(since=since, most=MOST)
        async with opened(self._access, audit(), span, client_id="cityhub-audit") as trail:
            if trail.cut:
                raise LogBroken(
                    f"{AUDIT} holds more than {MOST} records since {since:%Y-%m-%d}: too many to look through"
                )
            async for part, record in trail.records:
                if record.key == partner.encode() and _KIND in record.headers:
                    found.append(_read(record.value, f"{AUDIT}/{part}/{record.offset}"))
        return found


def _read(value: bytes | None, place: str) -> Deed:
    try:
        return msgspec.json.decode(value or b"", type=Deed)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LogBroken(f"{place} is no record of the audit trail: {error}") from error
