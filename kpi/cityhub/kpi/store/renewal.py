"""A window's value against what is kept of it: is it another one, how settled is it, and why did it change?"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import NamedTuple

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, select

from cityhub.kpi.kernel.label import Reason, deadline_ms, label_of
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.store import schema
from cityhub.kpi.store.clocks import Arrivals, Clock
from cityhub.kpi.store.dialect import upsert
from cityhub.kpi.store.figures import Figures
from cityhub.kpi.store.sheet import Cut
from cityhub.kpi.store.windows import Job
from cityhub.kpi.values import KpiValue, Label, WindowKind

_PER_QUERY = 500
_FOR_EVER = sys.maxsize
"""What has settled stays so, whatever a clock shows later."""


class KeptValue(KpiValue, frozen=True, kw_only=True):
    """A value with what its label follows from.

    Attributes:
        first_ms: arrival of the first event it is made of; 0 = it was there before its end.
        changed_ms: by `Reason`, when it last changed so (epoch ms).
        since_min: by reason, or by label where there is none, since which minute of the publisher's clock this version
            has shown it (epoch minutes). Empty: of people, or published by a hub that did not keep it.
    """

    first_ms: int = 0
    changed_ms: dict[Reason, int] = msgspec.field(default_factory=dict)
    since_min: dict[str, int] = msgspec.field(default_factory=dict)


class Finding(NamedTuple):
    """What a pass found for a job.

    Attributes:
        arrivals: of what changed it.
        referred_ms: when its denominators last became others.
    """

    job: Job
    figures: Figures
    arrivals: Arrivals
    referred_ms: int


decode_value = msgspec.json.Decoder(KeptValue).decode


def renewed(plan: Plan, found: Finding, first_ms: int, before: KeptValue | None, clock: Clock) -> KeptValue:
    """The value as it is now; equal to `before`, revision included, when nothing about it changed.

    Buckets may be ahead of the marks that tell when they changed: until a mark comes a number that has settled stays.

    Args:
        first_ms: see `begun.first_arrivals`.
    """
    value = made(plan, found.job, found.figures, clock, first_ms=first_ms, changed_ms=found.arrivals.changed_ms())
    value = _changed(value, Reason.REFERENCE, found.referred_ms)
    if before is not None:
        value = _after(plan, value, before, found.arrivals, clock)
    label, reasons = label_of(
        window_end_s=found.job.window.end,
        lateness_s=plan.definition.lateness_s,
        first_ms=value.first_ms,
        patience_s=plan.definition.patience_s,
        settled_ms=clock.settled_ms if before is None or before.label is Label.PROVISIONAL else _FOR_EVER,
        changed_ms=value.changed_ms,
    )
    value = replace(value, label=label, reasons=tuple(reason.value for reason in reasons))
    if before is None or not _same(value, before):
        return replace(value, revision=value.revision + 1)
    return before


def made(
    plan: Plan,
    job: Job,
    numbers: Figures,
    clock: Clock,
    *,
    first_ms: int = 0,
    changed_ms: Mapping[Reason, int] = MappingProxyType({}),
) -> KeptValue:
    """The value as if nothing had been kept of it, without its label."""
    definition = plan.definition
    return KeptValue(
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
        revision=0,
        inputs_up_to=_instant(clock.newest_ms),
        first_ms=first_ms,
        changed_ms=dict(changed_ms),
        minimum_group=definition.minimum_group or 0,
        **numbers._asdict(),
    )


def _same(value: KeptValue, before: KeptValue) -> bool:
    """Whether nothing is to be kept: once it has settled, arrivals that leave the label as it is say nothing more."""
    if before.label is Label.PROVISIONAL:
        return value == before
    told = {name: getattr(before, name) for name in ("first_ms", "changed_ms", "inputs_up_to")}
    return replace(value, **told) == before


def settles_ms(value: KeptValue, plan: Plan) -> int:
    """Beyond which clock a provisional value settles."""
    end_s = int(value.end.timestamp())
    one = plan.definition
    return deadline_ms(
        window_end_s=end_s, lateness_s=one.lateness_s, first_ms=value.first_ms, patience_s=one.patience_s
    )


def _after(plan: Plan, value: KeptValue, before: KeptValue, arrivals: Arrivals, clock: Clock) -> KeptValue:
    """The value with what is kept of it."""
    settled = before.label is not Label.PROVISIONAL
    known = replace(
        value,
        label=before.label,
        reasons=before.reasons,
        revision=before.revision,
        inputs_up_to=before.inputs_up_to,
        first_ms=before.first_ms,
        changed_ms=before.changed_ms,
        late_n=before.late_n,
        since_min=before.since_min,
    )
    changed = known != before
    if settled and plan.has_prefix and not changed:
        arrivals = Arrivals()  # of earlier events, which the running total knew or which leave it as it is
    another = value.definition_version != before.definition_version
    redefined = another or value.definition_hash != before.definition_hash
    referred = value.references != before.references
    if settled and changed and not (arrivals.first_ms or redefined or referred):
        return before  # the mark is to come
    known = _changed(known, Reason.REFERENCE, value.changed_ms.get(Reason.REFERENCE, 0))
    if another:
        if _other_number(known, before):
            known = _changed(known, Reason.DEFINITION, clock.newest_ms)
    elif redefined:
        known = _changed(known, Reason.ENGINE, clock.newest_ms)
    if another:
        known = replace(known, since_min={})
    if not arrivals.first_ms:
        return known
    known = replace(known, first_ms=min(before.first_ms, value.first_ms), inputs_up_to=value.inputs_up_to)
    if arrivals.late_ms > settles_ms(known, plan) and not another:  # which counts other events
        known = replace(known, late_n=before.late_n + max(0, value.n - before.n))
    for reason, at_ms in arrivals.changed_ms().items():
        known = _changed(known, reason, at_ms)
    return known


def _other_number(value: KeptValue, before: KeptValue) -> bool:
    """Whether another version says another thing; a number that is the same under both is no change."""
    version = {"definition_version": before.definition_version, "definition_hash": before.definition_hash}
    return replace(value, **version) != before


def _changed(value: KeptValue, reason: Reason, at_ms: int) -> KeptValue:
    if at_ms <= value.changed_ms.get(reason, 0):
        return value
    return replace(value, changed_ms={**value.changed_ms, reason: at_ms})


def _instant(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC)


def kept_values(connection: Connection, kpi: str, jobs: Sequence[Job]) -> dict[Job, KeptValue]:
    """What is kept of the jobs: by the newest version of which there is something."""
    row = schema.value.c
    query = select(row.anchor, row.scope, row.dims, row.payload).where(row.kpi == kpi)
    query = query.order_by(row.anchor, row.scope, row.dims, row.version)
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


def _shown(value: KeptValue, at_min: int) -> KeptValue:
    """The value, with the minute under what it shows for the first time; of people nothing is noted."""
    told = value.reasons or (value.label.value,)
    new = {name: at_min for name in told if name not in value.since_min}
    return replace(value, since_min={**value.since_min, **new}) if new and not value.minimum_group else value


def write_values(connection: Connection, kpi: str, values: Sequence[tuple[Job, KeptValue]], at_min: int) -> None:
    """Keep the values; what the topic has of them is not touched, nor what other versions say of the windows.

    Args:
        at_min: the minute of the publisher's clock.
    """
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
            "payload": msgspec.json.encode(_shown(value, at_min)),
        }
        for job, value in values
    ]
    if rows:
        statement = upsert(connection, schema.value)
        changing = {name: statement.excluded[name] for name in ("end", "label", "revision", "payload")}
        keys = ["kpi", "window", "anchor", "scope", "dims", "version"]
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changing), rows)
