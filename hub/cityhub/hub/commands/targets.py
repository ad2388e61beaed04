"""`cityhub kpi target` and `targets`: setting a KPI's target, and everything that was recorded about it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import NamedTuple

import msgspec

from cityhub.hub.commands.narrator import show
from cityhub.hub.commands.text import table
from cityhub.hub.errors import Misconfigured
from cityhub.kpi.definition import Catalogue, Target
from cityhub.kpi.reader import KpiReader
from cityhub.kpi.store.targets import TargetBook
from cityhub.kpi.targets import TargetRecord, standing


class Given(NamedTuple):
    """What was typed; `retract`: number of the record to take back, None = a target is set."""

    value: float | None
    low: float | None
    high: float | None
    watch: float | None
    source: str
    since: str
    retract: int | None


def change(store: str | Path, catalogue: Catalogue, kpi_id: str, given: Given, *, who: str, why: str) -> int:
    """Append a record.

    Raises:
        UnknownKpi: no such KPI.
        TargetRefused: every flaw of the target, or no such record.
        Misconfigured: no day, or a target and a record to take back at once.
        StoreUnavailable: there is no store, or it cannot be written now.
    """
    definition, book = catalogue[kpi_id], TargetBook(store)
    if given.retract is not None:
        if any(part not in (None, "") for part in given[:-1]):
            raise Misconfigured(f"--retract {given.retract} takes a record back: leave the parts of a target out")
        book.retract(definition, given.retract, who=who, why=why)
        show(f"record {given.retract} of {kpi_id} does not hold any more")
        return 0
    target = Target(
        value=given.value,
        low=given.low,
        high=given.high,
        watch=given.watch,
        source=given.source,
        since=_day(given.since),
    )
    record = book.record(definition, target, who=who, why=why)
    show(f"{kpi_id}: record {record.number}: {_words(target, definition.unit)} from {target.since} on")
    return 0


def listing(reader: KpiReader, kpi_id: str, *, as_json: bool) -> int:
    """All records of a KPI, oldest first.

    Raises:
        UnknownKpi: no such KPI.
    """
    definition = reader.catalogue[kpi_id]
    records = reader.targets()[kpi_id]
    if as_json:
        show(msgspec.json.format(msgspec.json.encode(records)).decode())
        return 0
    if not records:
        show(f"{kpi_id} has no target; `cityhub kpi target {kpi_id}` sets one")
        return 0
    holding = {one.number for one in standing(records)}
    rows = [_row(one, definition.unit, holds=one.number in holding) for one in records]
    show(table(("NO", "FROM", "TARGET", "STATE", "SOURCE", "RECORDED (UTC)", "WHO", "WHY"), rows))
    return 0


def _row(record: TargetRecord, unit: str, *, holds: bool) -> tuple[str, ...]:
    recorded = f"{record.recorded:%Y-%m-%d %H:%M}" if record.recorded else "definition"
    tail = (recorded, record.who, record.why)
    if record.target is None:
        return str(record.number), "", f"takes back {record.retracts}", "", "", *tail
    target = record.target
    state = "holds" if holds else "taken back"
    return str(record.number), str(target.since), _words(target, unit), state, target.source, *tail


def _words(target: Target, unit: str) -> str:
    goal = f"{target.value:g}" if target.value is not None else f"{target.low:g} to {target.high:g}"
    watch = f", watch within {target.watch:g}" if target.watch else ""
    return f"{goal} {unit}".removesuffix(" 1") + watch


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Misconfigured(f"--from {text!r}: name the first day on which the target holds, as 2027-01-31") from None
