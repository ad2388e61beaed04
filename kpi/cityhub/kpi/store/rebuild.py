"""A store computed anew from archived records: the stream's own code, with verdicts as they were given then.

It is resumable as a worker is: cursors move with the effects. At its end each cursor knows the log's own last record,
so that a worker goes on where the archive ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Connection, update

from cityhub.bus.archive.columns import Refusals
from cityhub.kpi.errors import NotAsJudged
from cityhub.kpi.kernel.effect import Evaluator
from cityhub.kpi.kernel.record import LogRecord, Reason, Verdict
from cityhub.kpi.store import schema
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.dedup import Answer
from cityhub.kpi.store.writer import Batch, Count, Held, KpiWriter


class RebuildWriter(KpiWriter):
    """Applies archived records."""

    def __init__(self, database: Database, evaluator: Evaluator, job: str) -> None:
        super().__init__(database, evaluator, job)
        self._refused: Refusals = {}

    def begin(self, topic: str, part: int, start: int) -> int:
        """Offset of the first record that is to be applied; a partition begins where its archive does."""
        position = self.position(topic, part)
        if position.offset < 0 < start:
            self._move(topic, part, -1, off=start - 1)
        return max(position.offset + 1, start)

    def apply_judged(self, topic: str, part: int, records: Sequence[LogRecord], refused: Refusals) -> int:
        """As `apply`, with the verdicts on the records.

        Raises:
            NotAsJudged: a record would be refused that was counted, or the other way round; nothing was changed.
        """
        self._refused = refused
        return self.apply(topic, part, records)

    def end(self, topic: str, part: int, offset: int, hash_: str) -> None:
        """Let the cursor know the log's record at which the archive ends (BLAKE2b-128, hex)."""
        self._move(topic, part, offset, hash=bytes.fromhex(hash_))

    def _move(self, topic: str, part: int, stands: int, **values: object) -> None:
        row = schema.cursor.c
        where = (row.job == self._job) & (row.topic == topic) & (row.part == part) & (row.off == stands)
        with self._database.begin() as connection:
            connection.execute(update(schema.cursor).where(where).values(**values))
        self.forget(topic, part)

    def _batch(self, held: Held, records: Sequence[LogRecord]) -> Batch:
        batch = _JudgedBatch(self._evaluator, self._buckets, self._cells, held, records)
        batch.refused = self._refused
        return batch


class _JudgedBatch(Batch):
    """A batch whose verdicts are known."""

    refused: Refusals
    _relay = False

    def _unseen(self, connection: Connection, poison: Mapping[int, Exception]) -> Count:
        """The events that were counted; those the archive calls refused keep their verdicts.

        Raises:
            NotAsJudged: this engine judges otherwise.
        """
        rows = [row for row in self._rows if row.record.offset not in self.refused]
        answers = self._held.seen.verdicts(connection, [row.key for row in rows], [row.content for row in rows])
        judged = list(zip(rows, answers, strict=True))
        failed = {row.record.offset: repr(poison[row.digest]) for row in rows if row.digest in poison}
        failed |= {one.record.offset: f"{one.reason}: {one.detail}" for one in self._verdicts}
        failed |= {row.record.offset: "its id was reused" for row, answer in judged if answer == Answer.REUSED}
        self._agree(failed)
        fresh = [row for row, answer in judged if answer == Answer.FRESH]
        return Count(fresh, list(self._stored()), len(rows) - len(fresh))

    def _agree(self, failed: Mapping[int, str]) -> None:
        for offset in sorted(failed.keys() - self.refused.keys()):
            position = self._held.position
            raise NotAsJudged(
                f"{position.topic}/{position.part} offset {offset} was counted when it was archived, now it would be "
                f"refused: {failed[offset]}. Rebuild with the contracts and definitions of that time"
            )

    def _stored(self) -> Iterator[Verdict]:
        ids = {verdict.record.offset: verdict.event_id for verdict in self._verdicts}
        ids |= {row.record.offset: row.event.id for row in self._rows}
        for record in self._records:
            if record.offset in self.refused:
                reason, detail = self.refused[record.offset]
                yield Verdict(record, Reason(reason), detail, ids[record.offset])
