"""The worker's side of the store: cursor and effects change together, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from itertools import islice

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, and_, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from cityhub.kpi.definition import MAX_TERMS
from cityhub.kpi.kernel.evaluate import BucketKey, Decoded, Delta, Effect, Evaluator, Record, Verdict, decode_records
from cityhub.kpi.store import schema
from cityhub.kpi.store.database import Database

_LIMB_BITS = 32
_LIMB_MASK = (1 << _LIMB_BITS) - 1
_IDS_PER_QUERY = 16_000
MAX_DEAD_PAYLOAD = 1 << 20


class GapInLog(Exception):  # noqa: N818 - the log's state, judged by the worker
    """The batch does not continue where the store stands: records between them are missing."""


class Position(Struct, frozen=True):
    """Where the store stands in one partition: last applied offset (-1 = none) and that record's hash."""

    offset: int
    hash: bytes


class KpiWriter:
    """Applies batches of one job (= consumer group) to the store."""

    def __init__(self, database: Database, evaluator: Evaluator, job: str) -> None:
        self._database = database
        self._evaluator = evaluator
        self._job = job

    def position(self, topic: str, part: int) -> Position:
        """Where to continue; the row is created at the first question."""
        with self._database.begin() as connection:
            row = connection.execute(
                select(schema.cursor.c.off, schema.cursor.c.hash).where(self._at(topic, part))
            ).one_or_none()
            if row is None:
                connection.execute(insert(schema.cursor), [_new_cursor(self._job, topic, part)])
                return Position(-1, b"")
            return Position(row.off, row.hash)

    def apply(self, topic: str, part: int, records: Sequence[Record]) -> int:
        """Apply one batch in one transaction.

        Args:
            records: in offset order, without holes.

        Returns:
            Number of records applied; 0 for a replay of what the store has.

        Raises:
            GapInLog: the batch starts after the cursor's next offset; nothing was changed.
            StoreUnavailable: nothing was changed; the same batch may be applied again.
        """
        first, last = records[0].offset, records[-1].offset
        if last - first + 1 != len(records):
            raise GapInLog(f"{topic}/{part}: the batch {first} to {last} has only {len(records)} records")
        decoded, refused = decode_records(records)
        where = self._at(topic, part)
        with self._database.begin() as connection:
            cursor = connection.execute(select(schema.cursor).where(where)).one()
            if first > cursor.off + 1:
                raise GapInLog(f"{topic}/{part}: the store stands at offset {cursor.off}, the log goes on at {first}")
            new = [record for record in records if record.offset > cursor.off]
            if not new:
                return 0
            decoded = [item for item in decoded if item.record.offset > cursor.off]
            effect = self._evaluator.evaluate(decoded, lambda ids: _known(connection, ids))
            verdicts = [item for item in refused if item.record.offset > cursor.off] + effect.verdicts
            _advance(connection, where, new, before=cursor.off, effect=effect, rejected=len(verdicts))
            _write_seen(connection, part, effect.fresh)
            _write_buckets(connection, f"{topic}/{part}", effect.deltas)
            _write_verdicts(connection, topic, part, verdicts)
            return len(new)

    def mark_complete(self, topic: str, part: int, offset: int, at_ms: int) -> None:
        """Note that everything appended before `at_ms` stands at or before `offset`, so that quiet streams settle.

        Ignored while the store has not applied `offset`.
        """
        with self._database.begin() as connection:
            connection.execute(
                update(schema.cursor)
                .where(self._at(topic, part), schema.cursor.c.off >= offset)
                .values(complete_ms=at_ms)
            )

    def _at(self, topic: str, part: int) -> ColumnElement[bool]:
        row = schema.cursor.c
        return and_(row.job == self._job, row.topic == topic, row.part == part)


def _advance(
    connection: Connection,
    where: ColumnElement[bool],
    new: Sequence[Record],
    *,
    before: int,
    effect: Effect,
    rejected: int,
) -> None:
    row = schema.cursor.c
    newest = max((int(item.event.time.timestamp()) for item in effect.fresh), default=0)
    moved = connection.execute(
        update(schema.cursor)
        .where(where, row.off == before)
        .values(
            off=new[-1].offset,
            hash=record_hash(new[-1].value),
            appended_ms=func.max(row.appended_ms, max(record.append_ms for record in new)),
            records=row.records + len(new),
            duplicates=row.duplicates + effect.duplicates,
            rejected=row.rejected + rejected,
            synthetic=row.synthetic + sum(item.event.synthetic for item in effect.fresh),
            newest_event_s=func.max(row.newest_event_s, newest),
        )
    )
    if moved.rowcount != 1:
        raise GapInLog(f"the cursor moved away from {before} while its batch was applied; another process owns it")


def record_hash(value: bytes) -> bytes:
    """What the cursor remembers of its last record."""
    return hashlib.blake2b(value, digest_size=16).digest()


def _new_cursor(job: str, topic: str, part: int) -> dict[str, object]:
    counters = dict.fromkeys(
        ("appended_ms", "complete_ms", "records", "duplicates", "rejected", "synthetic", "newest_event_s"), 0
    )
    return {"job": job, "topic": topic, "part": part, "off": -1, "hash": b"", **counters}


def _known(connection: Connection, ids: Collection[bytes]) -> dict[bytes, bytes]:
    """Content of the ids that were counted before, in as few statements as the driver allows."""
    found: dict[bytes, bytes] = {}
    waiting = iter(ids)
    while chunk := list(islice(waiting, _IDS_PER_QUERY)):
        marks = ",".join("?" * len(chunk))
        rows = connection.exec_driver_sql(f"select id_key, content from seen where id_key in ({marks})", tuple(chunk))  # noqa: S608
        found.update((row[0], row[1]) for row in rows)
    return found


def _write_seen(connection: Connection, part: int, fresh: Iterable[Decoded]) -> None:
    rows = [(item.id_key, item.content, part, item.record.offset) for item in fresh]
    if rows:
        connection.exec_driver_sql("insert into seen (id_key, content, part, off) values (?, ?, ?, ?)", rows)


def _bucket_upsert() -> str:
    names = [*(f"v{i}" for i in range(MAX_TERMS)), *(f"d{i}" for i in range(schema.LIMBS)), "n", "synthetic_n"]
    keys = ["kpi", "version", "grain_start", "scope", "dims", "writer"]
    added = ", ".join(f"{name} = {name} + excluded.{name}" for name in names)
    marks = ", ".join("?" * (len(keys) + len(names)))
    return f"insert into bucket ({', '.join(keys + names)}) values ({marks}) on conflict do update set {added}"  # noqa: S608


_BUCKET_UPSERT = _bucket_upsert()


def _write_buckets(connection: Connection, writer: str, deltas: dict[BucketKey, Delta]) -> None:
    if not deltas:
        return
    rows = []
    for key, delta in deltas.items():
        values = [*delta.values, *([0] * (MAX_TERMS - len(delta.values)))]
        rows.append((*key, writer, *values, *limbs(delta.digest), delta.n, delta.synthetic_n))
    connection.exec_driver_sql(_BUCKET_UPSERT, rows)
    connection.execute(upsert(schema.dirty).on_conflict_do_nothing(), [key._asdict() for key in deltas])


def limbs(digest: int) -> list[int]:
    """The digest's 32-bit parts, lowest first; sums of parts of many buckets stay below 2^63."""
    return [(digest >> (_LIMB_BITS * index)) & _LIMB_MASK for index in range(schema.LIMBS)]


def from_limbs(parts: Sequence[int]) -> int:
    """The 128-bit digest from summed parts."""
    return sum(part << (_LIMB_BITS * index) for index, part in enumerate(parts)) & ((1 << 128) - 1)


def _write_verdicts(connection: Connection, topic: str, part: int, verdicts: Sequence[Verdict]) -> None:
    rows = [
        {
            "topic": topic,
            "part": part,
            "off": item.record.offset,
            "reason": item.reason,
            "detail": item.detail[:500],
            "event_id": item.event_id[:256],
            "appended_ms": item.record.append_ms,
            "payload": item.record.value[:MAX_DEAD_PAYLOAD],
        }
        for item in verdicts
    ]
    if rows:
        connection.execute(insert(schema.verdict), rows)
