"""Cursors: how far a job has come in each partition. They move with the effects, by compare-and-set."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import BigInteger, ColumnElement, Connection, and_, bindparam, case, func, select, text, update

from cityhub.kpi.kernel.record import LogRecord
from cityhub.kpi.store import schema
from cityhub.kpi.store.dialect import insert_missing

BACKFILLS = "kpi/"
"""Jobs of this name's beginning are no consumer groups: they fill a new version of a KPI (`backfill`)."""


class CursorMoved(Exception):  # noqa: N818 - a finding
    """The cursor does not stand where memory believed; nothing was changed."""


class Position(Struct, frozen=True):
    """Where a job stands in a partition.

    Attributes:
        writer: number that stands for job, topic and partition in bucket rows.
        offset: last applied record, −1 = none; hash: that record's; appended_ms: running maximum of append times.
        topic_id: Kafka's id of the topic the records came from, "" = not known yet.
        generation: changes when other versions of definitions are counted.
    """

    job: str
    topic: str
    part: int
    writer: int
    offset: int
    hash: bytes
    appended_ms: int
    topic_id: str
    generation: int = 0

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


_row = schema.cursor.c
_AT = and_(_row.job == bindparam("at_job"), _row.topic == bindparam("at_topic"), _row.part == bindparam("at_part"))
_POSITION = select(_row.id, _row.off, _row.hash, _row.appended_ms, _row.topic_id, _row.generation).where(_AT)
_EVENT_S = bindparam("event_s", type_=BigInteger)
_ADVANCE = (
    update(schema.cursor)
    .where(
        _AT,
        _row.off == bindparam("was_off"),
        _row.hash == bindparam("was_hash"),
        _row.generation == bindparam("was_generation"),
    )
    .values(
        off=bindparam("to_off"),
        hash=bindparam("to_hash"),
        appended_ms=bindparam("to_ms"),
        records=_row.records + bindparam("more_records"),
        duplicates=_row.duplicates + bindparam("more_duplicates"),
        rejected=_row.rejected + bindparam("more_rejected"),
        synthetic=_row.synthetic + bindparam("more_synthetic"),
        newest_event_s=case((_row.newest_event_s > _EVENT_S, _row.newest_event_s), else_=_EVENT_S),
    )
)
_SLOWEST = (
    select(_row.topic, func.min(_row.appended_ms))
    .where(_row.job == bindparam("at_job"))
    .group_by(_row.topic)
    .having(func.min(_row.off) >= 0)
)
"""Statements of the hot path are built once: building costs more than SQLite takes to carry them out."""


def position(connection: Connection, job: str, topic: str, part: int) -> Position:
    """The cursor; made when it is not there yet."""
    found = connection.execute(_POSITION, _at(job, topic, part)).one_or_none()
    if found is None:
        _create(connection, job, topic, part)
        found = connection.execute(_POSITION, _at(job, topic, part)).one()
    return Position(job, topic, part, found[0], found[1], bytes(found[2]), *found[3:])


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
    return dict(connection.execute(_SLOWEST, {"at_job": job}).all())


def advance(connection: Connection, before: Position, step: Advance) -> None:
    """Move the cursor.

    Raises:
        CursorMoved: it did not stand at `before`, or other versions are counted since.
    """
    values = {
        **_at(before.job, before.topic, before.part),
        "was_off": before.offset,
        "was_hash": before.hash,
        "was_generation": before.generation,
        "to_off": step.after.offset,
        "to_hash": step.after.hash,
        "to_ms": step.after.appended_ms,
        "more_records": step.records,
        "more_duplicates": step.duplicates,
        "more_rejected": step.rejected,
        "more_synthetic": step.synthetic,
        "event_s": step.newest_event_s,
    }
    moved = connection.execute(_ADVANCE, values)
    if moved.rowcount != 1:
        raise CursorMoved(f"{before.topic}/{before.part} does not stand at {before.offset} any more")


def mark_complete(connection: Connection, at: tuple[str, str, int], offset: int, at_ms: int) -> None:
    """Everything appended before `at_ms` stands at or before `offset`; ignored while `offset` is not applied.

    Args:
        at: job, topic, partition.
    """
    where = and_(_AT, _row.off >= offset, _row.complete_ms < at_ms)
    connection.execute(update(schema.cursor).where(where).values(complete_ms=at_ms), _at(*at))


def bind_topic(connection: Connection, at: Position, topic_id: str) -> None:
    """Remember which topic the records come from."""
    connection.execute(update(schema.cursor).where(_AT).values(topic_id=topic_id), _at(at.job, at.topic, at.part))


def live() -> ColumnElement[bool]:
    """Which cursors are those of consumer groups, and no back-fill's."""
    return func.substr(schema.cursor.c.job, 1, len(BACKFILLS)) != BACKFILLS


def hold_all(connection: Connection) -> None:
    """Until the transaction ends no other one moves or makes a cursor; those that have done so are waited for.

    On SQLite the transaction is the only one that writes anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("lock table cursor in share row exclusive mode"))


def next_generation(connection: Connection, job: str) -> None:
    """Make every worker of the job read decisions before it moves a cursor again."""
    row = schema.cursor.c
    connection.execute(update(schema.cursor).where(row.job == job).values(generation=row.generation + 1))


def _at(job: str, topic: str, part: int) -> dict[str, object]:
    return {"at_job": job, "at_topic": topic, "at_part": part}
