"""Counting a version of a KPI that is not live: the same merges under a job of its own.

What is counted is what the live job counts. It has judged every record; its refusals are obeyed, none is written again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from cityhub.kpi.errors import KpiError
from cityhub.kpi.kernel.effect import Evaluator
from cityhub.kpi.kernel.label import Reason
from cityhub.kpi.kernel.record import LogRecord
from cityhub.kpi.store import schema
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.dedup import Answer
from cityhub.kpi.store.tenure import Fence
from cityhub.kpi.store.touched import Touch, write_marks
from cityhub.kpi.store.windows import Place
from cityhub.kpi.store.writer import Batch, Count, Held, KpiWriter, unread


class Unbearable(KpiError):  # noqa: N818 - a finding
    """A record that the live job has counted cannot be counted by the version; the message names it."""


class FillWriter(KpiWriter):
    """Applies batches to a version that is being filled.

    Args:
        fence: checked in every transaction.

    Attributes:
        touched: buckets that were changed, as far as somebody has begun to ask; None = nobody has.
    """

    def __init__(self, database: Database, evaluator: Evaluator, job: str, fence: Fence) -> None:
        super().__init__(database, evaluator, job)
        self._fence = fence
        self.touched: set[Place] | None = None

    def open(self, topic: str, part: int) -> int:
        """Make the cursor and read what belongs to it, unless that is known; last applied offset."""
        held = self._held.get((topic, part)) or self._load(topic, part)
        return held.position.offset

    def stands(self, topic: str, part: int) -> int | None:
        """Last applied offset of a partition that is open, None = it is not."""
        held = self._held.get((topic, part))
        return None if held is None else held.position.offset

    def apply_within(self, connection: Connection, topic: str, part: int, records: Sequence[LogRecord]) -> None:
        """As `apply`, in the caller's transaction, of a partition that is open.

        Whoever does not commit calls `start_over`.
        """
        held = self._held[topic, part]
        batch = self._batch(held, unread(held.position, records))
        batch.write(connection, topic, part)
        batch.committed()

    def start_over(self) -> None:
        """Forget everything: memory may know what was not committed."""
        self._count_by(self._evaluator)

    def _batch(self, held: Held, records: Sequence[LogRecord]) -> Batch:
        return _FillBatch(self._evaluator, self._buckets, self._cells, held, records)

    def _note(
        self, connection: Connection, writer: int, offset: int, touches: Mapping[Reason, Sequence[Touch]]
    ) -> None:
        self._fence(connection)
        write_marks(connection, writer, offset, touches)
        if self.touched is not None:
            self.touched.update(Place(*touch[:2]) for found in touches.values() for touch in found)


class _FillBatch(Batch):
    """A batch of a version that is being filled."""

    def _unseen(self, connection: Connection, poison: Mapping[int, Exception]) -> Count:
        """The events that the live job has counted: dedup by itself, refusals as stored.

        Raises:
            Unbearable: one cannot be read any more, or makes the version fail.
        """
        at = self._held.position
        refused = _refused(connection, at.topic, at.part, self._records[0].offset, self._records[-1].offset)
        for verdict in self._verdicts:
            if verdict.record.offset not in refused:
                raise Unbearable(_told(at.topic, at.part, verdict.record.offset, f"{verdict.reason}: {verdict.detail}"))
        rows = [row for row in self._rows if row.record.offset not in refused]
        for row in rows:
            if row.digest in poison:
                raise Unbearable(_told(at.topic, at.part, row.record.offset, repr(poison[row.digest])))
        answers = self._held.seen.verdicts(connection, [row.key for row in rows], [row.content for row in rows])
        fresh = [row for row, answer in zip(rows, answers, strict=True) if answer != Answer.DUPLICATE]
        return Count(fresh, [], len(rows) - len(fresh))


def _refused(connection: Connection, topic: str, part: int, first: int, last: int) -> set[int]:
    row = schema.verdict.c
    query = select(row.off).where(row.topic == topic, row.part == part, row.off.between(first, last))
    return set(connection.scalars(query))


def _told(topic: str, part: int, offset: int, error: str) -> str:
    return (
        f"{topic}/{part} offset {offset}, which is counted live, cannot be counted by this version: {error}. "
        "Correct the definition and activate it again"
    )
