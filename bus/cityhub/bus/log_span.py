"""A stretch of a topic, by time or offset: for whoever looks something up and goes away again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct

from cityhub.bus.access import KafkaAccess
from cityhub.bus.errors import BusUnavailable
from cityhub.bus.log_reader import LogReader
from cityhub.bus.topics import TopicSpec

MOST = 20_000
"""Records of a partition that one look reads."""
ANSWER_S = 30.0


class Span(Struct, frozen=True, kw_only=True):
    """Which records are wanted; what is not said does not bound.

    Attributes:
        since, until: appended from the first on, and before the second.
        first, before: offsets, likewise.
        most: of each partition, the newest so many.
    """

    since: datetime | None = None
    until: datetime | None = None
    first: int = 0
    before: int | None = None
    most: int = MOST


class Opened(NamedTuple):
    """What a look gives: whether older records than `most` were left out, and the others, each with its partition."""

    cut: bool
    records: AsyncIterator[tuple[int, Any]]


@asynccontextmanager
async def opened(access: KafkaAccess, spec: TopicSpec, span: Span, *, client_id: str) -> AsyncIterator[Opened]:
    """Records of a span, in offset order per partition; each has offset, timestamp (epoch ms), key, value, headers.

    A topic that does not exist holds none.

    Raises:
        BusUnavailable: the broker does not answer within half a minute. BusRefused: log-in or permission is refused.
    """
    try:
        async with asyncio.timeout(ANSWER_S), LogReader(access, client_id=client_id) as reader:
            wanted, cut = await _bounds(reader, spec, span)
            reader.begin(spec.name, wanted)
            yield Opened(cut, _records(reader))
    except TimeoutError:
        raise BusUnavailable(f"{spec.name} did not give what it holds within {ANSWER_S:.0f} s") from None


async def _bounds(reader: LogReader, spec: TopicSpec, span: Span) -> tuple[dict[int, tuple[int, int]], bool]:
    """First and last offset by partition, where there is any; whether older ones were left out."""
    if spec.name not in await reader.partitions():
        return {}, False
    parts = range(spec.partitions)
    ends = await reader.bounds(spec.name, parts)
    since = await _at(reader, spec, span.since)
    until = await _at(reader, spec, span.until)
    wanted, cut = {}, False
    for part, (oldest, end) in ends.items():
        from_time = since.get(part, oldest)
        last = min(bound for bound in (end, until.get(part), span.before) if bound is not None) - 1
        first = max(oldest, span.first, end if from_time is None else from_time)
        newest = max(first, last - span.most + 1)
        cut = cut or newest > first
        if newest <= last:
            wanted[part] = (newest, last)
    return wanted, cut


async def _at(reader: LogReader, spec: TopicSpec, instant: datetime | None) -> dict[int, int | None]:
    if instant is None:
        return {}
    return await reader.at_time(spec.name, range(spec.partitions), max(0, int(instant.timestamp() * 1000)))


async def _records(reader: LogReader) -> AsyncIterator[tuple[int, Any]]:
    while found := await reader.some():
        for part, records in found.items():
            for record in records:
                yield part, record
