"""Cursors: how far a job has come in each partition. They move with the effects, by compare-and-set."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, and_, case, func, select, update

from cityhub.kpi.kernel.record import LogRecord
from cityhub.kpi.store import schema
from cityhub.kpi.store.dialect import insert_missing


class CursorMoved(Exception):  # noqa: N818 - a finding
    """The cursor does not stand where memory believed; nothing was changed."""


class Position(Struct, frozen=True):
    """Where a job stands in a partition.

    Attributes:
        writer: number that stands for job, topic and partition in bucket rows.
        offset: last applied record, −1 = none; hash: that record's; appended_ms: running maximum of append times.
        topic_id: Kafka's id of the topic the records came from, "" = not known yet.
    """

    job: str
    topic: str
    part: int
    writer: int
    offset: int
    hash: bytes
    appended_ms: int
    topic_id: str

    def after(self, records: Sequence[LogRecord]) -> Position:
        """Where it stands once the records are applied."""
        last = records[-1]
        newest = max(self.appended_ms, *[record.timestamp for record in records])
        return replace(self, offset=last.offset, hash=record_hash(last.value or b""), appended_ms=newest)


class Advance(Struct, frozen=True):
    """A cursor's way over a batch, with what is counted beside."""

    after: Position
    records: int
    duplicates: int
    rejected: int
    synthetic: int
    newest_event_s: int


def record_hash(value: bytes) -> bytes:
    """What the cursor remembers of its last record: BLAKE2b-128."""
    return hashlib.blake2b(value, digest_size=16).digest()


def position(connection: Connection, job: str, topic: str, part: int) -> Position:
    """The cursor; made when it is not there yet."""
    row = schema.cursor.c
    query = select(row.id, row.off, row.hash, row.appended_ms, row.topic_id).where(_at(job, topic, part))
    found = connection.execute(query).one_or_none()
    if found is None:
        _create(connection, job, topic, part)
        found = connection.execute(query).one()
    return Position(job, topic, part, found[0], found[1], bytes(found[2]), found[3], found[4])


def _create(connection: Connection, job: str, topic: str, part: int) -> None:
    counters = dict.fromkeys(
        ("appended_ms", "complete_ms", "records", "duplicates", "rejected", "synthetic", "newest_event_s"), 0
    )
    row = {"job": job, "topic": topic, "part": part, "topic_id": "", "off": -1, "hash": b"", **counters}
    insert_missing(connection, schema.cursor, [row])


def offsets(connection: Connection, job: str) -> dict[tuple[str, int], int]:
    """Last applied offset by topic and partition."""
    row = schema.cursor.c
    found = connection.execute(select(row.topic, row.part, row.off).where(row.job == job))
    return {(topic, part): offset for topic, part, offset in found}


def slowest(connection: Connection, job: str) -> dict[str, int]:
    """By topic, what the slowest partition's clock shows, epoch ms; it may have gone on since, but never goes back.

    A topic is left out while nothing of one of its partitions was read. A worker makes the rows of all partitions
    before it reads anything, so that none is overlooked.
    """
    row = schema.cursor.c
    query = select(row.topic, func.min(row.appended_ms)).where(row.job == job).group_by(row.topic)
    return dict(connection.execute(query.having(func.min(row.off) >= 0)).all())


def advance(connection: Connection, before: Position, step: Advance) -> None:
    """Move the cursor.

    Raises:
        CursorMoved: it did not stand at `before`.
    """
    row = schema.cursor.c
    newest = case((row.newest_event_s > step.newest_event_s, row.newest_event_s), else_=step.newest_event_s)
    moved = connection.execute(
        update(schema.cursor)
        .where(_at(before.job, before.topic, before.part), row.off == before.offset, row.hash == before.hash)
        .values(
            off=step.after.offset,
            hash=step.after.hash,
            appended_ms=step.after.appended_ms,
            records=row.records + step.records,
            duplicates=row.duplicates + step.duplicates,
            rejected=row.rejected + step.rejected,
            synthetic=row.synthetic + step.synthetic,
            newest_event_s=newest,
        )
    )
    if moved.rowcount != 1:
        raise CursorMoved(f"{before.topic}/{before.part} does not stand at {before.offset} any more")


def mark_complete(connection: Connection, at: tuple[str, str, int], offset: int, at_ms: int) -> None:
    """Everything appended before `at_ms` stands at or before `offset`; ignored while `offset` is not applied.

    Args:
        at: job, topic, partition.
    """
    row = schema.cursor.c
    where = and_(_at(*at), row.off >= offset, row.complete_ms < at_ms)
    connection.execute(update(schema.cursor).where(where).values(complete_ms=at_ms))


def bind_topic(connection: Connection, at: Position, topic_id: str) -> None:
    """Remember which topic the records come from."""
    connection.execute(update(schema.cursor).where(_at(at.job, at.topic, at.part)).values(topic_id=topic_id))


def _at(job: str, topic: str, part: int) -> ColumnElement[bool]:
    row = schema.cursor.c
    return and_(row.job == job, row.topic == topic, row.part == part)
