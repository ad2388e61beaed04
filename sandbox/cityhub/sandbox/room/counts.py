"""What counts a tenant's log: the city's KPIs in one store, the tenant's own in another, each by the city's engine."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from cityhub.kpi.definition import Catalogue, KpiDefinition
from cityhub.kpi.proof.service import Proofs
from cityhub.kpi.reader import KpiReader
from cityhub.kpi.store.outbox import DeadLetter
from cityhub.sandbox.errors import UnknownThing
from cityhub.sandbox.room.comparison import Comparison, compare
from cityhub.sandbox.room.engine import TenantEngine
from cityhub.sandbox.room.log import Record, TenantLog
from cityhub.sandbox.room.spec import Spec
from cityhub.sdk.text import Text

_CITY, _OWN = "city", "own"


class Counts:
    """Both stores.

    Args:
        city: KPIs that a tenant sees.
        specs: its own ones.
    """

    def __init__(self, folder: Path, city: Catalogue, log: TenantLog, specs: Sequence[Spec]) -> None:
        self._folder = folder
        self._city = city
        self._log = log
        self.specs = tuple(specs)
        self._own: TenantEngine | None = None
        self._open()

    def take(self, topic: str, records: Sequence[Record]) -> None:
        """Count what the log has got."""
        for engine in self._engines():
            engine.apply(topic, records)

    def publish(self, now_ms: int) -> None:
        """Bring values up to date and tell the log which have changed, and which events were refused."""
        for engine in self._engines():
            self._publish(engine, now_ms)

    def count_own(self, specs: Sequence[Spec], now_ms: int) -> None:
        """From now on these are the tenant's own KPIs; all of them count the log anew."""
        if self._own is not None:
            self._own.close()
        shutil.rmtree(self._folder / _OWN, ignore_errors=True)
        self.specs = tuple(specs)
        self._own = self._opened_own()
        if self._own is not None:
            self._publish(self._own, now_ms)

    def own(self) -> tuple[str, ...]:
        """Ids of the tenant's own KPIs."""
        return tuple(one.definition.id for one in self.specs)

    def spec(self, kpi_id: str) -> Spec:
        """An own KPI.

        Raises:
            UnknownThing: there is none of that id.
        """
        for one in self.specs:
            if one.definition.id == kpi_id:
                return one
        own = ", ".join(self.own())
        raise UnknownThing(
            Text(
                f"Eine eigene Kennzahl „{kpi_id[:40]}“ gibt es nicht; es gibt {own or 'keine'}.",
                f"no own KPI {kpi_id[:40]!r}; there are {own or 'none'}",
            )
        )

    def reader(self, kpi_id: str) -> KpiReader:
        """What reads a KPI; one that nobody counts is looked for among the city's."""
        return self._engine(kpi_id).reader

    def proofs(self, kpi_id: str) -> Proofs:
        """What opens a KPI's numbers."""
        return self._engine(kpi_id).proofs(self._log)

    def compare(self, own: str, city: str, span: tuple[datetime, datetime]) -> Comparison:
        """See `comparison.compare`; UnknownThing: no such own KPI."""
        self.spec(own)
        return compare((self.reader(own), self._theirs.reader), own, city, span)

    def digest(self) -> str:
        """SHA-256 of all numbers without labels and revisions, 64 hex digits."""
        digest = hashlib.sha256()
        for engine in self._engines():
            for key, number in sorted(engine.numbers().items()):
                digest.update(msgspec.json.encode(key) + number)
        return digest.hexdigest()

    def begin_again(self, specs: Sequence[Spec]) -> None:
        """Forget everything; the log is empty."""
        self.close()
        for name in (_CITY, _OWN):
            shutil.rmtree(self._folder / name, ignore_errors=True)
        self.specs = tuple(specs)
        self._open()

    def close(self) -> None:
        for engine in self._engines():
            engine.close()

    def _open(self) -> None:
        self._theirs = TenantEngine(self._folder / _CITY, self._city)
        self._theirs.catch_up(self._log)
        self._own = self._opened_own()

    def _opened_own(self) -> TenantEngine | None:
        if not self.specs:
            return None
        known: dict[str, KpiDefinition] = {one.definition.id: one.definition for one in self.specs}
        engine = TenantEngine(self._folder / _OWN, Catalogue(known, self._city.contracts))
        engine.catch_up(self._log)
        return engine

    def _engines(self) -> list[TenantEngine]:
        return [self._theirs] if self._own is None else [self._theirs, self._own]

    def _engine(self, kpi_id: str) -> TenantEngine:
        return self._own if self._own is not None and kpi_id in self.own() else self._theirs

    def _publish(self, engine: TenantEngine, now_ms: int) -> None:
        values, letters = engine.publish(self._log, now_ms)
        self._log.tell("value", [(one.key.kpi, now_ms, one.payload) for one in values])
        if engine is self._theirs:
            self._log.tell("refused", [(one.reason, now_ms, _refusal(one)) for one in letters])


def _refusal(letter: DeadLetter) -> bytes:
    return msgspec.json.encode({"topic": letter.topic, "offset": letter.off, "detail": letter.detail})
