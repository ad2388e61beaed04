"""The publisher's side of the store: dirty buckets become window values with label and revision."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, func, select, tuple_, update
from sqlalchemy.dialects.sqlite import insert as upsert

from cityhub.kpi.definition import Catalogue, KpiDefinition
from cityhub.kpi.kernel.evaluate import BucketKey, window_label
from cityhub.kpi.kernel.windows import window_of
from cityhub.kpi.store import schema
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.writer import from_limbs
from cityhub.kpi.values import KpiValue, Label, WindowKind

DECIMALS = 10_000
"""Values carry four decimals, rounded half to even from the exact fraction."""
_MARKS_PER_PASS = 2_000


class WindowKey(NamedTuple):
    """One published window."""

    kpi: str
    window: WindowKind
    start: int
    scope: str
    dims: str


class Unpublished(NamedTuple):
    """A value that the topic has not acknowledged yet."""

    key: WindowKey
    revision: int
    payload: bytes


class DeadLetter(NamedTuple):
    """A refused record that is not in the dead-letter topic yet."""

    topic: str
    part: int
    off: int
    reason: str
    detail: str
    payload: bytes


class Clock(NamedTuple):
    """Of one topic: how far its slowest partition is known to have come, and its newest record's append time."""

    settled_ms: int
    newest_ms: int


class ValueStore:
    """Computes and keeps window values."""

    def __init__(self, database: Database, catalogue: Catalogue, job: str) -> None:
        self._database = database
        self._catalogue = catalogue
        self._job = job

    def refresh(self) -> int:
        """Bring the values of all changed and all newly settled windows up to date, in one snapshot.

        Returns:
            Number of values that changed.
        """
        with self._database.begin() as connection:
            marks = [BucketKey(*row) for row in connection.execute(select(schema.dirty).limit(_MARKS_PER_PASS))]
            clocks = self._clocks(connection)
            keys = {key for mark in marks for key in self._windows(mark)}
            keys |= self._settling(connection, clocks)
            changed = sum(self._renew(connection, key, clocks) for key in sorted(keys))
            if marks:
                connection.execute(
                    delete(schema.dirty).where(tuple_(*schema.dirty.c).in_([tuple(mark) for mark in marks]))
                )
            return changed

    def unpublished(self, limit: int = 1_000) -> Sequence[Unpublished]:
        """Values newer than what the topic has acknowledged."""
        row = schema.value.c
        query = select(row.kpi, row.window, row.start, row.scope, row.dims, row.revision, row.payload)
        with self._database.begin() as connection:
            found = connection.execute(query.where(row.published < row.revision).limit(limit)).all()
        return [Unpublished(WindowKey(r[0], WindowKind(r[1]), r[2], r[3], r[4]), r[5], r[6]) for r in found]

    def mark_published(self, values: Iterable[Unpublished]) -> None:
        """Note that the topic has these revisions."""
        with self._database.begin() as connection:
            for value in values:
                connection.execute(update(schema.value).where(_is(value.key)).values(published=value.revision))

    def dead_letters(self, limit: int = 500) -> Sequence[DeadLetter]:
        """Refused records whose bytes wait for the dead-letter topic."""
        row = schema.verdict.c
        query = select(row.topic, row.part, row.off, row.reason, row.detail, row.payload)
        with self._database.begin() as connection:
            return [DeadLetter(*r) for r in connection.execute(query.where(row.payload.is_not(None)).limit(limit))]

    def mark_relayed(self, letters: Iterable[DeadLetter]) -> None:
        """Note that the dead-letter topic has these records; the verdict itself stays."""
        row = schema.verdict.c
        with self._database.begin() as connection:
            for letter in letters:
                at = (row.topic == letter.topic) & (row.part == letter.part) & (row.off == letter.off)
                connection.execute(update(schema.verdict).where(at).values(payload=None))

    def _clocks(self, connection: Connection) -> dict[str, Clock]:
        row = schema.cursor.c
        slowest = func.min(func.max(row.appended_ms, row.complete_ms))
        query = select(row.topic, slowest, func.max(row.appended_ms)).where(row.job == self._job).group_by(row.topic)
        return {topic: Clock(settled, newest) for topic, settled, newest in connection.execute(query)}

    def _windows(self, mark: BucketKey) -> Iterable[WindowKey]:
        definition = self._catalogue[mark.kpi]
        if definition.version != mark.version:
            return
        for kind in definition.windows:
            start, _ = window_of(kind, mark.grain_start)
            for dims in {mark.dims, "{}"}:
                yield WindowKey(mark.kpi, kind, start, mark.scope, dims)

    def _settling(self, connection: Connection, clocks: dict[str, Clock]) -> set[WindowKey]:
        row = schema.value.c
        found: set[WindowKey] = set()
        for definition in self._catalogue:
            until = _clock_of(definition, clocks).settled_ms // 1000 - definition.lateness_s
            query = select(row.kpi, row.window, row.start, row.scope, row.dims)
            waiting = (row.kpi == definition.id) & (row.label == Label.PROVISIONAL.value) & (row.end <= until)
            found |= {WindowKey(r[0], WindowKind(r[1]), *r[2:]) for r in connection.execute(query.where(waiting))}
        return found

    def _renew(self, connection: Connection, key: WindowKey, clocks: dict[str, Clock]) -> bool:
        definition = self._catalogue[key.kpi]
        old = connection.execute(select(schema.value).where(_is(key))).one_or_none()
        before = msgspec.json.decode(old.payload, type=KpiValue) if old else None
        fresh = _value(connection, definition, key)
        changed = (
            before is None or fresh.digest != before.digest or fresh.definition_version != before.definition_version
        )
        clock = _clock_of(definition, clocks)
        label = window_label(
            end_s=int(fresh.end.timestamp()),
            lateness_s=definition.lateness_s,
            clock_ms=clock.settled_ms,
            changed_ms=None if before is None or changed else int(before.inputs_up_to.timestamp() * 1000),
            was_settled=before is not None and before.label is not Label.PROVISIONAL,
        )
        if before is not None and not changed and (label == before.label or before.label is not Label.PROVISIONAL):
            return False
        revision = 1 if before is None else before.revision + 1
        inputs = before.inputs_up_to if before and not changed else datetime.fromtimestamp(clock.newest_ms / 1000, UTC)
        fresh = msgspec.structs.replace(fresh, label=Label(label), revision=revision, inputs_up_to=inputs)
        _save(connection, key, fresh)
        return True


def _clock_of(definition: KpiDefinition, clocks: dict[str, Clock]) -> Clock:
    """The slower of the sources decides what is settled, the newest input is the newest of any."""
    found = [clocks.get(source.topic, Clock(0, 0)) for source in definition.sources.values()]
    return Clock(min(clock.settled_ms for clock in found), max(clock.newest_ms for clock in found))


def _is(key: WindowKey) -> ColumnElement[bool]:
    row = schema.value.c
    return (
        (row.kpi == key.kpi)
        & (row.window == key.window.value)
        & (row.start == key.start)
        & (row.scope == key.scope)
        & (row.dims == key.dims)
    )


def _value(connection: Connection, definition: KpiDefinition, key: WindowKey) -> KpiValue:
    row = schema.bucket.c
    start, end = window_of(key.window, key.start)
    sums = [func.sum(row[name]) for name in (*_TERMS, *_LIMBS, "n", "synthetic_n")]
    inside = (row.kpi == definition.id) & (row.version == definition.version) & (row.scope == key.scope)
    inside &= (row.grain_start >= start) & (row.grain_start < end)
    if key.dims != "{}":
        inside &= row.dims == key.dims
    found = [int(item or 0) for item in connection.execute(select(*sums).where(inside)).one()]
    terms, parts, (n, synthetic_n) = found[: len(_TERMS)], found[len(_TERMS) : -2], found[-2:]
    of, over, *beside = terms
    return KpiValue(
        kpi_id=definition.id,
        definition_version=definition.version,
        scope=key.scope,
        dimensions=json.loads(key.dims),
        window=key.window,
        start=datetime.fromtimestamp(start, UTC),
        end=datetime.fromtimestamp(end, UTC),
        value=ratio(of, over, definition.measure.ratio.times),
        unit=definition.unit,
        numerator=of,
        denominator=over,
        beside=dict(zip(definition.beside, beside, strict=False)),
        n=n,
        synthetic_n=synthetic_n,
        digest=f"{from_limbs(parts):032x}",
        label=Label.PROVISIONAL,
        revision=0,
        inputs_up_to=datetime.fromtimestamp(0, UTC),
    )


_TERMS = tuple(column.name for column in schema.bucket.c if column.name[0] == "v" and column.name[1:].isdigit())
_LIMBS = tuple(column.name for column in schema.bucket.c if column.name[0] == "d" and column.name[1:].isdigit())


def ratio(of: int, over: int, times: int) -> float | None:
    """`times` · of ÷ over with four decimals, half to even; None when nothing was counted."""
    return None if over == 0 else round(Fraction(of * times * DECIMALS, over)) / DECIMALS


def _save(connection: Connection, key: WindowKey, value: KpiValue) -> None:
    row = {
        "version": value.definition_version,
        "end": int(value.end.timestamp()),
        "label": value.label.value,
        "revision": value.revision,
        "payload": msgspec.json.encode(value),
    }
    full = {**key._asdict(), "window": key.window.value, "published": 0, **row}
    connection.execute(upsert(schema.value).values(full).on_conflict_do_update(set_=row))
