"""The read service over the store's published values."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlalchemy import ColumnElement, func, select

from cityhub.kpi.definition import Catalogue
from cityhub.kpi.definition_people import SMALLEST
from cityhub.kpi.guard import refuse_as_of
from cityhub.kpi.health.day import SourceDay
from cityhub.kpi.health.kpi import Health, SourceHealths
from cityhub.kpi.kernel.groups import rounded
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.masterplan.model import Masterplan
from cityhub.kpi.masterplan.reading import own_masterplan
from cityhub.kpi.reader import Ask, read_health
from cityhub.kpi.store import schema
from cityhub.kpi.store.as_of import Line, value_as_of
from cityhub.kpi.store.asking import NEWEST, questions
from cityhub.kpi.store.cursors import live
from cityhub.kpi.store.database import ReadableStore
from cityhub.kpi.store.decisions import chosen, decisions_of
from cityhub.kpi.store.masterplan import imports
from cityhub.kpi.store.sheet import Cut
from cityhub.kpi.store.source_days import source_days
from cityhub.kpi.store.source_health import source_healths
from cityhub.kpi.store.targets import stored_targets
from cityhub.kpi.targets import TargetRecord, records_of
from cityhub.kpi.values import Decision, KpiValue, StreamState, WindowKind

_dims = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(KpiValue).decode
_CHOICE_S = 1.0


class SqlReader:
    """`KpiReader` over the store. Before a writer has made it there are no values.

    Args:
        where: the store's file, opened read-only and only once it exists, or the URL of a PostgreSQL database.
        catalogue: all versions; the store says which of them count.
        clock: monotonic seconds.
    """

    def __init__(self, where: str | Path, catalogue: Catalogue, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = ReadableStore(where)
        self._catalogue = catalogue
        self._clock = clock
        self._asked = -math.inf
        self._chosen: dict[str, int] = {}

    @property
    def catalogue(self) -> Catalogue:
        """Of the versions that count, as they were at most a second ago.

        Raises:
            VersionMissing: one that counts has no file here.
        """
        if self._clock() - self._asked >= _CHOICE_S:
            database = self._store.database()
            if database is not None:
                with database.begin() as connection:
                    found = chosen(connection)
                if found != self._chosen:
                    self._catalogue, self._chosen = self._catalogue.choosing(found), found
                self._asked = self._clock()
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
        row = schema.value.c
        where = self._where(kpi_id, window, scope, version) & (row.dims == _dims(dict(dimensions or {})).decode())
        if ended_by is not None:
            where &= row.end <= int(ended_by.timestamp())
        found = self._values(where, newest_first=True, limit=1)
        return found[0] if found else None

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
        row = schema.value.c
        where = self._where(kpi_id, window, scope, version) & (row.dims == _dims(dict(dimensions or {})).decode())
        where &= (row.anchor >= int(start.timestamp())) & (row.anchor < int(end.timestamp()))
        return self._values(where, newest_first=False, limit=limit)

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
        versions = self._catalogue.versions(kpi_id)
        for one in versions:
            refuse_as_of(one)
        if (database := self._store.database()) is None:
            return None
        line = Line(versions[0].id, window, Cut(scope, _dims(dict(dimensions or {})).decode()))
        with database.snapshot() as connection:
            return value_as_of(connection, map(plan_of, versions), line, at, anchor)

    def read(self, asks: Sequence[Ask]) -> Sequence[Sequence[KpiValue]]:
        """See `KpiReader.read`."""
        for ask in asks:
            self._catalogue[ask.kpi_id]
        database = self._store.database()
        if database is None:
            return [[] for _ in asks]
        found: list[list[KpiValue]] = [[] for _ in asks]
        with database.snapshot() as connection:
            for numbers, statement, parameters in questions(asks):
                for place, payload in connection.execute(statement, parameters):
                    found[numbers[place]].append(_decode(payload))
        return [values if ask.oldest else values[::-1] for ask, values in zip(asks, found, strict=True)]

    def breakdown(
        self, kpi_id: str, window: WindowKind, anchor: datetime, dimension: str, *, scope: str = "city"
    ) -> Sequence[KpiValue]:
        """See `KpiReader.breakdown`."""
        row = schema.value.c
        where = (
            self._where(kpi_id, window, scope)
            & (row.anchor == int(anchor.timestamp()))
            & row.dims.like(f'{{"{dimension}":%')
        )
        where &= row.dims.not_like('%","%')  # no second one
        found = [
            item for item in self._values(where, newest_first=False, limit=2_000) if [*item.dimensions] == [dimension]
        ]
        return sorted(found, key=lambda item: item.dimensions[dimension])

    def decisions(self, kpi_id: str) -> Sequence[Decision]:
        """See `KpiReader.decisions`."""
        known, database = self._catalogue[kpi_id].id, self._store.database()
        if database is None:
            return []
        with database.begin() as connection:
            return decisions_of(connection, known)

    def targets(self) -> Mapping[str, Sequence[TargetRecord]]:
        """See `KpiReader.targets`."""
        stored: dict[str, list[TargetRecord]] = {}
        if (database := self._store.database()) is not None:
            with database.begin() as connection:
                stored = stored_targets(connection)
        return {one.id: records_of(one, stored.get(one.id, ())) for one in self.catalogue}

    def masterplan(self) -> Masterplan:
        """See `KpiReader.masterplan`."""
        if (database := self._store.database()) is None:
            return own_masterplan()
        with database.begin() as connection:
            return own_masterplan().with_imports(imports(connection))

    def streams(self) -> Sequence[StreamState]:
        """See `KpiReader.streams`."""
        row = schema.cursor.c
        query = select(
            row.topic,
            func.sum(row.records),
            func.sum(row.rejected),
            func.sum(row.duplicates),
            func.sum(row.synthetic),
            func.max(row.appended_ms),
            func.max(row.newest_event_s),
        ).where(live())
        database = self._store.database()
        if database is None:
            return []
        with database.begin() as connection:
            rows = connection.execute(query.group_by(row.topic).order_by(row.topic)).all()
        of_people = {one.topic for one in self._catalogue.contracts.values() if one.personal}
        return [
            StreamState(
                topic=topic,
                partner=topic.split(".")[2],
                **_counts((records, rejected, duplicates), rounds=topic in of_people),
                newest_append=_instant(appended / 1000),
                newest_event=_instant(newest),
                synthetic=synthetic > 0,
            )
            for topic, records, rejected, duplicates, synthetic, appended, newest in rows
        ]

    def source_healths(self, at: datetime | None = None) -> SourceHealths:
        """See `KpiReader.source_healths`."""
        database = self._store.database()
        if database is None:
            return SourceHealths(at)
        with database.snapshot() as connection:
            return source_healths(connection, at)

    def source_days(self, until: datetime) -> Mapping[str, SourceDay]:
        """See `KpiReader.source_days`."""
        database = self._store.database()
        if database is None:
            return {}
        with database.snapshot() as connection:
            return source_days(connection, until)

    def health(self, kpi_id: str, at: datetime | None = None) -> Health:
        """See `KpiReader.health`."""
        return read_health(self, kpi_id, at)

    def _where(self, kpi_id: str, window: WindowKind, scope: str, version: int | None = None) -> ColumnElement[bool]:
        row = schema.value.c
        here = (row.kpi == self._catalogue[kpi_id].id) & (row.window == window.value) & (row.scope == scope)
        here &= row.revision > 0  # else it is of people, and its window is not closed
        return here & (row.version == (NEWEST if version is None else version))

    def _values(self, where: ColumnElement[bool], *, newest_first: bool, limit: int) -> Sequence[KpiValue]:
        database = self._store.database()
        if database is None:
            return []
        order = schema.value.c.anchor.desc() if newest_first else schema.value.c.anchor
        with database.begin() as connection:
            query = select(schema.value.c.payload).where(where).order_by(order).limit(limit)
            return [_decode(payload) for (payload,) in connection.execute(query)]

    def close(self) -> None:
        """Give the store's connections back; the next question opens it again."""
        self._store.close()


def _counts(counts: Iterable[int], *, rounds: bool) -> dict[str, int]:
    """Records, rejected and duplicates; of people in multiples of the smallest group, so that no single event shows."""
    return {
        name: rounded(count, SMALLEST) if rounds else count
        for name, count in zip(("records", "rejected", "duplicates"), counts, strict=True)
    }


def _instant(seconds: float | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
