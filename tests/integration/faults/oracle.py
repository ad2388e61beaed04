"""What must be true, by brute force: the ledger's lines against a plain read of what the broker holds.

Nothing of the engine is used here: hours, days, punctuality and repetition are worked out anew.
"""

from __future__ import annotations

import asyncio
import json
import sys
from array import array
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from aiokafka import AIOKafkaConsumer

from cityhub.bus.access import KafkaAccess
from tests.integration.faults.ledger import digest

LATENESS_S = 600
_BERLIN = ZoneInfo("Europe/Berlin")


class Window(NamedTuple):
    """A window of M01 as readers name it; line None = all lines."""

    kind: str
    start: int
    line: str | None


class Count:
    """What a window must show, and how many of its events arrived before it could settle."""

    __slots__ = ("departures", "in_time", "n", "on_time")

    def __init__(self) -> None:
        self.on_time = self.departures = self.n = self.in_time = 0


class Truth:
    """The outcome of a campaign's traffic.

    Attributes:
        ends: log end per partition.
        windows: what each window must show; a window that is not here must not exist.
        duplicates, poison: per partition, how many records repeat an id; per place in the log, the possible verdicts.
        bodies: original bytes of the poison.
        missing: acknowledged records that the broker does not hold where it said; foreign: records nobody sent.
    """

    def __init__(self) -> None:
        self.ends: dict[int, int] = {}
        self.windows: defaultdict[Window, Count] = defaultdict(Count)
        self.duplicates: Counter[int] = Counter()
        self.poison: dict[tuple[int, int], tuple[str, ...]] = {}
        self.bodies: dict[tuple[int, int], bytes] = {}
        self.missing: list[str] = []
        self.foreign: list[str] = []
        self.intents: Counter[str] = Counter()
        self.unknown = 0


class Fact(NamedTuple):
    """What the ledger says of a record; id and content are hashes, so that a large campaign fits into memory."""

    id: int
    content: int
    time_s: int
    line: str
    delay_s: int | None
    reasons: tuple[str, ...]


class Ledger:
    """The ledger's file, read.

    Attributes:
        facts: by the record's digest.
        acked: per partition, for each offset the digest of the record that was acknowledged there; 0 = none.
    """

    def __init__(self, file: Path) -> None:
        self.facts: dict[int, Fact] = {}
        self.acked: defaultdict[int, array[int]] = defaultdict(lambda: array("Q"))
        self.intents: Counter[str] = Counter()
        self.unknown = 0
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                self._take(json.loads(line))

    def _take(self, said: dict[str, Any]) -> None:
        match said["say"]:
            case "send":
                self.intents[said["intent"]] += 1
                self.facts[int(said["hash"], 16)] = Fact(
                    _hash(said["id"]),
                    _hash(said["content"]),
                    said["time_s"],
                    sys.intern(said["line"]),
                    said["delay_s"],
                    tuple(sys.intern(reason) for reason in said["reasons"]),
                )
            case "acked":
                part, offset = said["at"]
                known = self.acked[part]
                known.frombytes(bytes(known.itemsize * max(0, offset + 1 - len(known))))
                known[offset] = int(said["hash"], 16)
            case _:
                self.unknown += 1


def _hash(text: str) -> int:
    return int(digest(text.encode()), 16)


async def truth(access: KafkaAccess, topic: str, file: Path) -> Truth:
    """Work out what the engine must show."""
    ledger = Ledger(file)
    found = Truth()
    found.intents, found.unknown = ledger.intents, ledger.unknown
    first: dict[int, int] = {}
    async for record in read_topic(access, topic):
        said = int(digest(record.value or b""), 16)
        known = ledger.acked[record.partition]
        if record.offset < len(known) and known[record.offset] not in (0, said):
            found.missing.append(f"{topic}/{record.partition}/{record.offset} was acknowledged for another record")
        found.ends[record.partition] = record.offset + 1
        _judge(found, record, ledger.facts.get(said), first)
    for part, known in ledger.acked.items():
        gone = range(found.ends.get(part, 0), len(known))
        found.missing += [f"{topic}/{part}/{offset} was acknowledged and is gone" for offset in gone if known[offset]]
    return found


def _judge(found: Truth, record: Any, fact: Fact | None, first: dict[int, int]) -> None:
    """What becomes of one record; `first` = content of each id that was counted before."""
    at = (record.partition, record.offset)
    if fact is None:
        found.foreign.append(f"{record.topic}/{at} holds a record that nobody sent")
    elif fact.reasons or first.get(fact.id, fact.content) != fact.content:
        found.poison[at] = fact.reasons or ("id_reuse",)
        found.bodies[at] = record.value or b""
    elif fact.id in first:
        found.duplicates[record.partition] += 1
    else:
        first[fact.id] = fact.content
        _count(found, fact, record.timestamp)


def _count(found: Truth, fact: Fact, append_ms: int) -> None:
    for kind, (start, end) in _windows(fact.time_s // 3600):
        for line in (fact.line, None):
            count = found.windows[Window(kind, start, line)]
            count.n += 1
            count.in_time += append_ms < (end + LATENESS_S) * 1000
            if fact.delay_s is not None:
                count.departures += 1
                count.on_time += -60 <= fact.delay_s <= 300


@lru_cache(maxsize=1024)
def _windows(hour: int) -> Sequence[tuple[str, tuple[int, int]]]:
    local = datetime.fromtimestamp(hour * 3600, UTC).astimezone(_BERLIN).date()
    midnights = [
        int(datetime(day.year, day.month, day.day, tzinfo=_BERLIN).timestamp())
        for day in (local, local + timedelta(days=1))
    ]
    return (("hour", (hour * 3600, hour * 3600 + 3600)), ("day", (midnights[0], midnights[1])))


async def log_ends(access: KafkaAccess, topic: str) -> dict[int, int]:
    """Where each partition's log ends now."""
    async with _reading(access, topic) as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
    return {tp.partition: end for tp, end in ends.items()}


async def read_topic(access: KafkaAccess, topic: str, first: Mapping[int, int] | None = None) -> AsyncIterator[Any]:
    """Every record of a topic up to its present end, in order within each partition; `first` = offsets to start at."""
    async with _reading(access, topic) as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
        for tp in ends:
            consumer.seek(tp, (first or {}).get(tp.partition, 0))
        while any([await consumer.position(tp) < end for tp, end in ends.items()]):
            for tp, batch in (await consumer.getmany(timeout_ms=500)).items():
                for record in batch:
                    if record.offset < ends[tp]:
                        yield record


@asynccontextmanager
async def _reading(access: KafkaAccess, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of all partitions, without a group."""
    consumer = AIOKafkaConsumer(topic, **access.aiokafka(), enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        while not consumer.assignment():  # noqa: ASYNC110 - the client has no event for it
            await asyncio.sleep(0.05)
        yield consumer
    finally:
        await consumer.stop()
