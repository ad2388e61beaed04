"""What must be true, by brute force: the ledger's lines against a plain read of what the broker holds.

Nothing of the engine is used here: hours, days, punctuality, repetition and deadlines are worked out anew. Records are
kept in columns, 350 bytes each at most while they are compared, so that large campaigns fit into memory.
"""

from __future__ import annotations

import asyncio
from array import array
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from aiokafka import AIOKafkaConsumer
from numpy.typing import NDArray

from cityhub.bus.access import KafkaAccess
from tests.integration.engine_child import LATENESS_S
from tests.integration.faults import entities
from tests.integration.faults.ledger import digest

Column = NDArray[Any]
_BERLIN = ZoneInfo("Europe/Berlin")
_CANCELLED = -(1 << 31)


class Window(NamedTuple):
    """A window of M01 as readers name it; line None = all lines."""

    kind: str
    start: int
    line: str | None


class Count(NamedTuple):
    """What a window must show.

    Attributes:
        n: events; in_time: how many of them were counted up to its deadline.
        deadline_ms: its end or its first event's arrival, whichever is later, plus the lateness.
    """

    on_time: int = 0
    departures: int = 0
    n: int = 0
    in_time: int = 0
    deadline_ms: int = 0


class Truth(msgspec.Struct):
    """The outcome of a campaign's traffic.

    Attributes:
        ends: log end per partition.
        windows: what each window must show; a window that is not here must not exist.
        duplicates: per partition, how many records repeat an id.
        poison: per place in the log, the possible verdicts and the record's digest.
        entities: what cases and flats come to.
        missing: acknowledged records that the broker does not hold where it said; foreign: records nobody sent.
    """

    ends: dict[int, int]
    windows: dict[Window, Count]
    duplicates: Counter[int]
    poison: dict[tuple[int, int], tuple[tuple[str, ...], str]]
    missing: list[str]
    foreign: list[str]
    intents: Counter[str]
    unknown: int
    entities: entities.Known = entities.Known()


class Ledger:
    """The ledger's file, read.

    Attributes:
        acked: per partition, for each offset the digest of the record that was acknowledged there; 0 = none.
        lines, reasons: what the columns' numbers stand for.
    """

    def __init__(self, file: Path) -> None:
        self.acked: defaultdict[int, array[int]] = defaultdict(lambda: array("Q"))
        self.intents: Counter[str] = Counter()
        self.unknown = 0
        self.lines: dict[str, int] = {}
        self.reasons: dict[tuple[str, ...], int] = {(): 0}
        self._hash, self._id, self._content = array("Q"), array("Q"), array("Q")
        self._time, self._delay, self._line, self._reason = array("q"), array("l"), array("H"), array("B")
        with file.open("rb") as lines:
            for line in lines:
                self._take(msgspec.json.decode(line))

    def _take(self, said: dict[str, Any]) -> None:
        match said["say"]:
            case "send":
                self.intents[said["intent"]] += 1
                self._hash.append(int(said["hash"], 16))
                self._id.append(_hash(said["id"]))
                self._content.append(_hash(said["content"]))
                self._time.append(said["time_s"])
                self._delay.append(_CANCELLED if said["delay_s"] is None else said["delay_s"])
                self._line.append(self.lines.setdefault(said["line"], len(self.lines)))
                self._reason.append(self.reasons.setdefault(tuple(said["reasons"]), len(self.reasons)))
            case "acked":
                part, offset = said["at"]
                known = self.acked[part]
                known.frombytes(bytes(known.itemsize * max(0, offset + 1 - len(known))))
                known[offset] = int(said["hash"], 16)
            case _:
                self.unknown += 1

    def of(self, hashes: Column) -> tuple[Column, dict[str, Column]]:
        """What was said of records: (which of them are known, the columns of those)."""
        told = np.asarray(self._hash, np.uint64)
        order = np.argsort(told, kind="stable")
        at = np.searchsorted(told, hashes, sorter=order)
        found = order[np.minimum(at, max(len(order) - 1, 0))] if len(order) else at
        known = told[found] == hashes if len(order) else np.zeros(len(hashes), bool)
        columns = {"id": self._id, "content": self._content, "time": self._time, "delay": self._delay}
        columns |= {"line": self._line, "reason": self._reason}
        return known, {name: np.asarray(column)[found[known]] for name, column in columns.items()}


def _hash(text: str) -> int:
    return int(digest(text.encode()), 16)


class Log(NamedTuple):
    """The broker's records in columns, by partition and offset; `arrival` = running maximum of append times."""

    part: Column
    offset: Column
    arrival: Column
    hash: Column

    def where(self, chosen: Column) -> Log:
        return Log(*(column[chosen] for column in self))


async def truth(access: KafkaAccess, topic: str, file: Path, *, of: Callable[[bytes], bytes] = bytes) -> Truth:
    """Work out what the engine must show.

    Args:
        of: what the ledger's digests are of, where a record's bytes are not those that were sent.
    """
    ledger = Ledger(file)
    log = await _log(access, topic, of)
    known, facts = ledger.of(log.hash)
    ends = dict.fromkeys(await log_ends(access, topic), 0) | {
        int(part): int(log.offset[log.part == part].max()) + 1 for part in np.unique(log.part)
    }
    strange = [f"{topic}/{part}/{offset}" for part, offset, *_ in zip(*log.where(~known), strict=True)]
    found = Truth(
        ends=ends,
        windows={},
        duplicates=Counter(),
        poison={},
        missing=[f"{topic}/{text}" for text in _missing(ledger, log)],
        foreign=[f"{place} holds a record that nobody sent" for place in strange],
        intents=ledger.intents,
        unknown=ledger.unknown,
    )
    _judge(found, ledger, log.where(known), facts)
    return found


async def _log(access: KafkaAccess, topic: str, of: Callable[[bytes], bytes]) -> Log:
    part, offset, arrival, hashes = array("B"), array("q"), array("q"), array("Q")
    async for record in read_topic(access, topic):
        part.append(record.partition)
        offset.append(record.offset)
        arrival.append(record.timestamp)
        hashes.append(int(digest(of(record.value or b"")), 16))
    log = Log(*(np.asarray(column) for column in (part, offset, arrival, hashes)))
    log = log.where(np.lexsort((log.offset, log.part)))
    for one in np.unique(log.part):
        mine = log.part == one
        log.arrival[mine] = np.maximum.accumulate(log.arrival[mine])
    return log


def _missing(ledger: Ledger, log: Log) -> Iterator[str]:
    for part, acked in ledger.acked.items():
        due = np.asarray(acked, np.uint64)
        held = np.zeros_like(due)
        mine = (log.part == part) & (log.offset < len(due))
        held[log.offset[mine]] = log.hash[mine]
        for offset in np.flatnonzero((due != 0) & (due != held)).tolist():
            yield f"{part}/{offset} was acknowledged and is {'another record' if held[offset] else 'gone'}"


def _judge(found: Truth, ledger: Ledger, log: Log, facts: dict[str, Column]) -> None:
    """What becomes of each record; the first of an id in its partition's log counts."""
    sound = facts["reason"] == 0
    _, first, same = np.unique(facts["id"][sound], return_index=True, return_inverse=True)
    repeats = np.ones(int(sound.sum()), bool)
    repeats[first] = False
    content = facts["content"][sound]
    reused = content != content[first][same]
    names = {number: reasons for reasons, number in ledger.reasons.items()}
    bad = np.flatnonzero(~sound).tolist() + np.flatnonzero(sound)[reused].tolist()
    for row in bad:
        reasons = names[int(facts["reason"][row])] or ("id_reuse",)
        found.poison[int(log.part[row]), int(log.offset[row])] = (reasons, f"{int(log.hash[row]):016x}")
    found.duplicates.update(log.part[sound][repeats & ~reused].tolist())
    counted = np.flatnonzero(sound)[~repeats]
    lines = {number: line for line, number in ledger.lines.items()}
    about = np.array([line.startswith("@") for line in ledger.lines], bool)[facts["line"][counted]]
    of_entities = {name: facts[name][counted[about]].tolist() for name in ("line", "delay")}
    said = map(lines.__getitem__, of_entities["line"])
    found.entities = entities.known(zip(said, of_entities["delay"], strict=True))
    counted = counted[~about]
    columns = {name: column[counted] for name, column in facts.items()}
    for kind in ("hour", "day"):
        _count(found, kind, columns, log.arrival[counted], lines)


def _count(found: Truth, kind: str, facts: dict[str, Column], arrival: Column, lines: dict[int, str]) -> None:
    hours, which = np.unique(facts["time"] // 3600, return_inverse=True)
    bounds = np.array([_bounds(kind, int(hour)) for hour in hours], np.int64).reshape(-1, 2)
    starts, ends = bounds[which].T
    departed = facts["delay"] != _CANCELLED
    on_time = departed & (facts["delay"] >= -60) & (facts["delay"] <= 300)
    for by_line in (True, False):
        line = facts["line"].astype(np.int64) if by_line else np.full(len(starts), -1)
        keys, of = np.unique(np.stack([starts, line]), axis=1, return_inverse=True)
        of = of.reshape(-1)
        size = keys.shape[1]
        first = np.full(size, np.iinfo(np.int64).max)
        np.minimum.at(first, of, arrival)
        last = np.zeros(size, np.int64)
        last[of] = ends
        deadline = np.maximum(last * 1000, first) + LATENESS_S * 1000
        sums = [
            np.bincount(of, weights=weight, minlength=size).astype(np.int64)
            for weight in (on_time, departed, np.ones(len(of)), arrival <= deadline[of])
        ]
        for number, (start, code) in enumerate(keys.T.tolist()):
            window = Window(kind, start, lines[code] if by_line else None)
            found.windows[window] = Count(*(int(one[number]) for one in (*sums, deadline)))


def _bounds(kind: str, hour: int) -> tuple[int, int]:
    """Start and end of the window that an hour since the epoch lies in."""
    if kind == "hour":
        return hour * 3600, hour * 3600 + 3600
    local = datetime.fromtimestamp(hour * 3600, UTC).astimezone(_BERLIN).date()
    start, end = (
        int(datetime(day.year, day.month, day.day, tzinfo=_BERLIN).timestamp())
        for day in (local, local + timedelta(days=1))
    )
    return start, end


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
