"""The read service: the one way to published numbers, for API, dashboard and files alike.

A window is known by its kind and its *anchor*, the start of its last step (docs/time.md): windows that overlap share
starts, never anchors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol, Self

from msgspec import Struct

from cityhub.kpi.definition import Catalogue, KpiDefinition
from cityhub.kpi.health.day import SourceDay
from cityhub.kpi.health.kpi import Health, SourceHealths, health_of
from cityhub.kpi.kernel.windows import Window, window_at
from cityhub.kpi.masterplan.model import Masterplan
from cityhub.kpi.targets import TargetRecord
from cityhub.kpi.values import Decision, KpiValue, StreamState, WindowKind


class Ask(Struct, frozen=True, kw_only=True):
    """Values of a KPI in windows of one kind, of one place and without a split.

    Attributes:
        start, end: bounds of the windows' anchors, half-open; None = unbounded.
        limit: at most so many, the newest of them, or with `oldest` the oldest.
    """

    kpi_id: str
    window: WindowKind
    scope: str = "city"
    start: datetime | None = None
    end: datetime | None = None
    limit: int = 1
    oldest: bool = False

    @classmethod
    def one(cls, kpi_id: str, window: WindowKind, anchor: datetime, scope: str = "city") -> Self:
        """For the window with that anchor."""
        return cls(kpi_id=kpi_id, window=window, scope=scope, start=anchor, end=anchor + timedelta(seconds=1))


class KpiReader(Protocol):
    """Reads published values. Every method is synchronous, quick (a few indexed rows) and safe from any thread.

    An unknown KPI id raises `cityhub.kpi.errors.UnknownKpi`.
    """

    @property
    def catalogue(self) -> Catalogue:
        """All definitions, of the versions that count, and the seven action fields."""
        ...

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
        """Newest window, or with `ended_by` the newest one over by then; None where nothing was counted yet.

        Args:
            version: of the definition; None = the one that counts, or the one before where its value is still to come.
        """
        ...

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
        """Values of the windows whose anchor lies in [start, end), oldest first; windows without events are absent.

        Args:
            version: as of `latest`.
        """
        ...

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
        """What was shown at the end of the minute that holds an instant, by the version that counted then.

        Its label is the one that was shown. Not kept, and therefore 0: `revision`, `late_n`. `inputs_up_to` may lie up
        to a minute too late, and `definition_hash` is "" when the engine has another meaning since.

        Args:
            at: not ahead of now.
            anchor: of the window; None = the newest one that was over by then.

        Returns:
            None when there was no number yet, or the hub did not keep yet when it was shown.

        Raises:
            Withheld: the KPI tells of people (decision 0018).
        """
        ...

    def read(self, asks: Sequence[Ask]) -> Sequence[Sequence[KpiValue]]:
        """The answers to many questions in their order, each oldest first; one look into the store for all of them."""
        ...

    def breakdown(
        self, kpi_id: str, window: WindowKind, anchor: datetime, dimension: str, *, scope: str = "city"
    ) -> Sequence[KpiValue]:
        """One window split by a dimension, whatever the others, sorted by its values."""
        ...

    def decisions(self, kpi_id: str) -> Sequence[Decision]:
        """Which versions of a KPI were decided on, oldest first: where its series break, who wanted it so, and why."""
        ...

    def targets(self) -> Mapping[str, Sequence[TargetRecord]]:
        """The target records of every KPI of the catalogue, oldest first, the definition's own among them."""
        ...

    def masterplan(self) -> Masterplan:
        """The plan, with what was imported."""
        ...

    def streams(self) -> Sequence[StreamState]:
        """What the engine has read of each event topic."""
        ...

    def source_healths(self, at: datetime | None = None) -> SourceHealths:
        """How all sources stood at an instant, None = when they were observed last; `health_of` makes healths of it."""
        ...

    def source_days(self, until: datetime) -> Mapping[str, SourceDay]:
        """What came of each source in the 24 hours up to an instant, by event type."""
        ...

    def health(self, kpi_id: str, at: datetime | None = None) -> Health:
        """The health of a KPI at an instant: of its sources then, and of its value in the newest window over by then.

        Args:
            at: None = when the sources were observed last.
        """
        ...


def read_health(reader: KpiReader, kpi_id: str, at: datetime | None) -> Health:
    """What `KpiReader.health` says, by the reader's other answers."""
    definition, healths = reader.catalogue[kpi_id], reader.source_healths(at)
    return health_of(definition, shown(reader, definition, healths.at), healths)


def shown(reader: KpiReader, definition: KpiDefinition, at: datetime | None) -> KpiValue | None:
    """What stands for a KPI: its newest complete value, or the running one as long as there is no other.

    Args:
        at: windows are over, or run, at that instant; None = the newest value.
    """
    complete = reader.latest(definition.id, definition.default_window, ended_by=at)
    if complete is not None or at is None:
        return complete
    newest = reader.latest(definition.id, definition.default_window)
    return newest if newest is not None and newest.start <= at else None


def anchor_of(value: KpiValue) -> datetime:
    """The anchor of a value's window."""
    return instant(window_at(value.window, int(value.end.timestamp()) - 1).anchor)


def last_windows(kind: WindowKind, moment: datetime, count: int) -> Sequence[Window]:
    """The window whose last step holds a moment and those before it, `count` in all, oldest first."""
    found = [window_at(kind, int(moment.timestamp()))]
    while len(found) < count:
        found.append(window_at(kind, found[-1].anchor - 1))
    return found[::-1]


def instant(epoch_s: int) -> datetime:
    """A boundary of a window, in UTC."""
    return datetime.fromtimestamp(epoch_s, UTC)
