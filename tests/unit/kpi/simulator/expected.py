"""Which records of a log count, and why the others do not, worked out from its samples alone.

Shares no code with kernel and store.
"""

from __future__ import annotations

from typing import NamedTuple

from xxhash import xxh3_128_digest, xxh3_128_intdigest

from tests.unit.kpi.simulator.city import (
    HORIZON_MS,
    MINUTE_MS,
    TOPIC_OF,
)
from tests.unit.kpi.simulator.log import CURSED, Log, Partition, Sample

FUTURE_MS = 5 * MINUTE_MS
DAY_S = 86_400


class Counted(NamedTuple):
    """An event that counts, and its partition's clock when it arrived."""

    sample: Sample
    digest: int
    clock_ms: int


class Judged(NamedTuple):
    """Attributes:
    verdicts: reason by topic, partition, offset. duplicates: number by partition. clocks: of each partition at its end.
    """

    counted: list[Counted]
    of_part: dict[Partition, list[Counted]]
    verdicts: dict[tuple[str, int, int], str]
    duplicates: dict[Partition, int]
    clocks: dict[Partition, int]


def digest_of(sample: Sample) -> int:
    return xxh3_128_intdigest(f"{sample.source}\0{sample.id}".encode() + bytes.fromhex(sample.content))


def judge(log: Log) -> Judged:
    """Which records count, and why the others do not."""
    found = Judged([], {}, {}, {}, {})
    for at, records in log.parts.items():
        clock = 0
        known: dict[tuple[str, str], str] = {}
        mine = found.of_part[at] = []
        found.duplicates[at] = 0
        for sent in records:
            clock = max(clock, sent.timestamp)
            reason, sample = sent.poison, sent.sample
            if sample is not None:
                reason = _reason(sample, sent.timestamp, clock, known.get((sample.source, sample.id)))
            if reason == "duplicate":
                found.duplicates[at] += 1
            elif reason:
                found.verdicts[*at, sent.offset] = reason
            elif sample is not None:
                known[sample.source, sample.id] = sample.content
                mine.append(Counted(sample, digest_of(sample), clock))
        found.clocks[at] = clock
        found.counted.extend(mine)
    return found


def _reason(sample: Sample, timestamp: int, clock: int, known: str | None) -> str:
    if sample.t > timestamp + FUTURE_MS:
        return "time_in_future"
    if clock - sample.t > HORIZON_MS[sample.type]:
        return "beyond_horizon"
    if known is not None:
        return "duplicate" if known == sample.content else "id_reuse"
    return "processing" if sample.subject == CURSED else ""


def key_of(source: str, id_: str) -> bytes:
    """What deduplication remembers of an id."""
    return xxh3_128_digest(f"{source}\0{id_}".encode())


def horizon_ms(topic: str) -> int:
    """How long a topic's ids are remembered at least."""
    return max(HORIZON_MS[type_] for type_, mine in TOPIC_OF.items() if mine == topic)
