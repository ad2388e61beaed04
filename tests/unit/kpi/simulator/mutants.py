"""Engines that are wrong on purpose, each in one place. A simulator that lets one through proves nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from unittest.mock import patch

from msgspec.structs import replace
from sqlalchemy import Connection, delete, update

from cityhub.kpi.kernel import program
from cityhub.kpi.kernel.effect import Evaluator
from cityhub.kpi.kernel.record import LogRecord, Reason, Row, TopicReader
from cityhub.kpi.store import buckets, cursors, schema, touched, writer
from cityhub.kpi.store.cursors import Advance, CursorMoved, Position
from cityhub.kpi.store.dedup import SeenIds, Staged
from cityhub.kpi.store.series import SeriesIds
from cityhub.kpi.store.tenure import Tenure
from cityhub.kpi.store.writer import KpiWriter
from tests.unit.kpi.simulator import mutants_of_cells
from tests.unit.kpi.simulator.actors import Worker
from tests.unit.kpi.simulator.log import Partition
from tests.unit.kpi.simulator.mutation import MUTANTS, mutant, mutated
from tests.unit.kpi.simulator.run import store

__all__ = ["MUTANTS", "mutants_of_cells", "mutated"]


@mutant
def no_compare_and_set() -> Iterator[None]:
    real = cursors.advance

    def advance(connection: Connection, before: Position, step: Advance) -> None:
        try:
            real(connection, before, step)
        except CursorMoved:
            moved = update(schema.cursor).where(cursors._AT).values(off=step.after.offset, hash=step.after.hash)
            connection.execute(moved, cursors._at(before.job, before.topic, before.part))

    with patch.object(cursors, "advance", advance):
        yield


@mutant
def acknowledged_before_the_commit() -> Iterator[None]:
    """And begins where Kafka's committed offset stands."""

    def apply(self: Worker, at: Partition) -> None:
        batch = self.fetched[at][0]
        self.acknowledge(at, batch)
        self.writer.apply(*at, batch)

    def start(self: Worker, at: Partition) -> int:
        self.writer.position(*at)
        return self._kafka[at]

    with patch.object(Worker, "apply", apply), patch.object(Worker, "start", start):
        yield


@mutant
def ids_in_their_own_transaction() -> Iterator[None]:
    real_stage, real_commit = SeenIds.stage, SeenIds.commit

    def stage(_: SeenIds, __: Connection, *arguments: Any, **more: Any) -> Any:
        return arguments, more

    def commit(self: SeenIds, staged: Any) -> None:
        with store().begin() as connection:
            arguments, more = staged
            written = real_stage(self, connection, *arguments, **more)
        real_commit(self, written)

    with patch.object(SeenIds, "stage", stage), patch.object(SeenIds, "commit", commit):
        yield


@mutant
def memory_before_the_commit_and_kept_across_rollback() -> Iterator[None]:
    """Either alone does no harm: the other one catches it."""
    real_stage, real_commit = SeenIds.stage, SeenIds.commit

    def stage(self: SeenIds, *arguments: Any, **more: Any) -> Staged:
        staged = real_stage(self, *arguments, **more)
        real_commit(self, staged)
        return staged

    def commit(_: SeenIds, __: Staged) -> None:
        pass

    def forget(_: KpiWriter, __: str, ___: int) -> None:
        pass

    with (
        patch.object(SeenIds, "stage", stage),
        patch.object(SeenIds, "commit", commit),
        patch.object(KpiWriter, "forget", forget),
    ):
        yield


@mutant
def cache_kept_when_the_partition_comes_back() -> Iterator[None]:
    with patch.object(KpiWriter, "forget", lambda *_: None):
        yield


@mutant
def series_remembered_across_rollback() -> Iterator[None]:
    real = SeriesIds.write_new

    def write_new(self: SeriesIds, connection: Connection) -> None:
        real(self, connection)
        self._new.clear()

    with patch.object(SeriesIds, "write_new", write_new):
        yield


@mutant
def sums_in_floats() -> Iterator[None]:
    real = buckets.limbs
    with patch.object(buckets, "limbs", lambda digest: real(int(float(digest)))):
        yield


@mutant
def digest_without_its_modulus() -> Iterator[None]:
    with patch.object(buckets, "DIGEST_MOD", 1 << 256):
        yield


@mutant
def hour_begins_a_millisecond_late() -> Iterator[None]:
    real = program._place
    with patch.object(program, "_place", lambda plan, source: real(plan, source).replace("t //", "(t - 1) //")):
        yield


@mutant
def verdicts_outside_the_transaction() -> Iterator[None]:
    real_write, real_committed = writer.write_verdicts, writer.Batch.committed
    waiting: list[tuple[Any, ...]] = []

    def committed(self: Any) -> None:
        rows = list(waiting)
        waiting.clear()
        with store().begin() as connection:
            for row in rows:
                real_write(connection, *row)
        real_committed(self)

    def write(_: Connection, *row: Any, **_more: Any) -> None:
        waiting[:] = [row]

    with patch.object(writer, "write_verdicts", write), patch.object(writer.Batch, "committed", committed):
        yield


@mutant
def verdict_forgotten() -> Iterator[None]:
    real = writer.write_verdicts

    def write(connection: Connection, topic: str, part: int, verdicts: Sequence[Any], **more: Any) -> None:
        real(connection, topic, part, [one for one in verdicts if one.reason is not Reason.ID_REUSE], **more)

    with patch.object(writer, "write_verdicts", write):
        yield


@mutant
def cursor_ahead_of_the_log() -> Iterator[None]:
    real = Position.after

    def after(self: Position, records: Sequence[LogRecord]) -> Position:
        found = real(self, records)
        return replace(found, offset=found.offset + 1)

    with patch.object(Position, "after", after):
        yield


@mutant
def poison_refuses_its_neighbours() -> Iterator[None]:
    def failing(_: Evaluator, rows: Sequence[Row]) -> dict[int, Exception]:
        return {row.digest: ValueError("in one pot") for row in rows}

    with patch.object(Evaluator, "_failing", failing):
        yield


@mutant
def id_of_a_refused_event_taken() -> Iterator[None]:
    real = writer.Batch._counted

    def counted(self: Any, connection: Connection) -> Any:
        count, effect, found = real(self, connection)
        bad = {verdict.record.offset for verdict in count.verdicts if verdict.reason is Reason.PROCESSING}
        refused = [row for row in self._rows if row.record.offset in bad]
        return count, effect._replace(rows=[*effect.rows, *refused]), found

    with patch.object(writer.Batch, "_counted", counted):
        yield


@mutant
def horizon_a_millisecond_longer() -> Iterator[None]:
    real = TopicReader.__init__

    def init(self: TopicReader, *arguments: Any) -> None:
        real(self, *arguments)
        self._horizon_ms = {type_: horizon + 1 for type_, horizon in self._horizon_ms.items()}
        self._shortest_ms += 1

    with patch.object(TopicReader, "__init__", init):
        yield


@mutant
def touched_rows_deleted_unread() -> Iterator[None]:
    def everything(table: Any) -> Any:
        statement = delete(table)
        statement.where = lambda *_: statement  # type: ignore[method-assign]
        return statement

    with patch.object(touched, "delete", everything):
        yield


@mutant
def publisher_without_fence() -> Iterator[None]:
    with patch.object(Tenure, "check", lambda *_: None):
        yield
