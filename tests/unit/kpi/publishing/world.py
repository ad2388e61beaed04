"""A store filled by hand, as workers fill it, and the passes over it. All events behind it are synthetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, delete, insert, select, update
from xxhash import xxh3_64_intdigest

from cityhub.kpi.kernel.bucket import DIGEST_MOD, MAX_SLOTS
from cityhub.kpi.kernel.effect import ReferenceRow
from cityhub.kpi.kernel.label import BY_EVENTS, Reason
from cityhub.kpi.kernel.plan import CellPlan, Fill
from cityhub.kpi.kernel.readout import Readout
from cityhub.kpi.kernel.windows import Grain, window_at
from cityhub.kpi.store import schema
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.dialect import AddingRows, insert_missing
from cityhub.kpi.store.publishing import Publishing
from cityhub.kpi.store.references import write_references
from cityhub.kpi.store.renewal import KeptValue, decode_value
from cityhub.kpi.store.series import family_of
from cityhub.kpi.store.touched import write_touched
from cityhub.kpi.values import WindowKind

JOB = "test"
TOPIC = "du.evt.dvv.transit.v1"
WRITERS = (1, 2)
BERLIN = ZoneInfo("Europe/Berlin")
_BUCKETS = AddingRows("bucket", ("family", "start", "series", "writer"), schema.SUMS)
_BINS = AddingRows("bin", ("family", "start", "series", "histogram", "bin", "writer"), ("n",))
_KEYS = ("series", "start", "writer", "reason")
_DIRTY = AddingRows("dirty", _KEYS, (), latest=("stamp", "last_ms"), first=("first_ms",))


class Source(Struct):
    """A source's topic."""

    topic: str = TOPIC


class Definition(Struct, kw_only=True):
    """What the publisher needs of a definition."""

    id: str = "T01"
    version: int = 1
    hash: str = "h1"
    unit: str = "1"
    grain: Grain = Grain.HOUR
    windows: tuple[WindowKind, ...] = (WindowKind.HOUR, WindowKind.DAY, WindowKind.MONTH)
    scopes: tuple[str, ...] = ("city", "borough")
    lateness_s: int = 600
    dimensions: dict[str, None] = msgspec.field(default_factory=lambda: {"line": None})
    sources: dict[str, Source] = msgspec.field(default_factory=lambda: {"seen": Source()})
    minimum_group: int | None = None

    @property
    def patience_s(self) -> int:
        return self.lateness_s


class Plan(Struct, kw_only=True):
    """A plan by hand, shaped as `cityhub.kpi.kernel.plan.Plan`."""

    definition: Definition
    main: Readout
    width: int = 2
    histograms: int = 0
    layers: tuple[WindowKind, ...] = ()
    has_prefix: bool = False
    beside: dict[str, Readout] = {}
    coverage: Readout | None = None
    references: tuple[str, ...] = ()
    fills: dict[str, tuple[Fill, ...]] = {}
    cells: tuple[CellPlan, ...] = ()


def at(text: str) -> int:
    """Epoch seconds of a local time in Duisburg, such as `2026-11-20 12:00`."""
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp())


def dims_of(**values: str) -> str:
    return msgspec.json.encode(values, order="sorted").decode()


class World:
    """One store, one or more plans, two partitions."""

    def __init__(self, database: Database, *plans: Plan, fence: Callable[[Connection], None] = lambda _: None) -> None:
        self.database = database
        self.plans = plans
        self.fence = fence
        self._numbers = count(1)
        self.restart()
        counters = dict.fromkeys(
            ("appended_ms", "complete_ms", "records", "duplicates", "rejected", "synthetic", "newest_event_s"), 0
        )
        rows = [
            {"id": w, "job": JOB, "topic": TOPIC, "part": w, "topic_id": "", "off": -1, "hash": b"", **counters}
            for w in WRITERS
        ]
        with database.begin() as connection:
            connection.execute(delete(schema.cursor))
            connection.execute(insert(schema.cursor), rows)

    def restart(self) -> None:
        """Another publisher process."""
        self.publishing = Publishing(self.database, self.plans, JOB, self.fence)  # type: ignore[arg-type]

    def clock(self, when: str | int, *writers: int) -> None:
        """The partitions (default: all) are known to have come so far."""
        row, epoch_s = schema.cursor.c, at(when) if isinstance(when, str) else when
        with self.database.begin() as connection:
            where = row.id.in_(writers or WRITERS)
            connection.execute(update(schema.cursor).where(where).values(appended_ms=epoch_s * 1000))

    def add(
        self,
        when: str | int,
        *slots: int,
        n: int = 1,
        scope: str = "",
        dims: str = "{}",
        layer: str = "",
        writer: int = 1,
        bins: Sequence[tuple[int, int]] = (),
        digest: int | None = None,
        plan: Plan | None = None,
        reason: Reason = Reason.LATE,
        marked: bool = True,
    ) -> None:
        """A batch adds `slots` to the bucket that starts then; `bins` are (histogram, bin) pairs that count one.

        Args:
            marked: whether a publisher has made a mark of it already.
        """
        number = next(self._numbers)
        start = at(when) if isinstance(when, str) else when
        definition = (plan or self.plans[0]).definition
        row = {"kpi": definition.id, "version": definition.version, "layer": layer, "scope": scope, "dims": dims}
        family, series = family_of(definition, layer), xxh3_64_intdigest(msgspec.json.encode(row)) >> 1
        whole = (number * 2**100 + number if digest is None else digest) % DIGEST_MOD
        limbs = [(whole >> (32 * limb)) & 0xFFFFFFFF for limb in range(schema.LIMBS)]
        padded = [*slots, *([0] * (MAX_SLOTS - len(slots)))]
        with self.database.begin() as connection:
            insert_missing(connection, schema.series, [{"id": series, **row}])
            _BUCKETS.write(connection, [(family, start, series, writer, n, n, *limbs, *padded)])
            for histogram, bin_ in bins:
                _BINS.write(connection, [(family, start, series, histogram, bin_, writer, 1)])
            clock = connection.scalar(select(schema.cursor.c.appended_ms).where(schema.cursor.c.id == writer)) or 0
            if marked:
                _DIRTY.write(connection, [(series, start, writer, BY_EVENTS.index(reason), clock, number, clock)])
            else:
                write_touched(connection, writer, number, {reason: [(series, start, clock, clock)]})

    def refer(
        self,
        name: str,
        value: int,
        valid_from: str,
        recorded: str,
        *,
        scope: str = "city",
        id_: str = "",
        source: str = "//test/city",
    ) -> None:
        """A denominator is recorded."""
        row = ReferenceRow(source, id_ or f"{name}{recorded}", name, scope, at(valid_from), at(recorded) * 1000, value)
        with self.database.begin() as connection:
            write_references(connection, [row])

    def refresh(self, minute: int = 0) -> int:
        """Passes until nothing is left; the number of values that changed."""
        changed = self.publishing.refresh(minute * 60_000)
        while self.publishing.behind:
            changed += self.publishing.refresh(minute * 60_000)
        return changed

    def value(self, kind: WindowKind, when: str, *, scope: str = "city", dims: str = "{}") -> KeptValue | None:
        """What is published for the window whose last step holds an instant."""
        row = schema.value.c
        key = (row.window == kind.value, row.anchor == window_at(kind, at(when)).anchor)
        query = select(row.payload).where(*key, row.scope == scope, row.dims == dims).order_by(row.version.desc())
        with self.database.snapshot() as connection:
            payload = connection.scalar(query)
        return None if payload is None else decode_value(payload)

    def number(self, kind: WindowKind, when: str, **where: Any) -> float | None:
        """As `value`, its number only; a window that is not published fails the test."""
        found = self.value(kind, when, **where)
        assert found is not None, f"{kind} {when} is not published"
        return found.value

    def rows(self, table: Any) -> set[tuple[Any, ...]]:
        """A whole table."""
        with self.database.snapshot() as connection:
            return {tuple(row) for row in connection.execute(select(table))}

    def values(self) -> Mapping[tuple[Any, ...], KeptValue]:
        """All published values by key, of the newest version of each."""
        row = schema.value.c
        query = select(row.kpi, row.window, row.anchor, row.scope, row.dims, row.payload).order_by(row.version)
        with self.database.snapshot() as connection:
            return {tuple(key): decode_value(payload) for *key, payload in connection.execute(query)}


def utc(text: str) -> datetime:
    return datetime.fromtimestamp(at(text), UTC)
