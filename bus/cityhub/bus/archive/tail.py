"""What the log holds beyond the archive, as rows of it: a number can be opened before its events are archived."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import pyarrow as pa

from cityhub.bus.access import KafkaAccess
from cityhub.bus.archive.columns import Refusals, TopicColumns
from cityhub.bus.archive.reader import Archive, Tail, Vector
from cityhub.bus.log_reader import LogReader

MOST_RECORDS = 500_000
"""Of one topic; where the archive is further behind than that, it has stopped."""
Verdicts = Mapping[str, Mapping[int, Refusals]]
"""By topic and partition."""


def missing(archive: Archive, vector: Mapping[str, Vector]) -> dict[str, dict[int, tuple[int, int]]]:
    """First and last offset that the archive does not hold, by topic and partition, where there are any."""
    found: dict[str, dict[int, tuple[int, int]]] = {}
    for topic, upto in vector.items():
        ends = archive.state(topic).ends
        for part, last in upto.items():
            first = ends[part].last + 1 if part in ends else 0
            if first <= last:
                found.setdefault(topic, {})[part] = (first, last)
    return found


async def read_tails(
    access: KafkaAccess,
    archive: Archive,
    wanted: Mapping[str, Mapping[int, tuple[int, int]]],
    verdicts: Verdicts,
) -> dict[str, Tail]:
    """Read stretches of the log.

    Args:
        wanted: as of `missing`.
        verdicts: on the records in them.

    Raises:
        BusUnavailable: the broker does not answer, or does not hold them any more.
    """
    found: dict[str, Tail] = {}
    async with LogReader(access, client_id="cityhub-tail") as reader:
        for topic, stretches in wanted.items():
            found[topic] = await _tail(reader, archive, topic, stretches, verdicts.get(topic, {}))
    return found


async def _tail(
    reader: LogReader,
    archive: Archive,
    topic: str,
    stretches: Mapping[int, tuple[int, int]],
    refusals: Mapping[int, Refusals],
) -> Tail:
    columns = TopicColumns(archive.contracts.of_topic(topic))
    clocks = {part: end.clock_ms for part, end in archive.state(topic).ends.items()}
    bounds = await reader.bounds(topic, stretches)
    begun = {part: (max(first, bounds[part][0]), last) for part, (first, last) in stretches.items()}
    reader.begin(topic, {part: (first, last) for part, (first, last) in begun.items() if first <= last})
    tables: dict[str, list[pa.Table]] = {}
    read = 0
    while (found := await reader.some()) and read < MOST_RECORDS:
        for part, records in found.items():
            made = columns.tables(part, records, clocks.get(part, 0), refusals.get(part, {}))
            clocks[part] = max(clocks.get(part, 0), *(record.timestamp for record in records))
            read += len(records)
            for type_, table in made.items():
                tables.setdefault(type_, []).append(table)
    return Tail(
        {part: last for part, (_, last) in stretches.items()} if not found else {},
        {type_: pl.DataFrame(pa.concat_tables(some)) for type_, some in tables.items()},
    )
