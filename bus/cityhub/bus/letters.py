"""Dead letters read back: `du.dlq.<partner>`, what the doors and the engine refused."""

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
from cityhub.bus.topics import dead_letters
from cityhub.sdk.door import texts_of

LOOKS = 2
"""At once; others wait, so that nobody's looking slows down what the process does beside."""

_CONSUMER = re.compile("cityhub-([a-z]+)-door")


class Letter(Struct, frozen=True, kw_only=True):
    """A refused record.

    Attributes:
        part, offset: where it stands in `du.dlq.<partner>`; appended: since when.
        reason, error, attribute: why it was refused, see docs/events.md; consumer: by whom.
        origin: names the refused record, the same in every letter about it. topic: it came in there, "" over HTTP.
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
        """Which door refused it, `http` or `kafka`; "" = the engine did."""
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
    named = texts_of(body, ("id", "source", "type"))
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
