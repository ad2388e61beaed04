"""From buckets to the sums of windows: a few statements for all windows of a definition that a pass looks at.

A grain that begins after the clock is not there yet: neither its bucket nor a window beginning with it is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from sqlalchemy import Connection, select, text

from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.windows import Grain, Window, grain_end, grain_start
from cityhub.kpi.store import schema
from cityhub.kpi.store.series import family_of
from cityhub.kpi.store.sheet import Bins, BinSheet, Cut, CutIndex, Integers, SeriesRow, Sheet, Span
from cityhub.kpi.values import WindowKind

WITHIN_A_DAY = (Grain.MINUTE, Grain.FIVE_MINUTES, Grain.QUARTER_HOUR, Grain.HOUR)
"""Grains that add up to local days; longer windows of theirs are merged from roll-ups of days."""
PARTS_OF_DAYS = (
    WindowKind.MINUTE,
    WindowKind.FIVE_MINUTES,
    WindowKind.QUARTER_HOUR,
    WindowKind.HOUR,
    WindowKind.NIGHT,
)
"""Windows that are not unions of local days."""
SHORT = (*PARTS_OF_DAYS, WindowKind.DAY)
_FIXED = 2 + schema.LIMBS
_BIN_WIDTH = 5


class Job(NamedTuple):
    """A number to be computed."""

    cut: Cut
    window: Window


class Place(NamedTuple):
    """A bucket over all writers: its series and where it starts, epoch seconds."""

    series: int
    start: int


class Totals(NamedTuple):
    """Sums for a job, columns as `schema.SUMS`: over the window's buckets, and over all buckets up to its end."""

    vector: list[int]
    prefix: list[int]
    bins: Bins

    @property
    def anything(self) -> bool:
        """Whether any event stands behind the window."""
        return any(self.vector) or any(self.prefix)


def slots(vector: Sequence[int]) -> Sequence[int]:
    """The slots among a vector's columns."""
    return vector[_FIXED:]


def digest_of(vector: Sequence[int]) -> str:
    """The 128-bit digest from summed limbs, 32 hex digits."""
    limbs = vector[2:_FIXED]
    return f"{sum(limb << (32 * index) for index, limb in enumerate(limbs)) % (1 << 128):032x}"


def columns(plan: Plan) -> tuple[str, ...]:
    """The columns of sums that a plan's buckets use."""
    return schema.SUMS[: _FIXED + plan.width]


def series_of(connection: Connection, plan: Plan) -> list[SeriesRow]:
    """All series of the plan's definition."""
    row = schema.series.c
    where = (row.kpi == plan.definition.id) & (row.version == plan.definition.version)
    return [
        SeriesRow(*found) for found in connection.execute(select(row.id, row.layer, row.scope, row.dims).where(where))
    ]


def integers(connection: Connection, statement: str, width: int, **values: object) -> Integers:
    """Rows of a statement as a matrix."""
    found: Any = connection.execute(text(statement), values).cursor
    return np.array(found.fetchall(), dtype=np.int64).reshape(-1, width)


class PlanRows:
    """Reads the rows of one definition."""

    def __init__(self, connection: Connection, plan: Plan) -> None:
        self.connection = connection
        self.plan = plan
        self.series = series_of(connection, plan)
        self.base = CutIndex(
            (row for row in self.series if not row.layer), boroughs="borough" in plan.definition.scopes
        )
        self.width = 2 + len(columns(plan))

    def layer(self, kind: WindowKind) -> CutIndex:
        """The cuts that a kind of window keeps buckets for."""
        return CutIndex((row for row in self.series if row.layer == kind), boroughs=True)

    def buckets(self, layer: str, low: int, high: int) -> Integers:
        """Buckets over all writers with start in [low, high): series, start, sums."""
        sums = ", ".join(f"cast(sum({name}) as bigint)" for name in columns(self.plan))
        return self._read(
            f"series, start, {sums}", "bucket", "series, start", self.width, layer=layer, low=low, high=high
        )

    def rollups(self, low: int, high: int) -> Integers:
        """Roll-ups of the local days that start in [low, high)."""
        sums = ", ".join(columns(self.plan))
        return self._read(f"series, start, {sums}", "rollup", "", self.width, low=low, high=high)

    def carry(self, table: str, before: int) -> Integers:
        """One row per series: everything that starts before an instant, with start 0."""
        sums = ", ".join(f"cast(sum({name}) as bigint)" for name in columns(self.plan))
        return self._read(f"series, 0, {sums}", table, "series", self.width, low=0, high=before)

    def bins(self, low: int, high: int) -> Integers:
        """Histogram rows with start in [low, high): series, start, histogram, bin, n."""
        what = "series, start, histogram, bin"
        return self._read(f"{what}, cast(sum(n) as bigint)", "bin", what, _BIN_WIDTH, low=low, high=high)

    def bins_together(self, low: int, high: int) -> Integers:
        """As `bins`, but all starts as one, 0."""
        what, group = "series, 0, histogram, bin", "series, histogram, bin"
        return self._read(f"{what}, cast(sum(n) as bigint)", "bin", group, _BIN_WIDTH, low=low, high=high)

    def _read(self, what: str, table: str, group: str, width: int, *, layer: str = "", low: int, high: int) -> Integers:
        statement = f"""
            select {what} from {table} where family = :family and start >= :low and start < :high
            {f"group by {group}" if group else ""}
        """  # noqa: S608 - names of our own tables and columns
        family = family_of(self.plan.definition, layer)
        return integers(self.connection, statement, width, family=family, low=low, high=high)


class Days(NamedTuple):
    """Local days by their starts, in order."""

    starts: list[int]

    @staticmethod
    def over(spans: Iterable[tuple[int, int]]) -> Days:
        """The days that the spans [start, end) overlap."""
        found: set[int] = set()
        for start, end in spans:
            day = day_start(start)
            while day < end:
                found.add(day)
                day = grain_end(Grain.DAY, day)
        return Days(sorted(found))

    def runs(self) -> list[tuple[int, int]]:
        """Spans of consecutive days."""
        found: list[tuple[int, int]] = []
        for start in self.starts:
            end = grain_end(Grain.DAY, start)
            if found and found[-1][1] == start:
                found[-1] = (found[-1][0], end)
            else:
                found.append((start, end))
        return found


def day_start(epoch_s: int) -> int:
    """Start of the local day that holds an instant."""
    return grain_start(Grain.DAY, epoch_s * 1000)


class BaseRows(NamedTuple):
    """Base buckets that were read: `fresh` bucket by bucket, `rows` with roll-ups and what was carried beside them."""

    fresh: Integers
    rows: Integers


def base_rows(source: PlanRows, jobs: Sequence[Job], places: Iterable[Place], until_s: int) -> BaseRows:
    """What the jobs are made of.

    Days that are looked into, by windows shorter than a day or because a bucket of theirs changed (`places`), come from
    their buckets; all others from their roll-ups.
    """
    starts = {place.start for place in places}
    plan = source.plan
    low = min([*(job.window.start for job in jobs), *starts], default=0)
    high = min(until_s, max([*(job.window.end for job in jobs), *(start + 1 for start in starts)], default=0))
    if plan.definition.grain not in WITHIN_A_DAY:
        fresh = source.buckets("", low, high)
        carried = [source.carry("bucket", low)] if plan.has_prefix else []
        return BaseRows(fresh, np.concatenate([fresh, *carried]))
    windows = {job.window for job in jobs if job.window.kind in PARTS_OF_DAYS}
    spans = [*((window.start, window.end) for window in windows), *((start, start + 1) for start in starts)]
    opened = Days.over(spans)
    runs = [source.buckets("", start, min(end, until_s)) for start, end in opened.runs()]
    fresh = np.concatenate([np.empty((0, source.width), dtype=np.int64), *runs])
    if not plan.has_prefix and all(job.window in windows for job in jobs):
        return BaseRows(fresh, fresh)
    low = day_start(low)
    rolled = source.rollups(low, high)
    rolled = rolled[~np.isin(rolled[:, 1], np.array(opened.starts, dtype=np.int64))]
    carried = [source.carry("rollup", low)] if plan.has_prefix else []
    return BaseRows(fresh, np.concatenate([fresh, rolled, *carried]))


class Histograms:
    """Histograms of jobs: those of at most a day from one sheet, longer ones from one statement per window."""

    def __init__(self, source: PlanRows, jobs: Iterable[Job], places: Iterable[Place], until_s: int) -> None:
        self._source = source
        self._until_s = until_s
        windows = {job.window for job in jobs if job.window.kind in SHORT}
        starts = {place.start for place in places}
        spans = [*((window.start, window.end) for window in windows), *((start, start + 1) for start in starts)]
        none = np.empty((0, _BIN_WIDTH), dtype=np.int64)
        runs = Days.over(spans).runs() if source.plan.histograms else []
        self.fresh = np.concatenate([none, *(source.bins(start, min(end, until_s)) for start, end in runs)])
        self._short = BinSheet(source.base, self.fresh)
        self._long: dict[Window, BinSheet] = {}

    def of(self, job: Job) -> Bins:
        """All histograms of a job."""
        cut, window = job
        if not self._source.plan.histograms:
            return {}
        if window.kind in SHORT:
            return self._short.sums(Span(cut, window.start, window.end))
        if window not in self._long:
            rows = self._source.bins_together(window.start, min(window.end, self._until_s))
            self._long[window] = BinSheet(self._source.base, rows)
        return self._long[window].sums(Span(cut, 0, 1))


def layer_rows(source: PlanRows, jobs: Iterable[Job], places: Iterable[Place]) -> dict[WindowKind, Integers]:
    """Buckets that windows keep by themselves, for each kind among the jobs and the places."""
    layers = {row.id: row.layer for row in source.series}
    starts = [(kind.value, anchor) for _, (kind, _, _, anchor) in jobs]
    starts += [(layers[place.series], place.start) for place in places]
    found: dict[WindowKind, Integers] = {}
    for kind in source.plan.layers:
        mine = [start for layer, start in starts if layer == kind]
        if mine:
            found[kind] = source.buckets(kind, min(mine), max(mine) + 1)
    return found


class Cuts(Protocol):
    """What sums are asked for."""

    @property
    def plan(self) -> Plan: ...
    @property
    def base(self) -> CutIndex: ...
    def layer(self, kind: WindowKind) -> CutIndex: ...


def totals(source: Cuts, jobs: Sequence[Job], base: Integers, layers: Mapping[WindowKind, Integers]) -> list[Totals]:
    """Sums for the jobs, in their order, still without histograms.

    A window that keeps buckets by itself adds them to its base buckets: they fill other slots.
    """
    sheet = Sheet(source.base, base)
    vectors = sheet.sums([Span(job.cut, job.window.start, job.window.end) for job in jobs])
    prefixes = sheet.sums([Span(job.cut, 0, job.window.end) for job in jobs]) if source.plan.has_prefix else vectors
    for kind, rows in layers.items():
        mine = [number for number, job in enumerate(jobs) if job.window.kind is kind]
        spans = [Span(jobs[number].cut, jobs[number].window.anchor, jobs[number].window.anchor + 1) for number in mine]
        for number, sums in zip(mine, Sheet(source.layer(kind), rows).sums(spans), strict=True):
            vectors[number] = [one + two for one, two in zip(vectors[number], sums, strict=True)]
    empty = [0] * len(columns(source.plan))
    return [
        Totals(vector, prefix if source.plan.has_prefix else empty, {})
        for vector, prefix in zip(vectors, prefixes, strict=True)
    ]
