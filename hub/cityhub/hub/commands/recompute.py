"""`cityhub kpi recompute`: numbers from the archive alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from cityhub.bus.archive.reader import Archive
from cityhub.bus.archive.storage import storage_of
from cityhub.bus.errors import ArchiveMissing
from cityhub.hub.commands.narrator import show
from cityhub.hub.commands.proof import instant_of
from cityhub.hub.commands.text import table
from cityhub.hub.errors import Misconfigured
from cityhub.kpi.definition import Catalogue
from cityhub.kpi.guard import refuse_people
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.windows import Window, window_at
from cityhub.kpi.proof.recompute import Reach, Recomputed, reach, recompute, windows_of_day
from cityhub.kpi.store.sheet import ALL
from cityhub.kpi.values import WindowKind


class Asked(NamedTuple):
    """What is asked for, as options say it; "" = not given.

    Attributes:
        at: an instant of the windows. day: they end on it. Neither: all that the archive holds.
        work: where days are kept. jobs: processes.
    """

    kpi: str
    window: str = ""
    at: str = ""
    day: str = ""
    scope: str = ""
    work: Path | None = None
    jobs: int = 1


def recomputed(catalogue: Catalogue, archive: str, asked: Asked, *, as_json: bool) -> int:
    """Compute and show, as JSON a line each; 1 when nothing counts there.

    Raises:
        UnknownKpi, Misconfigured: what is asked for is none, or `work` is no folder.
        Withheld: the KPI tells of people.
        ArchiveMissing: nothing of it is archived, or not from the beginning. ArchiveDamaged: not as it was written.
    """
    plan = plan_of(catalogue[asked.kpi])
    refuse_people(plan.definition)
    kinds = _kinds(plan, asked)
    windows = _windows(plan, asked)
    if asked.work is not None and asked.work.exists() and not asked.work.is_dir():
        raise Misconfigured(f"--work {asked.work} is a file; name a folder, it is made where there is none")
    source, whole = opened(catalogue, archive, [plan])
    chosen = None if windows is None else [one for one in windows if one.kind in kinds]
    numbers = recompute(plan, source, whole, chosen, work=asked.work, jobs=asked.jobs)
    found = [one for one in numbers if one.window in kinds and asked.scope in ("", one.scope)]
    if as_json:
        show("\n".join(msgspec.json.encode(one).decode() for one in found))
    elif found:
        heads = ("WINDOW", "FROM (UTC)", "OF", f"VALUE ({plan.definition.unit})", "EVENTS", "DIGEST")
        show(table(heads, [_row(one) for one in found]))
    else:
        show(f"{asked.kpi}: no event of the archive counts there")
    return 0 if found else 1


def opened(catalogue: Catalogue, archive: str, plans: Sequence[Plan]) -> tuple[Archive, Reach]:
    """An archive, and how far it has come for the plans.

    Raises:
        ArchiveMissing: it holds nothing of what they read.
    """
    source = Archive(storage_of(archive), catalogue.contracts)
    whole = reach(source, plans)
    topics = sorted({topic for plan in plans for topic in plan.definition.topics.values()})
    if not any(whole.vector[topic] for topic in topics):
        raise ArchiveMissing(f"{archive} holds nothing of {', '.join(topics)}; name the right archive")
    return source, whole


def _kinds(plan: Plan, asked: Asked) -> list[WindowKind]:
    known = plan.definition.windows
    if asked.window and asked.window not in known:
        raise Misconfigured(f"--window {asked.window!r}: {asked.kpi} has {', '.join(known)}")
    return [WindowKind(asked.window)] if asked.window else list(known)


def _windows(plan: Plan, asked: Asked) -> list[Window] | None:
    """None = all."""
    if asked.at and asked.day:
        raise Misconfigured(f"--at {asked.at} and --day {asked.day}: give one of them, or none for all windows")
    if asked.at:
        at_s = int(instant_of("--at", asked.at).timestamp())
        return [window_at(kind, at_s) for kind in plan.definition.windows]
    if asked.day:
        day = window_at(WindowKind.DAY, int(instant_of("--day", asked.day).timestamp()))
        return windows_of_day(plan, day.start, day.end)
    return None


def _row(one: Recomputed) -> tuple[str, ...]:
    where = one.scope if one.dimensions == ALL else f"{one.scope} {one.dimensions}"
    value = "unknown" if one.value is None else f"{one.value:g}"
    return one.window, f"{one.start:%Y-%m-%d %H:%M}", where, value, str(one.n), one.digest[:12]
