"""`cityhub kpi diff` and `changes`: two versions of a definition, two looks at a number; they need the archive only."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import msgspec

from cityhub.bus.archive.reader import Archive
from cityhub.bus.archive.storage import storage_of
from cityhub.hub.commands.narrator import show
from cityhub.hub.commands.proof import instant_of
from cityhub.hub.commands.text import table
from cityhub.hub.errors import Misconfigured
from cityhub.kpi.definition import Catalogue, KpiDefinition, parse_definition
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.windows import window_at
from cityhub.kpi.proof.changes import Changes, changes
from cityhub.kpi.proof.diff import Moved, Pair, Side, diff
from cityhub.kpi.proof.looks import View
from cityhub.kpi.store.sheet import ALL, Cut
from cityhub.kpi.values import WindowKind

_SHOWN_EVENTS = 3


def differences(
    catalogue: Catalogue, archive: str, kpi: str, versions: tuple[str, str], span: tuple[str, str], *, as_json: bool
) -> int:
    """Windows that differ between two versions, numbers of the catalogue or files of drafts; 1 when none does.

    Raises:
        UnknownKpi, DefinitionError: a version that does not exist, or a draft that is wrong.
        Misconfigured: a span that is none.
        ArchiveMissing, ArchiveDamaged: the events are not all there.
    """
    old, new = (plan_of(_version(catalogue, kpi, text)) for text in versions)
    start, end = (
        int(instant_of(option, text).timestamp()) for option, text in zip(("--from", "--to"), span, strict=True)
    )
    if start >= end:
        raise Misconfigured(f"--from {span[0]} is not before --to {span[1]}")
    source = Archive(storage_of(archive), catalogue.contracts)
    vector, clock_s = _reach(source, (old, new))
    found = diff(Pair(old, new, vector, clock_s), source, start, end)
    if as_json:
        show(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        show(f"{kpi}: {len(found)} windows differ between version {versions[0]} and {versions[1]}")
        show(table(("WINDOW", "FROM (UTC)", "OF", "OLD", "NEW", "EVENTS"), [_row(one) for one in found]))
    return 0 if found else 1


def looks(
    catalogue: Catalogue,
    archive: str,
    kpi: str,
    window: str,
    *,
    at: tuple[str, str],
    known: tuple[str, str],
    as_json: bool,
) -> int:
    """What changed between two looks at a KPI of the whole city; 1 when a number is unknown.

    Args:
        at: instants of the two windows. known: up to when each look knows what had arrived.

    Raises:
        UnknownKpi, Misconfigured, BatchError: what is asked for is none.
        ArchiveMissing, ArchiveDamaged: the events are not all there.
    """
    plan = plan_of(catalogue[kpi])
    kinds = [kind.value for kind in plan.definition.windows]
    if window and window not in kinds:
        raise Misconfigured(f"--window {window!r}: {kpi} has {', '.join(kinds)}")
    kind = WindowKind(window) if window else plan.definition.default_window
    views = [
        View(
            plan,
            window_at(kind, int(instant_of("--at", moment).timestamp())),
            Cut("city", ALL),
            int(instant_of("--known", told).timestamp() * 1000),
        )
        for moment, told in zip(at, known, strict=True)
    ]
    found = changes(views[0], views[1], Archive(storage_of(archive), catalogue.contracts))
    if as_json:
        show(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        show(_told(plan, found))
    return 1 if found.before is None or found.after is None else 0


def _told(plan: Plan, found: Changes) -> str:
    rows = [("before", _decimal(found.before), "")]
    for part in found.parts:
        amount = "unknown" if part.amount is None else f"{part.amount:+f}"
        rows.append((part.cause, amount, f"{part.events} events" if part.events else ""))
    rows.append(("after", _decimal(found.after), ""))
    unit = "" if plan.definition.unit == "1" else f" ({plan.definition.unit})"
    return table(("CAUSE", f"AMOUNT{unit}", "ABOUT"), rows)


def _version(catalogue: Catalogue, kpi: str, text: str) -> KpiDefinition:
    if text.isdigit():
        return catalogue.version(kpi, int(text))
    try:
        content = Path(text).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{text!r} is neither a version's number nor a file that can be read: {error}") from error
    return parse_definition(content, text, catalogue.contracts)


def _reach(source: Archive, plans: tuple[Plan, Plan]) -> tuple[dict[str, dict[int, int]], int]:
    """Everything that is archived of the plans' topics, and how far it has come (epoch s)."""
    topics = sorted({read.topic for plan in plans for read in plan.definition.sources.values()})
    states = {topic: source.state(topic) for topic in topics}
    vector = {topic: {part: end.last for part, end in state.ends.items()} for topic, state in states.items()}
    newest = max((end.clock_ms for state in states.values() for end in state.ends.values()), default=0)
    return vector, (newest // 60_000 + 1) * 60


def _row(one: Moved) -> tuple[str, ...]:
    scope = one.scope if one.dimensions == ALL else f"{one.scope} {one.dimensions}"
    first = ", ".join(event.id for event in one.named[:_SHOWN_EVENTS])
    events = f"{one.events}: {first}{' …' if one.events > _SHOWN_EVENTS else ''}" if one.events else "see --json"
    return one.window, f"{one.start:%Y-%m-%d %H:%M}", scope, _side(one.old), _side(one.new), events


def _side(side: Side | None) -> str:
    if side is None:
        return "no number"
    return f"{'unknown' if side.value is None else f'{side.value:g}'} (n {side.n})"


def _decimal(value: Decimal | None) -> str:
    return "unknown" if value is None else f"{value:f}"


def now() -> str:
    """The instant up to which a look knows everything."""
    return datetime.now().astimezone().isoformat()
