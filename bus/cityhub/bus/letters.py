"""Dead letters, `du.dlq.<partner>`: what doors, adapters and the engine refused; the engine writes its own."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

from msgspec import Struct

from cityhub.bus import trace_context
from cityhub.bus.access import KafkaAccess
from cityhub.bus.log_span import Span, opened
from cityhub.bus.publisher import Outgoing
from cityhub.bus.topics import dead_letters
from cityhub.sdk.contract import Contracts
from cityhub.sdk.door import may_be_kept, may_be_named, texts_of
from cityhub.sdk.errors import RejectedEvent

LOOKS = 2
"""At once; others wait, so that nobody's looking slows down what the process does beside."""

ADAPTER = "adapter"
"""The door of what the hub reads itself."""
_CONSUMER = re.compile("cityhub-([a-z]+)-door")


class Came(Struct, frozen=True):
    """Where an event, or an item of a partner's system, came in.

    Attributes:
        door: `http`, `kafka` or `adapter`. origin: SHA-256 of the event as it came, `topic/partition/offset`, or the
            item's digest; the same whenever it comes again.
        topic: of the partner's own record; the feed of an adapter; "" over HTTP.
        trace: the `traceparent` that goes on with it; "" = none.
    """

    door: str
    origin: str
    topic: str = ""
    trace: str = ""


class Item(Struct, frozen=True, kw_only=True):
    """What an adapter refused before it was an event.

    Attributes:
        body: its text as it came, "" where nobody knows. keep: its form has no place for persons, so that it may be
            stored. type: what it would have been, "" = not known.
        reason, path, detail: why.
    """

    body: bytes
    keep: bool
    type: str
    reason: str
    path: str
    detail: str


class Letter(Struct, frozen=True, kw_only=True):
    """A refused record.

    Attributes:
        part, offset: where it stands in `du.dlq.<partner>`; appended: since when.
        reason, error, attribute: why it was refused, see docs/events.md; consumer: by whom.
        origin: names the refused record, the same in every letter about it.
        topic: it came in there; of an adapter the feed, "" over HTTP.
        attempt: how often it was refused at least.
        kept: whether its bytes are; size and sha256 are of the bytes in any case.
        id, source, type: of the event, "" where they cannot be read.
        trace: its `traceparent`, "" where it has none.
    """

    part: int
    offset: int
    appended: datetime
    reason: str
    error: str
    attribute: str
    consumer: str
    origin: str
    topic: str
    attempt: int
    kept: bool
    size: int
    sha256: str
    id: str
    source: str
    type: str
    trace: str = ""
    body: bytes = b""

    @property
    def door(self) -> str:
        """Which door refused it, `http`, `kafka` or `adapter`; "" = the engine did."""
        found = _CONSUMER.fullmatch(self.consumer)
        return found[1] if found else ""


class Pile(NamedTuple):
    """Letters, oldest first; `cut`: older ones than one look reads were left out."""

    cut: bool
    letters: AsyncIterator[Letter]


class Stack(Struct, frozen=True):
    """How many letters there are of a kind: `stream` is the event's type, else the topic it came in."""

    stream: str
    reason: str
    day: str
    count: int


class LetterBox:
    """The dead letters of partners. A letter that a door repeated after a crash comes once, as it came first."""

    def __init__(self, access: KafkaAccess) -> None:
        self._access = access
        self._looks = asyncio.Semaphore(LOOKS)

    @asynccontextmanager
    async def opened(self, partner: str, span: Span) -> AsyncIterator[Pile]:
        """Letters of a span, with their bytes.

        Raises:
            BusUnavailable, BusRefused: as of `log_span.opened`.
        """
        async with (
            self._looks,
            opened(self._access, dead_letters(partner), span, client_id="cityhub-letters") as found,
        ):
            yield Pile(found.cut, distinct(found.records))


def letter(body: bytes, why: RejectedEvent, came: Came, contracts: Contracts) -> Outgoing:
    """Of an event: the bytes and the message where they may be kept, else size and hash alone."""
    attribute = may_be_named(why.attribute, contracts)
    return _written(body, came, (why.reason, str(why), attribute), {}, keep=may_be_kept(body, contracts))


def item_letter(item: Item, came: Came) -> Outgoing:
    """Of an item that was no event yet; its path stands where the attribute of an event does."""
    return _written(item.body, came, (item.reason, item.detail, item.path), {"dlq_type": item.type}, keep=item.keep)


def _written(body: bytes, came: Came, why: tuple[str, str, str], more: Mapping[str, str], *, keep: bool) -> Outgoing:
    reason, error, attribute = why
    headers = {
        "dlq_reason": reason,
        "dlq_error": error if keep else "",
        "dlq_attribute": attribute,
        "dlq_consumer": f"cityhub-{came.door}-door",
        "dlq_origin": came.origin,
        "dlq_topic": came.topic,
        "dlq_attempt": "1",
        "dlq_sha256": hashlib.sha256(body).hexdigest(),
        "dlq_bytes": str(len(body)),
        "dlq_kept": "true" if keep else "false",
        trace_context.HEADER: came.trace,
        **more,
    }
    return (
        None,
        body if keep else b"",
        [(name, text.encode()) for name, text in headers.items() if text or name in more],
    )


async def distinct(records: AsyncIterator[tuple[int, Any]]) -> AsyncIterator[Letter]:
    """Each record as a letter, those about the same refused record once."""
    known: set[str] = set()
    async for part, record in records:
        letter = letter_of(part, record)
        if letter.origin not in known:
            known.add(letter.origin)
            yield letter


def letter_of(part: int, record: Any) -> Letter:
    """Read a record of `du.dlq.<partner>`, whoever wrote it.

    Args:
        record: has offset, timestamp (epoch ms), value and headers.
    """
    said = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers}
    body: bytes = record.value or b""
    item = said.get("dlq_type")
    named = texts_of(body, ("id", "source", "type")) if item is None else {"type": item}
    return Letter(
        part=part,
        offset=record.offset,
        appended=datetime.fromtimestamp(record.timestamp / 1000, UTC),
        reason=said.get("dlq_reason", "unknown"),
        error=said.get("dlq_error", ""),
        attribute=said.get("dlq_attribute", ""),
        consumer=said.get("dlq_consumer", ""),
        origin=said.get("dlq_origin") or _place(said) or f"{part}/{record.offset}",
        topic=said.get("dlq_topic", ""),
        attempt=_number(said.get("dlq_attempt"), 1),
        kept=said.get("dlq_kept") != "false",
        size=_number(said.get("dlq_bytes"), len(body)),
        sha256=said.get("dlq_sha256") or hashlib.sha256(body).hexdigest(),
        id=named.get("id", ""),
        source=named.get("source", ""),
        type=named.get("type", ""),
        trace=trace_context.in_headers(record.headers),
        body=body,
    )


def histogram(letters: Iterable[Letter]) -> list[Stack]:
    """How many there are by stream, reason and day (UTC), in this order."""
    counts = Counter((one.type or one.topic, one.reason, f"{one.appended:%Y-%m-%d}") for one in letters)
    return [Stack(*kind, count) for kind, count in sorted(counts.items())]


def _place(said: Mapping[str, str]) -> str:
    """Where the engine found it, which says so in three headers."""
    place = [said.get(name, "") for name in ("dlq_topic", "dlq_partition", "dlq_offset")]
    return "/".join(place) if all(place) else ""


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else otherwise
