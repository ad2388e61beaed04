"""Reading a whole definition: its keys, its measures, and what they must keep to together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from msgspec import Struct

from cityhub.kpi.definition_form import BesideForm, DefinitionForm, SourceForm, read_form, read_keys
from cityhub.kpi.definition_measure import Measures
from cityhub.kpi.definition_parts import Parts
from cityhub.kpi.definition_people import faults_of_people
from cityhub.kpi.definition_target import flaws_of
from cityhub.kpi.fields import FIELDS
from cityhub.kpi.kernel.bucket import MAX_SLOTS
from cityhub.kpi.kernel.expression import Expression
from cityhub.kpi.kernel.expression_problems import Gathering, near, refuse, shown
from cityhub.kpi.kernel.measure import Measure, Named, is_layered, references_of, slots_of
from cityhub.kpi.kernel.windows import merges
from cityhub.kpi.values import WindowKind
from cityhub.sdk.contract import Contract, Contracts
from cityhub.sdk.errors import UnknownContract

"""Sums a bucket keeps."""
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_TAKEN = re.compile(r"open|open_age|negative|p[0-9_]+")
_OF_CONTRACT = ("topic", "cadence", "lateness", "horizon")
_ADDITIVE = ("count", "sum", "ratio", "quantile")


class Checked(Struct, frozen=True):
    """What stands behind a definition's written trees."""

    contracts: dict[str, Contract]
    measure: Measure
    dimensions: dict[str, dict[str, Expression]]
    beside: dict[str, Named]


def read_definition(tree: Any, contracts: Contracts) -> tuple[DefinitionForm, Checked]:
    """Read a definition's tree.

    Raises:
        Problems: every fault of it.
    """
    gathering = Gathering()
    keys = read_keys(tree, DefinitionForm, gathering)
    sources = _sources(keys.get("sources", {}), contracts, gathering)
    parts = Parts(sources)
    measures = Measures(parts)
    measure = gathering.read("measure", partial(measures.read, keys.get("measure"), keys.get("unit", "1")))
    dimensions = gathering.read("dimensions", partial(parts.dimensions, keys.get("dimensions", {})))
    beside = _beside(keys.get("beside", {}), measures, gathering)
    for path, text in (*_faults(keys), *_faults_of_target(keys)):
        gathering.add(path, text)
    for path, text in faults_of_people(keys, [one for one in sources.values() if one is not None]):
        gathering.add(path, text)
    for name in sources.keys() - parts.used:
        gathering.add(f"sources.{name}", "is used by no measure; leave it out")
    for reference in references_of(measure) if measure is not None else ():
        if reference.by is not None and reference.by not in (dimensions or {}):
            gathering.add("measure", f"by: {reference.by!r} is not a dimension; {near(reference.by, dimensions or {})}")
    if measure is not None and is_layered(measure) and len(dimensions or {}) > 1:
        gathering.add("dimensions", f"{', '.join(dimensions)} given; different values are told apart by one at most")
    gathering.settle()
    _check_slots(measure, beside)
    checked = Checked({name: one for name, one in sources.items() if one}, measure, dimensions, beside)
    return DefinitionForm(**keys), checked


def _sources(tree: Mapping[str, Any], contracts: Contracts, gathering: Gathering) -> dict[str, Contract | None]:
    """Contract of each source; None where that source has faults, which are kept."""
    if not tree:
        gathering.add("sources", "names no source; write departed: {type: de.duisburg.…}")
    return {name: gathering.read(f"sources.{name}", partial(_source, name, tree[name], contracts)) for name in tree}


def _source(name: Any, tree: Any, contracts: Contracts) -> Contract:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise refuse(f"{shown(name)} is no name; write small letters, digits and _")
    if isinstance(tree, dict):
        for key in _OF_CONTRACT:
            if key in tree:
                raise refuse(f"{shown(tree[key])} stands in the contract of the type; leave it out here", key)
    form = read_form(tree, SourceForm)
    try:
        contract = contracts[form.type]
    except UnknownContract as unknown:
        raise refuse(str(unknown), "type") from unknown
    if contract.status == "retired":
        raise refuse(f"the contract of {form.type} is retired; use the type that took its place", "type")
    return contract


def _beside(tree: dict[str, Any], measures: Measures, gathering: Gathering) -> dict[str, Named]:
    # sorted: the order in which a file names its values must not decide which slot holds which
    return {
        name: gathering.read(f"beside.{name}", partial(_named, name, tree[name], measures)) for name in sorted(tree)
    }


def _named(name: Any, tree: Any, measures: Measures) -> Named:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or _TAKEN.fullmatch(name):
        raise refuse(f"{shown(name)} is no name for a value, or taken by the engine; write small letters, digits and _")
    if not isinstance(tree, dict):
        raise refuse(f"{shown(tree)} is no mapping; write {{name: {{de: …, en: …}}, count: …}}")
    gathering = Gathering()
    form = gathering.read(
        "", partial(read_form, {key: tree[key] for key in ("name", "unit") if key in tree}, BesideForm)
    )
    rest = {key: value for key, value in tree.items() if key not in ("name", "unit")}
    if rest and not set(rest) & set(_ADDITIVE):
        gathering.add(
            "", f"{', '.join(map(str, rest))} cannot stand beside; use {', '.join(_ADDITIVE)}, or a KPI of its own"
        )
        gathering.settle()
    unit = tree.get("unit") if isinstance(tree.get("unit"), str) else "1"
    measure = gathering.read("", partial(measures.read, rest, str(unit)))
    gathering.settle()
    return Named(form.name, measure, form.unit)


def _faults(keys: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What keys must keep to beyond their shape."""
    fields = [field.id for field in FIELDS] + ["platform"]
    if (field := keys.get("field", fields[0])) not in fields:
        yield "field", f"{field!r} is not an action field; {near(field, fields)}"
    if not _ID.fullmatch(keys.get("id", "id")):
        yield "id", f"{keys['id']!r} is no id; write letters, digits, _ and -, such as M01"
    if keys.get("version", 1) < 1:
        yield "version", f"{keys['version']} is no version; start with 1"
    for key in ("windows", "scopes"):
        listed = [str(value) for value in keys.get(key, ["any"])]
        if not listed or len(set(listed)) < len(listed):
            yield key, f"{', '.join(listed) or 'none'} given; name at least one, and each once"
    windows: tuple[WindowKind, ...] = keys.get("windows", ())
    if windows and (kind := keys.get("default_window", windows[0])) not in windows:
        yield "default_window", f"{kind} is not among windows; {near(kind, windows)}"
    for kind in windows:
        if "grain" in keys and not merges(kind, keys["grain"]):
            yield "windows", f"{kind} is no merge of grains of {keys['grain']}; leave it out or choose a smaller grain"


def _faults_of_target(keys: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if (target := keys.get("target")) and "direction" in keys:
        for part, flaw in flaws_of(target, keys["direction"]):
            yield f"target.{part}", flaw.en


def _check_slots(measure: Measure, beside: Mapping[str, Named]) -> None:
    slots = slots_of(measure) + sum(slots_of(named.measure) for named in beside.values())
    if slots > MAX_SLOTS:
        remedy = "move a value into a KPI of its own"
        raise refuse(f"the measures need {slots} sums in a bucket, at most {MAX_SLOTS} are kept; {remedy}", "beside")
