"""A tenant's KPI beside the city's, over the same events: which windows differ, and by how much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec import Struct

from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.reader import KpiReader, anchor_of
from cityhub.kpi.values import KpiValue, WindowKind
from cityhub.sandbox.errors import SpecRefused
from cityhub.sdk.text import Text

MOST = 2_000


class Side(Struct, frozen=True):
    """One number. Attributes: n = events behind it; digest = of these events."""

    value: float | None
    n: int
    digest: str
    label: str


class Line(Struct, frozen=True, kw_only=True):
    """A window of both.

    Attributes:
        own, city: None = it has no number there.
        difference: own − city; None where one is unknown.
        same_events: whether the same events stand behind both.
    """

    start: datetime
    end: datetime
    scope: str
    own: Side | None
    city: Side | None
    difference: float | None
    same_events: bool


class Comparison(Struct, frozen=True, kw_only=True):
    """Attributes:
    unit: of both, or both units where they differ, and then there is no difference.
    windows, differing: how many there are, and how many of them differ.
    lines: those that differ, oldest first; at most `MOST`.
    """

    own: str
    city: str
    window: str
    unit: str
    windows: int
    differing: int
    lines: tuple[Line, ...]


def compare(readers: tuple[KpiReader, KpiReader], own: str, city: str, span: tuple[datetime, datetime]) -> Comparison:
    """Compare in the finest kind of window that both have.

    Args:
        readers: of the own KPI, and of the city's. span: of the windows' anchors, half-open.

    Raises:
        UnknownKpi: one of them is not counted here.
        SpecRefused: they have no kind of window in common.
    """
    mine, theirs = readers[0].catalogue[own], readers[1].catalogue[city]
    common = [kind for kind in WindowKind if kind in mine.windows and kind in theirs.windows]
    if not common:
        raise _nothing_in_common(mine, theirs)
    units = mine.unit if mine.unit == theirs.unit else f"{mine.unit} / {theirs.unit}"
    scopes = ["city", *(f"STB0{one}" for one in range(1, 8) if "borough" in mine.scopes and "borough" in theirs.scopes)]
    lines = [
        line
        for scope in scopes
        for line in _lines(
            _by_anchor(readers[0], own, common[0], span, scope),
            _by_anchor(readers[1], city, common[0], span, scope),
            scope,
            like=mine.unit == theirs.unit,
        )
    ]
    differing = sorted((one for one in lines if _differs(one)), key=lambda one: (one.start, one.scope))
    return Comparison(
        own=own,
        city=city,
        window=common[0].value,
        unit=units,
        windows=len(lines),
        differing=len(differing),
        lines=tuple(differing[:MOST]),
    )


def _nothing_in_common(mine: KpiDefinition, theirs: KpiDefinition) -> SpecRefused:
    own, city, ours, others = mine.id, theirs.id, _named(mine.windows), _named(theirs.windows)
    german = f"{own} hat die Zeiträume {ours}, {city} hat {others}; bitte {own} einen davon geben."
    return SpecRefused(Text(german, f"windows: {own} has {ours}, {city} has {others}; give {own} one of these"))


def _lines(
    own: Mapping[datetime, KpiValue], city: Mapping[datetime, KpiValue], scope: str, *, like: bool
) -> Iterator[Line]:
    for anchor in sorted(own.keys() | city.keys()):
        mine, theirs = own.get(anchor), city.get(anchor)
        known = mine or theirs
        if known is None:
            continue
        ours, other = (None if one is None else one.value for one in (mine, theirs))
        yield Line(
            start=known.start,
            end=known.end,
            scope=scope,
            own=_side(mine),
            city=_side(theirs),
            difference=round(ours - other, 6) if like and ours is not None and other is not None else None,
            same_events=bool(mine and theirs and mine.digest == theirs.digest),
        )


def _by_anchor(
    reader: KpiReader, kpi: str, kind: WindowKind, span: tuple[datetime, datetime], scope: str
) -> Mapping[datetime, KpiValue]:
    return {anchor_of(one): one for one in reader.series(kpi, kind, *span, scope=scope)}


def _side(value: KpiValue | None) -> Side | None:
    return None if value is None else Side(value.value, value.n, value.digest, value.label.value)


def _differs(line: Line) -> bool:
    return line.own is None or line.city is None or line.own.value != line.city.value


def _named(kinds: tuple[WindowKind, ...]) -> str:
    return ", ".join(kind.value for kind in kinds)
