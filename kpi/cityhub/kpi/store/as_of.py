"""A window's value as it was shown at the end of a minute, put together from what is kept.

Numbers come from the buckets' history, labels from the minutes under which a value showed them for the first time
(`KeptValue.since_min`): what was not published then, or by a hub that did not keep it, is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import count
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, Select, select

from cityhub.kpi.errors import VersionMissing
from cityhub.kpi.kernel.label import Reason
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.windows import window_at
from cityhub.kpi.reader import instant
from cityhub.kpi.store import schema
from cityhub.kpi.store.history import Known, figures_as_of, known_as_of, minute_of
from cityhub.kpi.store.renewal import KeptValue, decode_value
from cityhub.kpi.store.sheet import Cut
from cityhub.kpi.store.windows import Job
from cityhub.kpi.values import KpiValue, Label, WindowKind

_AT_ONCE = 64
_decode = msgspec.json.Decoder(KpiValue).decode


class Line(NamedTuple):
    """Windows of one kind, for one place and the same held dimensions."""

    kpi: str
    kind: WindowKind
    cut: Cut


def value_as_of(
    connection: Connection, plans: Iterable[Plan], line: Line, at: datetime, anchor: datetime | None = None
) -> KpiValue | None:
    """See `KpiReader.as_of`.

    Args:
        plans: of all versions of the KPI, none of which tells of people.
    """
    at_min = minute_of(int(at.timestamp() * 1000))
    known = dict(_known(connection, line.kpi, at_min))
    until_s = max((one.until_s for one in known.values()), default=0)
    for payload in _published(connection, line, until_s, at, anchor):
        kept = decode_value(payload)
        label = _label_then(kept, at_min)
        if label is None:
            continue
        plan = next((one for one in plans if one.definition.version == kept.definition_version), None)
        if plan is None:
            raise VersionMissing(
                f"{line.kpi} was counted by version {kept.definition_version} then, which has no file; put it back"
            )
        clock, job = known[kept.definition_version], Job(line.cut, window_at(line.kind, int(kept.end.timestamp()) - 1))
        numbers = figures_as_of(connection, plan, job, clock, at_min)
        value = replace(_decode(payload), **numbers._asdict(), **label, revision=0, late_n=0)
        return replace(value, inputs_up_to=min(value.inputs_up_to, instant(clock.until_s)))
    return None


def _known(connection: Connection, kpi: str, at_min: int) -> Iterator[tuple[int, Known]]:
    """By version; those that had not been published are left out."""
    row = schema.series.c
    for version in connection.scalars(select(row.version).where(row.kpi == kpi).distinct()).all():
        found = known_as_of(connection, kpi, version, at_min)
        if found is not None:
            yield version, found


def _published(
    connection: Connection, line: Line, until_s: int, at: datetime, anchor: datetime | None
) -> Iterator[bytes]:
    """What is kept of the windows that had begun and were over then, or of the one asked for: newest first."""
    row = schema.value.c
    where = [row.kpi == line.kpi, row.window == line.kind.value, row.anchor < until_s]
    where += [row.scope == line.cut.scope, row.dims == line.cut.dims]
    where.append(row.end <= int(at.timestamp()) if anchor is None else row.anchor == int(anchor.timestamp()))
    query: Select[Any] = select(row.payload).where(*where).order_by(row.anchor.desc(), row.version.desc())
    for first in count(0, _AT_ONCE):
        page = connection.scalars(query.limit(_AT_ONCE).offset(first)).all()
        yield from page
        if len(page) < _AT_ONCE:
            return


def _label_then(kept: KeptValue, at_min: int) -> dict[str, Any] | None:
    """Label, reasons and hash that a value showed; None = this version did not show the window yet."""
    told = {name for name, since in kept.since_min.items() if since <= at_min}
    if not told:
        return None
    reasons = tuple(reason.value for reason in Reason if reason.value in told)
    settled = Label.FINAL if Label.FINAL.value in told else Label.PROVISIONAL
    same_engine = kept.since_min.get(Reason.ENGINE.value, at_min) <= at_min
    return {
        "label": Label.CORRECTED if reasons else settled,
        "reasons": reasons,
        "definition_hash": kept.definition_hash if same_engine else "",
    }
