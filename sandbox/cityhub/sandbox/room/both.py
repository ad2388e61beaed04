"""The city's and the tenant's own KPIs as one catalogue: the read and proof services over both stores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from cityhub.kpi.audited import AuditState
from cityhub.kpi.definition import Catalogue
from cityhub.kpi.health.day import SourceDay
from cityhub.kpi.health.kpi import Health, SourceHealths
from cityhub.kpi.masterplan.model import Masterplan
from cityhub.kpi.proof.explain import Page
from cityhub.kpi.proof.receipt import Receipt
from cityhub.kpi.proof.service import Number, ProofReader
from cityhub.kpi.proof.shares import Share
from cityhub.kpi.reader import Ask, KpiReader, read_health
from cityhub.kpi.targets import TargetRecord
from cityhub.kpi.values import Decision, KpiValue, StreamState, WindowKind


class BothReaders:
    """`KpiReader` of a room.

    Args:
        reader: of a KPI; ids that nobody knows are the city's to refuse.
        own: ids of the tenant's own KPIs.
    """

    def __init__(self, reader: Callable[[str], KpiReader], own: Sequence[str]) -> None:
        self._reader = reader
        self._own = tuple(own)
        self._theirs = reader("")
        known = {one.id: one for one in self._theirs.catalogue} | {kpi: reader(kpi).catalogue[kpi] for kpi in own}
        self.catalogue = Catalogue(known, self._theirs.catalogue.contracts)

    def latest(
        self,
        kpi_id: str,
        window: WindowKind,
        *,
        scope: str = "city",
        dimensions: Mapping[str, str] | None = None,
        ended_by: datetime | None = None,
        version: int | None = None,
    ) -> KpiValue | None:
        """See `KpiReader`."""
        return self._reader(kpi_id).latest(
            kpi_id, window, scope=scope, dimensions=dimensions, ended_by=ended_by, version=version
        )

    def series(
        self,
        kpi_id: str,
        window: WindowKind,
        start: datetime,
        end: datetime,
        *,
        scope: str = "city",
        dimensions: Mapping[str, str] | None = None,
        limit: int = 2_000,
        version: int | None = None,
    ) -> Sequence[KpiValue]:
        """See `KpiReader`."""
        return self._reader(kpi_id).series(
            kpi_id, window, start, end, scope=scope, dimensions=dimensions, limit=limit, version=version
        )

    def as_of(
        self,
        kpi_id: str,
        window: WindowKind,
        at: datetime,
        *,
        anchor: datetime | None = None,
        scope: str = "city",
        dimensions: Mapping[str, str] | None = None,
    ) -> KpiValue | None:
        """See `KpiReader`."""
        return self._reader(kpi_id).as_of(kpi_id, window, at, anchor=anchor, scope=scope, dimensions=dimensions)

    def read(self, asks: Sequence[Ask]) -> Sequence[Sequence[KpiValue]]:
        """See `KpiReader`; one look into each store that is asked."""
        found: dict[int, Sequence[KpiValue]] = {}
        for mine in (True, False):
            numbers = [number for number, ask in enumerate(asks) if (ask.kpi_id in self._own) is mine]
            if numbers:
                answers = self._reader(asks[numbers[0]].kpi_id).read([asks[number] for number in numbers])
                found |= dict(zip(numbers, answers, strict=True))
        return [found[number] for number in range(len(asks))]

    def breakdown(
        self, kpi_id: str, window: WindowKind, anchor: datetime, dimension: str, *, scope: str = "city"
    ) -> Sequence[KpiValue]:
        """See `KpiReader`."""
        return self._reader(kpi_id).breakdown(kpi_id, window, anchor, dimension, scope=scope)

    def decisions(self, kpi_id: str) -> Sequence[Decision]:
        """See `KpiReader`."""
        return self._reader(kpi_id).decisions(kpi_id)

    def targets(self) -> Mapping[str, Sequence[TargetRecord]]:
        """See `KpiReader`."""
        found = dict(self._theirs.targets())
        for kpi in self._own:
            found |= self._reader(kpi).targets()
        return found

    def masterplan(self) -> Masterplan:
        """See `KpiReader`."""
        return self._theirs.masterplan()

    def streams(self) -> Sequence[StreamState]:
        """See `KpiReader`."""
        return self._theirs.streams()

    def source_healths(self, at: datetime | None = None) -> SourceHealths:
        """See `KpiReader`."""
        return self._theirs.source_healths(at)

    def source_days(self, until: datetime) -> Mapping[str, SourceDay]:
        """See `KpiReader`."""
        return self._theirs.source_days(until)

    def health(self, kpi_id: str, at: datetime | None = None) -> Health:
        """See `KpiReader`."""
        return read_health(self, kpi_id, at)


class BothProofs:
    """`ProofReader` of a room. Args: proofs = of a KPI."""

    def __init__(self, proofs: Callable[[str], ProofReader]) -> None:
        self._proofs = proofs

    def page(
        self, wanted: Number, *, first: int = 0, size: int = 100, excluded: bool = False, subject: str = ""
    ) -> Page:
        """See `ProofReader`."""
        return self._proofs(wanted.kpi).page(wanted, first=first, size=size, excluded=excluded, subject=subject)

    def shares(self, wanted: Number, known_for: timedelta) -> Sequence[Share]:
        """See `ProofReader`."""
        return self._proofs(wanted.kpi).shares(wanted, known_for)

    def receipt(self, wanted: Number) -> Receipt:
        """See `ProofReader`."""
        return self._proofs(wanted.kpi).receipt(wanted)

    def audits(self) -> Sequence[AuditState]:
        """See `ProofReader`; rooms are not audited."""
        return ()

    def public_key(self) -> str:
        """See `ProofReader`; receipts of rooms are not signed."""
        return ""
