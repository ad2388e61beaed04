"""Reading the measures of a programme from a file of the city's, YAML or CSV: all of them, or none and every fault."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

import yaml
from msgspec import Struct

from cityhub.kpi.definition import Catalogue
from cityhub.kpi.errors import MasterplanError
from cityhub.kpi.masterplan.model import Masterplan, Measure
from cityhub.kpi.masterplan.reading import REMEDY, faults_of, read_as
from cityhub.sdk import plain_yaml

MOST = 1_000
"""Measures of a programme, as in the contract of the events."""
COLUMNS = ("id", "name_de", "name_en", "field", "goal", "weight", "kpis")
_NEEDED = COLUMNS[:3]


class Imported(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a file holds."""

    programme: str
    measures: tuple[Measure, ...]


def read_import(name: str, content: bytes, plan: Masterplan, catalogue: Catalogue, programme: str = "") -> Imported:
    """Read a file.

    Args:
        name: of the file; `.csv` says what it is, everything else is YAML.
        programme: of a CSV file, which programme it is about.

    Raises:
        MasterplanError: every fault, each with file, place, value and remedy.
    """
    text = _text(name, content)
    try:
        tree = _of_csv(text, programme) if name.lower().endswith(".csv") else plain_yaml.load(text)
        found = read_as(tree, Imported)
    except yaml.YAMLError as error:
        raise MasterplanError(f"{name}: not readable as YAML: {error}") from error
    except MasterplanError as error:
        raise MasterplanError(f"{name}: {error}") from None
    goals = {goal.id: one.field for one in plan.fields for goal in one.goals}
    faults = list(faults_of(found.measures, goals, [one.id for one in catalogue]))
    known = [one.id for one in plan.programmes if one.total]
    if found.programme not in known:
        faults.insert(0, f"programme: {found.programme!r} is none with measures; use one of {', '.join(known)}")
    if not 0 < len(found.measures) <= MOST:
        faults.append(f"measures: {len(found.measures)} of them; name 1 to {MOST}")
    faults += [
        f"{one.id}: placeholder: a measure that is imported has its name" for one in found.measures if one.placeholder
    ]
    if faults:
        raise MasterplanError("\n".join(f"{name}: {fault}" for fault in faults))
    return found


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        remedy = "save it as „CSV UTF-8“" if name.lower().endswith(".csv") else "save it as UTF-8"
        raise MasterplanError(f"{name}: byte {error.start} is no UTF-8; {remedy}") from None


def _of_csv(text: str, programme: str) -> Mapping[str, Any]:
    """As the YAML file would be. The mark between cells is `;`, `,` or a tab, as the first line has it."""
    head = text.partition("\n")[0]
    mark = max(";,\t", key=head.count)
    lines = csv.DictReader(io.StringIO(text), delimiter=mark, strict=True, restkey="", restval=None)
    try:
        columns = [column.strip() for column in lines.fieldnames or ()]
        lines.fieldnames = columns
        _check_columns(columns)
        measures = [_measure(row, lines.line_num) for row in lines if any(row.values())]
    except csv.Error as error:
        raise MasterplanError(f"after line {lines.line_num}: {error}; {REMEDY}") from error
    return {"programme": programme, "measures": measures}


def _check_columns(columns: list[str]) -> None:
    for column in columns:
        if column not in COLUMNS:
            raise MasterplanError(f"line 1: column {column[:40]!r} is not known; columns are {', '.join(COLUMNS)}")
    for needed in _NEEDED:
        if columns.count(needed) != 1:
            raise MasterplanError(f"line 1: column {needed} stands {columns.count(needed)} times; it is needed once")


def _measure(row: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    if "" in row or None in row.values():
        raise MasterplanError(f"line {number}: has another number of cells than the first line; {REMEDY}")
    cells = {column: cell.strip() for column, cell in row.items()}
    measure: dict[str, Any] = {"id": cells["id"], "name": {"de": cells["name_de"], "en": cells["name_en"]}}
    measure |= {key: cells[key] for key in ("field", "goal") if cells.get(key)}
    measure["kpis"] = cells.get("kpis", "").replace(",", " ").split()
    if weight := cells.get("weight"):
        try:
            measure["weight"] = float(weight.replace(",", "."))
        except ValueError:
            raise MasterplanError(f"line {number}: weight: {weight!r} is no number; write 1.5 or 1,5") from None
    return measure
