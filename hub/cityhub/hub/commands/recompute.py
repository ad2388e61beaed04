"""`cityhub kpi recompute`: numbers from the archive alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from cityhub.bus.archive.reader import Archive
from cityhub.bus.archive.storage import storage_of
from cityhub.bus.errors import ArchiveMissing
from cityhub.hub.commands.narrator import show
from cityhub.hub.commands.proof import instant_of
from cityhub.hub.commands.text import table
from cityhub.hub.errors import Misconfigured
from cityhub.kpi.definition import Catalogue
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.windows import berlin
from cityhub.kpi.proof.recompute import Reach, reach, recompute
from cityhub.kpi.store.figures import Figures
from cityhub.kpi.store.windows import Job
from cityhub.kpi.values import WindowKind


def recomputed(catalogue: Catalogue, archive: str, kpi: str, *, window: str, day: str, as_json: bool) -> int:
    """Numbers of a day, or of all that is archived; as JSON a line each. 1 when there are none.

    Raises:
        UnknownKpi, Misconfigured: what is asked for is none.
        ArchiveMissing: nothing of it is archived, or not from the beginning. ArchiveDamaged: not as it was written.
    """
    plan = plan_of(catalogue[kpi])
    kinds = [kind.value for kind in plan.definition.windows]
    if window and window not in kinds:
        raise Misconfigured(f"--window {window!r}: {kpi} has {', '.join(kinds)}")
    source, whole = opened(catalogue, archive, [plan])
    span = _span(day) if day else (0, whole.clock_s)
    chosen = [WindowKind(window)] if window else list(plan.definition.windows)
    found = list(recompute(plan, source, chosen, span))
    if as_json:
        show("\n".join(msgspec.json.encode(_told(job, figures)).decode() for job, figures in found))
    else:
        show(table(("WINDOW", "FROM (UTC)", "OF", "VALUE", "EVENTS", "DIGEST"), [_row(job, one) for job, one in found]))
    return 0 if found else 1


def opened(catalogue: Catalogue, archive: str, plans: Sequence[Plan]) -> tuple[Archive, Reach]:
    """An archive, and how far it has come for the plans.

    Raises:
        ArchiveMissing: it holds nothing of what they read.
    """
    source = Archive(storage_of(archive), catalogue.contracts)
    whole = reach(source, plans)
    topics = sorted({read.topic for plan in plans for read in plan.definition.sources.values()})
    if not any(whole.vector[topic] for topic in topics):
        raise ArchiveMissing(f"{archive} holds nothing of {', '.join(topics)}; name the right archive")
    return source, whole


def _span(day: str) -> tuple[int, int]:
    start = instant_of("--day", day).astimezone(berlin())
    end = datetime.combine(start.date() + timedelta(days=1), start.timetz())
    return int(start.timestamp()), int(end.timestamp())


def _told(job: Job, figures: Figures) -> dict[str, object]:
    window = {"window": job.window.kind.value, "start": _at(job.window.start), "end": _at(job.window.end)}
    return {**window, "scope": job.cut.scope, "dimensions": job.cut.dims, **figures._asdict()}


def _row(job: Job, figures: Figures) -> tuple[str, ...]:
    where = job.cut.scope if job.cut.dims == "{}" else f"{job.cut.scope} {job.cut.dims}"
    value = "unknown" if figures.value is None else f"{figures.value:g}"
    start = f"{datetime.fromtimestamp(job.window.start, UTC):%Y-%m-%d %H:%M}"
    return job.window.kind.value, start, where, value, str(figures.n), figures.digest[:12]


def _at(epoch_s: int) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).isoformat()
