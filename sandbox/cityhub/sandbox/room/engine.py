"""The city's own engine over a tenant's store, in this process: no broker, no worker, one partition per topic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from sqlalchemy import select

from cityhub.bus.archive.storage import storage_of
from cityhub.bus.archive.writer import TopicWriter
from cityhub.kpi.definition import Catalogue
from cityhub.kpi.kernel.effect import Evaluator
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.proof.service import Proofs
from cityhub.kpi.store import schema
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.judged import refusals_of
from cityhub.kpi.store.outbox import DeadLetter, Outbox, Unpublished
from cityhub.kpi.store.publishing import Publishing
from cityhub.kpi.store.renewal import decode_value
from cityhub.kpi.store.sql_reader import SqlReader
from cityhub.kpi.store.writer import KpiWriter
from cityhub.sandbox.room.log import Record, TenantLog

JOB = "sandbox"
_BATCH = 4_000


class TenantEngine:
    """Counts a tenant's events.

    Args:
        folder: what it keeps of its own: store and archive.
        catalogue: what is counted.

    Attributes:
        reader: the city's read service over this store.
    """

    def __init__(self, folder: Path, catalogue: Catalogue) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self.store = folder / "store.db"
        self.catalogue = catalogue
        self._database = Database(self.store)
        plans = [plan_of(definition) for definition in catalogue]
        evaluator = Evaluator(plans, catalogue.contracts)
        self._writer = KpiWriter(self._database, evaluator, JOB)
        self._publishing = Publishing(self._database, plans, JOB, _alone)
        self._outbox = Outbox(self._database, _alone)
        self.reader = SqlReader(self.store, catalogue)
        self.topics = frozenset(evaluator.topics)
        for topic in sorted(self.topics):
            self._writer.position(topic, 0)

    def catch_up(self, log: TenantLog) -> None:
        """Count what the log holds and the store does not know."""
        for topic in sorted(self.topics):
            for records in log.records(topic, self._writer.position(topic, 0).offset):
                self.apply(topic, records)

    def apply(self, topic: str, records: Sequence[Record]) -> None:
        """Count records that no KPI may read, too: the engine knows."""
        if topic in self.topics:
            for first in range(0, len(records), _BATCH):
                self._writer.apply(topic, 0, records[first : first + _BATCH])

    def publish(self, log: TenantLog, now_ms: int) -> tuple[list[Unpublished], list[DeadLetter]]:
        """Values that changed and records that were refused since the last time; the log is complete up to now."""
        for topic in sorted(self.topics):
            self._writer.mark_complete(topic, 0, log.end_of(topic), now_ms)
        self._publishing.refresh(now_ms)
        while self._publishing.behind:
            self._publishing.refresh(now_ms)
        values: list[Unpublished] = []
        while some := self._outbox.unpublished():
            values += some
            self._outbox.mark_published(some)
        letters = list(self._outbox.dead_letters())
        self._outbox.mark_relayed(letters)
        return values, letters

    def proofs(self, log: TenantLog) -> Proofs:
        """The city's proof service; what the log holds is archived first."""
        folder = self._folder / "archive"
        for topic in sorted(self.topics):
            writer = TopicWriter(storage_of(folder), topic, self.catalogue.contracts.of_topic(topic))
            for records in log.records(topic, (writer.next_offset(0) or 0) - 1):
                with self._database.snapshot() as connection:
                    refusals = refusals_of(connection, topic, 0, (records[0].offset, records[-1].offset))
                writer.add(0, records, refusals)
                writer.commit(records[-1].timestamp)
        return Proofs(self.store, folder, self.catalogue, job=JOB)

    def numbers(self) -> Mapping[tuple[str, ...], bytes]:
        """Every value without its label and revisions, which follow from clocks, by what it stands for."""
        row = schema.value.c
        keys = (row.kpi, row.version, row.window, row.anchor, row.scope, row.dims)
        with self._database.snapshot() as connection:
            found = connection.execute(select(*keys, row.payload)).all()
        return {tuple(map(str, key)): _number(payload) for *key, payload in found}

    def close(self) -> None:
        self._database.close()


def _number(payload: bytes) -> bytes:
    kept = decode_value(payload)
    said = (kept.value, kept.n, kept.numerator, kept.denominator, kept.digest, kept.coverage, kept.beside, kept.named)
    return msgspec.json.encode(said, order="sorted")


def _alone(_: object) -> None:
    """Nobody else writes this store."""
