"""A window's value against what is kept of it: is it another one, how settled is it, and why did it change?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, select

from cityhub.kpi.kernel.effect import ReferenceRow
from cityhub.kpi.kernel.label import Reason, deadline_ms, label_of
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.store import schema
from cityhub.kpi.store.clocks import Arrivals, Clock, earlier
from cityhub.kpi.store.dialect import upsert
from cityhub.kpi.store.figures import Figures
from cityhub.kpi.store.sheet import Cut
from cityhub.kpi.store.windows import Job
from cityhub.kpi.values import KpiValue, Label, WindowKind

_PER_QUERY = 500


class KeptValue(KpiValue, frozen=True, kw_only=True):
    """A value with what its label follows from.

    Attributes:
        first_ms: arrival of its first event, 0 = none has arrived.
        changed_ms: by `Reason`, when it last changed so (epoch ms).
    """

    first_ms: int = 0
    changed_ms: dict[Reason, int] = msgspec.field(default_factory=dict)


class Finding(NamedTuple):
    """What a pass found for a job.

    Attributes:
        arrivals: of what changed it.
        applied: the denominators it was computed with.
    """

    job: Job
    figures: Figures
    arrivals: Arrivals
    applied: Sequence[ReferenceRow]


decode_value = msgspec.json.Decoder(KeptValue).decode


def renewed(plan: Plan, found: Finding, before: KeptValue | None, clock: Clock) -> KeptValue:
    """The value as it is now; equal to `before`, revision included, when nothing about it changed."""
    definition = plan.definition
    job, figures = found.job, found.figures
    base = KeptValue(
        kpi_id=definition.id,
        definition_version=definition.version,
        definition_hash=definition.hash,
        scope=job.cut.scope,
        dimensions=msgspec.json.decode(job.cut.dims, type=dict[str, str]),
        window=job.window.kind,
        start=_instant(job.window.start * 1000),
        end=_instant(job.window.end * 1000),
        unit=definition.unit,
        label=Label.PROVISIONAL,
        revision=0 if before is None else before.revision,
        inputs_up_to=_instant(clock.newest_ms) if before is None else before.inputs_up_to,
        first_ms=found.arrivals.first_ms if before is None else before.first_ms,
        changed_ms=_arrived(found.arrivals) if before is None else before.changed_ms,
        late_n=0 if before is None else before.late_n,
        **figures._asdict(),
    )
    if before is not None:
        base = _with_change(base, before, found, clock, definition.lateness_s)
    label, reasons = label_of(
        window_end_s=job.window.end,
        lateness_s=definition.lateness_s,
        first_ms=base.first_ms,
        settled_ms=clock.settled_ms,
        changed_ms=base.changed_ms,
    )
    value = replace(base, label=label, reasons=tuple(reason.value for reason in reasons))
    return value if value == before else replace(value, revision=value.revision + 1)


def settles_ms(value: KeptValue, plan: Plan) -> int:
    """Beyond which clock a provisional value settles."""
    end_s = int(value.end.timestamp())
    return deadline_ms(window_end_s=end_s, lateness_s=plan.definition.lateness_s, first_ms=value.first_ms)


def _with_change(value: KeptValue, before: KeptValue, found: Finding, clock: Clock, lateness_s: int) -> KeptValue:
    """The value with the reason for which it is another than before, if it is."""
    if value == before:
        return value
    if value.definition_version != before.definition_version:
        return _changed(value, Reason.DEFINITION, clock.newest_ms)
    if value.definition_hash != before.definition_hash:
        return _changed(value, Reason.ENGINE, clock.newest_ms)
    if value.references != before.references:
        value = _changed(value, Reason.REFERENCE, max((row.recorded_ms for row in found.applied), default=0))
    if value.digest == before.digest and not found.arrivals.last_ms:
        return value  # the clock went on, or a denominator changed
    value = replace(
        value, first_ms=earlier(value.first_ms, found.arrivals.first_ms), inputs_up_to=_instant(clock.newest_ms)
    )
    last_ms = found.arrivals.last_ms or clock.settled_ms
    end_s = int(value.end.timestamp())
    late = last_ms > deadline_ms(window_end_s=end_s, lateness_s=lateness_s, first_ms=value.first_ms)
    value = replace(value, late_n=value.late_n + late * max(0, value.n - before.n))
    return _changed(value, Reason.LATE, last_ms)


def _arrived(arrivals: Arrivals) -> dict[Reason, int]:
    return {Reason.LATE: arrivals.last_ms} if arrivals.last_ms else {}


def _changed(value: KeptValue, reason: Reason, at_ms: int) -> KeptValue:
    newest = max(at_ms, value.changed_ms.get(reason, 0))
    return replace(value, changed_ms={**value.changed_ms, reason: newest})


def _instant(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC)


def kept_values(connection: Connection, kpi: str, jobs: Sequence[Job]) -> dict[Job, KeptValue]:
    """What is kept of the jobs."""
    row = schema.value.c
    query = select(row.anchor, row.scope, row.dims, row.payload).where(row.kpi == kpi)
    wanted: dict[WindowKind, dict[int, Job]] = {}
    for job in jobs:
        wanted.setdefault(job.window.kind, {})[job.window.anchor] = job
    found: dict[Job, KeptValue] = {}
    asked = set(jobs)
    for kind, anchors in wanted.items():
        starts = sorted(anchors)
        for first in range(0, len(starts), _PER_QUERY):
            part = query.where(row.window == kind.value, row.anchor.in_(starts[first : first + _PER_QUERY]))
            for anchor, scope, dims, payload in connection.execute(part):
                job = Job(Cut(scope, dims), anchors[anchor].window)
                if job in asked:
                    found[job] = decode_value(payload)
    return found


def write_values(connection: Connection, kpi: str, values: Sequence[tuple[Job, KeptValue]]) -> None:
    """Keep the values; what the topic has of them is not touched."""
    rows = [
        {
            "kpi": kpi,
            "window": job.window.kind.value,
            "anchor": job.window.anchor,
            "scope": job.cut.scope,
            "dims": job.cut.dims,
            "version": value.definition_version,
            "start": job.window.start,
            "end": job.window.end,
            "label": value.label.value,
            "revision": value.revision,
            "published": 0,
            "payload": msgspec.json.encode(value),
        }
        for job, value in values
    ]
    if rows:
        statement = upsert(connection, schema.value)
        changing = {name: statement.excluded[name] for name in ("version", "end", "label", "revision", "payload")}
        keys = ["kpi", "window", "anchor", "scope", "dims"]
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changing), rows)
