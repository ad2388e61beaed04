"""`cityhub kpi diff` and `changes`: two versions of a definition, two looks at a number; they need the archive only."""

from __future__ import annotations

import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import msgspec

from cityhub.hub.commands.narrator import show
from cityhub.hub.commands.proof import check_scope, content_of, dimensions_of, instant_of
from cityhub.hub.commands.recompute import opened
from cityhub.hub.commands.text import table
from cityhub.hub.errors import Misconfigured
from cityhub.kpi.audited import EventAt
from cityhub.kpi.definition import Catalogue, KpiDefinition, parse_definition
from cityhub.kpi.guard import refuse_people
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.windows import window_at
from cityhub.kpi.proof.changes import BEFORE, Changes, Part, changes
from cityhub.kpi.proof.diff import Moved, Pair, Side, diff
from cityhub.kpi.proof.looks import View, view_of
from cityhub.kpi.proof.receipt import parse
from cityhub.kpi.store.sheet import ALL, CITY, Cut
from cityhub.kpi.values import WindowKind

_SHOWN_EVENTS = 3
_dims = msgspec.json.Encoder(order="sorted").encode


def differences(
    catalogue: Catalogue, archive: str, kpi: str, versions: tuple[str, str], span: tuple[str, str], *, as_json: bool
) -> int:
    """Windows that differ between two versions, numbers of the catalogue or files of drafts; 1 when none does.

    Raises:
        UnknownKpi, DefinitionError: a version that does not exist, or a draft that is wrong.
        Misconfigured: a span that is none.
        ArchiveMissing, ArchiveDamaged: the events are not all there.
        Withheld: the KPI tells of people.
    """
    old, new = (plan_of(_version(catalogue, kpi, text)) for text in versions)
    for plan in (old, new):
        refuse_people(plan.definition)
    start, end = (_epoch_s(option, text) for option, text in zip(("--from", "--to"), span, strict=True))
    if start >= end:
        raise Misconfigured(f"--from {span[0]} is not before --to {span[1]}")
    source, whole = opened(catalogue, archive, (old, new))
    found = diff(Pair(old, new, *whole), source, start, end)
    if as_json:
        show(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        show(f"{kpi}: {len(found)} windows differ between version {versions[0]} and {versions[1]}")
        show(table(("WINDOW", "FROM (UTC)", "OF", "OLD", "NEW", "EVENTS"), [_row(one) for one in found]))
    return 0 if found else 1


class Asked(NamedTuple):
    """Two looks at a number, as options say them; pairs are of the first and the second look.

    Attributes:
        window: kind; "" = the KPI's own. at: instants of the windows. known: up to when each look knows what had
            arrived; "" = now. versions: numbers or files of drafts; "" = the catalogue's.
        receipt: what the first look stated, instead of all that is said of it.
    """

    kpi: str
    window: str
    at: tuple[str, str]
    known: tuple[str, str]
    scope: str
    dimensions: Sequence[str]
    versions: tuple[str, str]
    receipt: Path | None


def looks(catalogue: Catalogue, archive: str, asked: Asked, *, as_json: bool) -> int:
    """What changed between two looks at a number; 1 when a number is unknown.

    Raises:
        UnknownKpi, DefinitionError, ReceiptInvalid: a KPI or version that does not exist; a draft or receipt is wrong.
        Misconfigured, BatchError: what is asked for is none.
        ArchiveMissing, ArchiveDamaged: the events are not all there.
        Withheld: the KPI tells of people.
    """
    first = _first(catalogue, asked) if asked.receipt is None else _stated(catalogue, asked, asked.receipt)
    second = _second(catalogue, asked, first)
    for view in (first, second):
        refuse_people(view.plan.definition)
    source, _ = opened(catalogue, archive, (first.plan, second.plan))
    found = changes(first, second, source)
    if as_json:
        show(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        show(_told(second.plan, found))
    return 1 if found.unknown else 0


def _first(catalogue: Catalogue, asked: Asked) -> View:
    if not asked.at[0] or not asked.known[0]:
        raise Misconfigured("the first look is not named: say --at and --known, or --receipt")
    plan = _plan(catalogue, asked.kpi, asked.versions[0])
    window = window_at(_kind(plan.definition, asked.window), _epoch_s("--at", asked.at[0]))
    check_scope(plan.definition, asked.scope)
    cut = Cut(asked.scope, _dims(dimensions_of(plan.definition, asked.dimensions)).decode())
    return View(plan, window, cut, _epoch_s("--known", asked.known[0]) * 1000)


def _stated(catalogue: Catalogue, asked: Asked, file: Path) -> View:
    if any((asked.at[0], asked.known[0], asked.window, asked.scope != CITY, asked.dimensions, asked.versions[0])):
        raise Misconfigured("--receipt says all of the first look; leave --at, --known, --window and the others out")
    receipt = parse(content_of(file))
    if receipt.kpi != asked.kpi:
        raise Misconfigured(f"--receipt {file}: it is of {receipt.kpi}, not of {asked.kpi}")
    return view_of(receipt, plan_of(catalogue.version(receipt.kpi, receipt.version)))


def _second(catalogue: Catalogue, asked: Asked, first: View) -> View:
    """What it does not say is as in the first."""
    at, known = asked.at[1], asked.known[1]
    known_ms = _epoch_s("--then-known", known) * 1000 if known else int(time.time() * 1000)
    return View(
        plan=_plan(catalogue, asked.kpi, asked.versions[1]) if asked.versions[1] else first.plan,
        window=window_at(first.window.kind, _epoch_s("--and-at", at)) if at else first.window,
        cut=first.cut,
        known_ms=known_ms,
    )


def _plan(catalogue: Catalogue, kpi: str, version: str) -> Plan:
    return plan_of(_version(catalogue, kpi, version) if version else catalogue[kpi])


def _epoch_s(option: str, text: str) -> int:
    return int(instant_of(option, text).timestamp())


def _kind(definition: KpiDefinition, window: str) -> WindowKind:
    kinds = [kind.value for kind in definition.windows]
    if window and window not in kinds:
        raise Misconfigured(f"--window {window!r}: {definition.id} has {', '.join(kinds)}")
    return WindowKind(window) if window else definition.default_window


def _told(plan: Plan, found: Changes) -> str:
    rows = [("before", _decimal(found.before), "")]
    for part in found.parts:
        amount = "unknown" if part.amount is None else f"{part.amount:+f}"
        rows.append((part.cause, amount, _about(part, found)))
    rows.append(("after", _decimal(found.after), ""))
    unit = "" if plan.definition.unit == "1" else f" ({plan.definition.unit})"
    lines = [table(("CAUSE", f"AMOUNT{unit}", "ABOUT"), rows)]
    if found.unknown:
        since = "before" if found.unknown == BEFORE else f"once {found.unknown} has changed"
        lines.append(f"unknown: there is no number {since}")
    return "\n".join(lines)


def _about(part: Part, found: Changes) -> str:
    """What a part is about: two hashes, two meanings, or events."""
    pair = {"definition": tuple(one[:12] for one in found.definitions), "engine": found.engines}.get(part.cause)
    if pair is not None:
        return f"{pair[0]} to {pair[1]}" if pair[0] != pair[1] else ""
    return _events(part.events, part.named)


def _events(count: int, named: Sequence[EventAt]) -> str:
    first = ", ".join(event.id for event in named[:_SHOWN_EVENTS])
    return f"{count}: {first}{' …' if count > _SHOWN_EVENTS else ''}" if count else ""


def _version(catalogue: Catalogue, kpi: str, text: str) -> KpiDefinition:
    if text.isdigit():
        return catalogue.version(kpi, int(text))
    try:
        content = Path(text).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{text!r} is neither a version's number nor a file that can be read: {error}") from error
    return parse_definition(content, text, catalogue.contracts)


def _row(one: Moved) -> tuple[str, ...]:
    scope = one.scope if one.dimensions == ALL else f"{one.scope} {one.dimensions}"
    events = _events(one.events, one.named)
    return one.window, f"{one.start:%Y-%m-%d %H:%M}", scope, _side(one.old), _side(one.new), events


def _side(side: Side | None) -> str:
    if side is None:
        return "no number"
    return f"{'unknown' if side.value is None else f'{side.value:g}'} (n {side.n})"


def _decimal(value: Decimal | None) -> str:
    return "unknown" if value is None else f"{value:f}"
