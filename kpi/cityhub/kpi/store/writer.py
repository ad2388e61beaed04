"""The worker's side of the store: cursor and effects change together, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct
from sqlalchemy import Connection

from cityhub.kpi.kernel.bucket import Deltas
from cityhub.kpi.kernel.effect import Effect, Evaluator, Poisoned
from cityhub.kpi.kernel.record import LogRecord, Reason, Row, TopicReader, Verdict
from cityhub.kpi.store import cursors, tally
from cityhub.kpi.store.buckets import BucketWriter, Note
from cityhub.kpi.store.cells import Cells
from cityhub.kpi.store.cursors import Advance, CursorMoved, Position, record_hash
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.dedup import Answer, SeenIds
from cityhub.kpi.store.references import write_references
from cityhub.kpi.store.touched import write_touched
from cityhub.kpi.store.verdicts import write_verdicts


class GapInLog(Exception):  # noqa: N818 - the log's state, judged by the worker
    """The batch does not continue where the store stands: records between them are missing."""


class OtherLog(Exception):  # noqa: N818 - the log's state, judged by the worker
    """The log holds another record where the cursor stands than the one that was counted."""


class Held(Struct):
    """What memory knows of a partition. It repeats committed rows and is valid for one cursor only."""

    position: Position
    reader: TopicReader
    seen: SeenIds


class KpiWriter:
    """Applies batches of one job (= consumer group) to the store.

    Memory caches committed rows and carries the cursor it is valid for. Whatever goes wrong, it is dropped and read
    again: a partition may go to another worker and come back.

    Args:
        choose: what to count, asked whenever a cursor is read; where other versions count since, cursors have moved.
    """

    _note: Note = staticmethod(write_touched)

    def __init__(
        self,
        database: Database,
        evaluator: Evaluator,
        job: str,
        choose: Callable[[Connection], Evaluator] | None = None,
    ) -> None:
        self._database = database
        self._job = job
        self._choose = choose
        self._held: dict[tuple[str, int], Held] = {}
        self._count_by(evaluator)

    def _count_by(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._buckets = BucketWriter(evaluator.plans, self._note)
        self._cells = Cells(evaluator, self._job)
        self._held.clear()

    def position(self, topic: str, part: int) -> Position:
        """Where to continue, read anew; the row is created at the first question."""
        self.forget(topic, part)
        with self._database.begin() as connection:
            return cursors.position(connection, self._job, topic, part)

    def cursors(self) -> dict[tuple[str, int], int]:
        """Last applied offset of every partition of the job, whoever works on it."""
        with self._database.snapshot() as connection:
            return cursors.offsets(connection, self._job)

    def bind_topic(self, position: Position, topic_id: str) -> None:
        """Remember which topic a cursor's records come from."""
        with self._database.begin() as connection:
            cursors.bind_topic(connection, position, topic_id)

    def forget(self, topic: str, part: int) -> None:
        """Drop what memory knows of a partition: it has gone elsewhere, or may have."""
        self._held.pop((topic, part), None)

    def apply(self, topic: str, part: int, records: Sequence[LogRecord]) -> int:
        """Apply one batch in one transaction.

        Args:
            records: in offset order, without holes.

        Returns:
            Number of records applied; 0 for a replay of what the store has.

        Raises:
            GapInLog: the batch starts after the cursor's next offset; nothing was changed.
            OtherLog: the batch holds another record at the cursor than the store remembers; nothing was changed.
            StoreUnavailable: nothing was changed, or all of it; the same batch may be applied again.
            CursorMoved: nobody has moved the cursor, and yet it does not fit; nothing was changed.
        """
        first, last = records[0].offset, records[-1].offset
        if last - first + 1 != len(records):
            raise GapInLog(f"{topic}/{part}: the batch {first} to {last} has only {len(records)} records")
        stood: tuple[int, int] | None = None
        while True:
            held = self._held.get((topic, part))
            if held is None or first > held.position.offset + 1:  # memory may be behind: the store says what is missing
                held = self._load(topic, part)
            try:
                return self._apply(held, topic, part, records)
            except CursorMoved:  # another worker had the partition, other versions count, or a commit came unheard
                stands = held.position.generation, held.position.offset
                if stood is not None and stands <= stood:
                    raise  # nobody has moved it, and would not the next time
                stood = stands
                self.forget(topic, part)
            except BaseException:
                self.forget(topic, part)
                raise

    def mark_complete(self, topic: str, part: int, offset: int, at_ms: int) -> None:
        """Note that everything appended before `at_ms` stands at or before `offset`, so that quiet streams settle.

        Ignored while the store has not applied `offset`.
        """
        with self._database.begin() as connection:
            cursors.mark_complete(connection, (self._job, topic, part), offset, at_ms)

    def _apply(self, held: Held, topic: str, part: int, records: Sequence[LogRecord]) -> int:
        new = unread(held.position, records)
        if not new:
            return 0
        batch = self._batch(held, new)
        with self._database.begin() as connection:
            batch.write(connection, topic, part)
        batch.committed()
        return len(new)

    def _batch(self, held: Held, records: Sequence[LogRecord]) -> Batch:
        return Batch(self._evaluator, self._buckets, self._cells, held, records)

    def _load(self, topic: str, part: int) -> Held:
        with self._database.begin() as connection:
            position = cursors.position(connection, self._job, topic, part)
            evaluator = self._choose(connection) if self._choose else self._evaluator  # after the cursor
            if evaluator is not self._evaluator:
                self._count_by(evaluator)
            seen = SeenIds(self._job, topic, part, self._evaluator.horizon_ms(topic))
            seen.open(connection)
        held = self._held[topic, part] = Held(position, self._evaluator.reader(topic), seen)
        return held


class Count(NamedTuple):
    """Events that were not counted before, what is refused, and how many were repeated."""

    fresh: Sequence[Row]
    verdicts: Sequence[Verdict]
    duplicates: int


class Batch:
    """One batch on its way into the store; lives for one transaction."""

    _relay = True

    def __init__(
        self,
        evaluator: Evaluator,
        buckets: BucketWriter,
        cells: Cells,
        held: Held,
        records: Sequence[LogRecord],
    ) -> None:
        self._evaluator = evaluator
        self._buckets = buckets
        self._cells = cells
        self._held = held
        self._records = records
        self._rows, self._verdicts = held.reader.read(records, held.position.appended_ms)
        self._after = held.position.after(records)

    def write(self, connection: Connection, topic: str, part: int) -> None:
        """Everything the batch changes, cursor included.

        Raises:
            CursorMoved: memory was not valid for the cursor; nothing may be committed.
        """
        before = self._held.position
        count, effect, cells = self._counted(connection)
        self._count = count
        advance = Advance(
            after=self._after,
            records=len(self._records),
            duplicates=count.duplicates,
            rejected=len(count.verdicts),
            synthetic=sum(row.event.synthetic for row in effect.rows),
            newest_event_s=max((row.t for row in effect.rows), default=0) // 1000,
        )
        cursors.advance(connection, before, advance)
        self._staged = self._held.seen.stage(
            connection,
            [row.key for row in effect.rows],
            [row.content for row in effect.rows],
            [row.record.offset for row in effect.rows],
            first_off=self._records[0].offset,
            last_off=self._after.offset,
            newest_append_ms=self._after.appended_ms,
        )
        self._buckets.write(connection, before.writer, self._after.offset, effect.sums, cells)
        write_references(connection, effect.references)
        write_verdicts(connection, topic, part, count.verdicts, relay=self._relay)

    def _counted(self, connection: Connection) -> tuple[Count, Effect, dict[int, Deltas]]:
        """What the events change; those that make the engine fail become verdicts, and their ids stay free."""
        poison: dict[int, Exception] = {}
        while True:
            count = self._unseen(connection, poison)
            try:
                effect = self._evaluator.effect(count.fresh)
                return count, effect, self._cells.merge(connection, effect.cells)
            except Poisoned as found:
                poison |= found.errors

    def _unseen(self, connection: Connection, poison: Mapping[int, Exception]) -> Count:
        rows = [row for row in self._rows if row.digest not in poison] if poison else self._rows
        answers = self._held.seen.verdicts(connection, [row.key for row in rows], [row.content for row in rows])
        fresh: list[Row] = []
        verdicts = list(self._verdicts)
        duplicates = 0
        for row, answer in zip(rows, answers, strict=True):
            if not answer:  # `Answer.FRESH`; comparing with an enum costs as much as the whole look-up
                fresh.append(row)
            elif answer == Answer.DUPLICATE:
                duplicates += 1
            else:
                verdicts.append(_reuse(row))
        if poison:
            verdicts += self._poisoned(poison, {row.key: row.record.offset for row in fresh})
        return Count(fresh, verdicts, duplicates)

    def _poisoned(self, poison: Mapping[int, Exception], counted: Mapping[bytes, int]) -> Iterator[Verdict]:
        """Verdicts on what the engine cannot bear.

        Where an event between two of the same poison has taken the id, the second is a reuse, as it is in a batch of
        its own: reasons follow from the log.

        Args:
            counted: offsets of the fresh events, by key.
        """
        for row in self._rows:
            if row.digest in poison:
                offset = row.record.offset
                if counted.get(row.key, offset) < offset:
                    yield _reuse(row)
                else:
                    yield Verdict(row.record, Reason.PROCESSING, repr(poison[row.digest]), row.event.id)

    def committed(self) -> None:
        """Memory follows the store."""
        self._held.seen.commit(self._staged)
        self._held.position = self._after
        self._buckets.committed()
        if self._relay:
            tally.committed(self._after.topic, self._after.part, len(self._records), self._count)


def unread(before: Position, records: Sequence[LogRecord]) -> Sequence[LogRecord]:
    """The records after the cursor; errors as `KpiWriter.apply`."""
    at = f"{before.topic}/{before.part}"
    if records[0].offset > before.offset + 1:
        raise GapInLog(f"{at}: the store stands at offset {before.offset}, the log goes on at {records[0].offset}")
    known = before.offset - records[0].offset
    if 0 <= known < len(records) and record_hash(records[known].value or b"") != before.hash:
        raise OtherLog(f"{at} holds another record at offset {before.offset} than the store has read")
    return records[known + 1 :]


def _reuse(row: Row) -> Verdict:
    detail = f"id {row.event.id} was counted with other content before; a changed record needs a new id"
    return Verdict(row.record, Reason.ID_REUSE, detail, row.event.id)
