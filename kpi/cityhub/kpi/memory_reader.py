"""A read service without a store: for tests and for looking at the dashboard. Answers as `SqlReader` does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import structs

from cityhub.kpi.definition import Catalogue
from cityhub.kpi.guard import refuse_as_of
from cityhub.kpi.health.day import SourceDay
from cityhub.kpi.health.kpi import NOTHING_SEEN, Health, SourceHealths
from cityhub.kpi.masterplan.model import Masterplan, Measure
from cityhub.kpi.masterplan.reading import own_masterplan
from cityhub.kpi.reader import Ask, anchor_of, read_health
from cityhub.kpi.targets import TargetRecord, records_of
from cityhub.kpi.values import Decision, KpiValue, StreamState, WindowKind

_ALWAYS = datetime.min.replace(tzinfo=UTC)


class InMemoryReader:
    """`KpiReader` over the values it was given; putting a window again replaces it.

    Attributes:
        days: what `source_days` says, at every instant.
        recorded: targets besides those of the definitions. imports: measures of the masterplan, by programme.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        streams: Sequence[StreamState] = (),
        decisions: Sequence[Decision] = (),
        healths: SourceHealths = NOTHING_SEEN,
    ) -> None:
        self._catalogue = catalogue
        self._streams = streams
        self._decisions = decisions
        self._source_healths = healths
        self.days: Mapping[str, SourceDay] = {}
        self.recorded: list[TargetRecord] = []
        self.imports: dict[str, Sequence[Measure]] = {}
        self._values: dict[tuple[object, ...], KpiValue] = {}
        self._put: list[tuple[datetime, KpiValue]] = []

    def put(self, values: Iterable[KpiValue], at: datetime = _ALWAYS) -> None:
        """Publish windows; instants of publication do not go back."""
        for value in values:
            self._values[(*_window(value), value.definition_version)] = value
            self._put.append((at, value))

    @property
    def catalogue(self) -> Catalogue:
        return self._catalogue

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
        """See `KpiReader.latest`."""
        found = [
            value
            for value in self._of(kpi_id, window, scope, version)
            if value.dimensions == dict(dimensions or {}) and (ended_by is None or value.end <= ended_by)
        ]
        return found[-1] if found else None

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
        """See `KpiReader.series`."""
        wanted = dict(dimensions or {})
        found = self._of(kpi_id, window, scope, version)
        return [value for value in found if value.dimensions == wanted and start <= anchor_of(value) < end][:limit]

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
        """See `KpiReader.as_of`."""
        refuse_as_of(self._catalogue[kpi_id])
        then = InMemoryReader(self._catalogue)
        then.put(value for since, value in self._put if since <= at.replace(second=59, microsecond=999_999))
        found = [
            value
            for value in then._of(kpi_id, window, scope)
            if value.dimensions == dict(dimensions or {})
            and (value.end <= at if anchor is None else anchor_of(value) == anchor)
        ]
        return structs.replace(found[-1], revision=0, late_n=0) if found else None

    def read(self, asks: Sequence[Ask]) -> Sequence[Sequence[KpiValue]]:
        """See `KpiReader.read`."""
        return [self._answer(ask) for ask in asks]

    def _answer(self, ask: Ask) -> Sequence[KpiValue]:
        found = [
            value
            for value in self._of(ask.kpi_id, ask.window, ask.scope)
            if not value.dimensions
            and (ask.start is None or anchor_of(value) >= ask.start)
            and (ask.end is None or anchor_of(value) < ask.end)
        ]
        return found[: ask.limit] if ask.oldest else found[-ask.limit :]

    def breakdown(
        self, kpi_id: str, window: WindowKind, anchor: datetime, dimension: str, *, scope: str = "city"
    ) -> Sequence[KpiValue]:
        """See `KpiReader.breakdown`."""
        found = [
            v for v in self._of(kpi_id, window, scope) if anchor_of(v) == anchor and [*v.dimensions] == [dimension]
        ]
        return sorted(found, key=lambda value: value.dimensions[dimension])

    def decisions(self, kpi_id: str) -> Sequence[Decision]:
        """See `KpiReader.decisions`."""
        return [one for one in self._decisions if one.kpi_id == self._catalogue[kpi_id].id]

    def targets(self) -> Mapping[str, Sequence[TargetRecord]]:
        """See `KpiReader.targets`."""
        stored = {one.id: [record for record in self.recorded if record.kpi_id == one.id] for one in self._catalogue}
        return {one.id: records_of(one, stored[one.id]) for one in self._catalogue}

    def masterplan(self) -> Masterplan:
        """See `KpiReader.masterplan`."""
        return own_masterplan().with_imports(self.imports)

    def streams(self) -> Sequence[StreamState]:
        """See `KpiReader.streams`."""
        return self._streams

    def source_healths(self, at: datetime | None = None) -> SourceHealths:
        """See `KpiReader.source_healths`; the same at every instant."""
        return structs.replace(self._source_healths, at=at or self._source_healths.at)

    def source_days(self, _: datetime) -> Mapping[str, SourceDay]:
        """See `KpiReader.source_days`."""
        return self.days

    def health(self, kpi_id: str, at: datetime | None = None) -> Health:
        """See `KpiReader.health`."""
        return read_health(self, kpi_id, at)

    def _of(self, kpi_id: str, window: WindowKind, scope: str, version: int | None = None) -> list[KpiValue]:
        known = self._catalogue[kpi_id].id
        found = [v for v in self._values.values() if (v.kpi_id, v.window, v.scope) == (known, window, scope)]
        if version is not None:
            found = [value for value in found if value.definition_version == version]
        newest = {_window(value): value for value in sorted(found, key=lambda value: value.definition_version)}
        return sorted(newest.values(), key=lambda value: value.end)


def _window(value: KpiValue) -> tuple[object, ...]:
    return (value.kpi_id, value.window, value.end, value.scope, *sorted(value.dimensions.items()))
