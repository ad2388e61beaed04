"""`cityhub masterplan show` and `import`."""

from __future__ import annotations

from pathlib import Path

import msgspec

from cityhub.hub.commands.narrator import show
from cityhub.hub.commands.text import table
from cityhub.hub.errors import Misconfigured
from cityhub.kpi.definition import Catalogue
from cityhub.kpi.definition_target import flaw_of_words
from cityhub.kpi.masterplan.importing import read_import
from cityhub.kpi.masterplan.model import Masterplan, Measure
from cityhub.kpi.masterplan.reading import own_masterplan
from cityhub.kpi.reader import KpiReader
from cityhub.kpi.store.masterplan import write_import

LARGEST_B = 1024 * 1024


def listing(reader: KpiReader, *, as_json: bool) -> int:
    """The plan."""
    plan = reader.masterplan()
    if as_json:
        show(msgspec.json.format(msgspec.json.encode(plan)).decode())
        return 0
    goals = [(one.field, goal.id, goal.name.en, " ".join(goal.kpis)) for one in plan.fields for goal in one.goals]
    show(table(("FIELD", "GOAL", "NAME", "KPIS"), goals))
    show("")
    show(table(("PROGRAMME", "MEASURE", "NAME", "FIELD", "GOAL", "KPIS"), _measures(plan)))
    return 0


def take_in(store: str | Path, catalogue: Catalogue, file: Path, programme: str, *, who: str) -> int:
    """Import a file.

    Raises:
        MasterplanError: every fault of the file.
        Misconfigured: there is no such file, it is too large, or nobody is named.
        StoreUnavailable: there is no store, or it cannot be written now.
    """
    if flaw := flaw_of_words(who):
        raise Misconfigured(f"--by {who[:40]!r}: {flaw.en}")
    plan = own_masterplan()
    found = read_import(file.name, _content(file), plan, catalogue, programme)
    number = write_import(store, found.programme, found.measures, who=who.strip())
    there = next(one for one in plan.programmes if one.id == found.programme)
    count = len(found.measures)
    show(f"import {number}: {count} measures of {found.programme}, in place of those that were there")
    if count != there.total:
        show(f"its paper says {there.total}: please look whether {count} is right")
    return 0


def _content(file: Path) -> bytes:
    try:
        size = file.stat().st_size
        if size > LARGEST_B:
            raise Misconfigured(f"{file} has {size} bytes; at most {LARGEST_B} are read")
        return file.read_bytes()
    except OSError as error:
        raise Misconfigured(f"{file} cannot be read: {error.strerror}; name a YAML or CSV file") from error


def _measures(plan: Masterplan) -> list[tuple[str, ...]]:
    return [(one.id, *_row(measure)) for one in plan.programmes for measure in (*one.named, *one.measures)]


def _row(measure: Measure) -> tuple[str, ...]:
    name = f"{measure.name.en} (placeholder)" if measure.placeholder else measure.name.en
    return measure.id, name, measure.field or "", measure.goal or "", " ".join(measure.kpis)
