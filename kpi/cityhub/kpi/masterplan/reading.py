"""Reading the plan that the hub brings along: one file per field, one per programme, checked together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

import msgspec
import yaml
from msgspec import Struct

from cityhub.kpi.errors import MasterplanError
from cityhub.kpi.fields import FIELDS
from cityhub.kpi.kernel.expression_problems import near
from cityhub.kpi.masterplan.model import FieldPlan, Masterplan, Measure, Programme, ProgrammeFacts
from cityhub.sdk import plain_yaml
from cityhub.sdk.text import Text

REMEDY = "docs/masterplan.md shows what to write"
_HEAVIEST = 1000
"""As in the contract of the events."""
Form = TypeVar("Form")


class Unnamed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many measures of which only their ids are known: `<id>-01` and so on."""

    id: str
    name: Text
    count: int


class ProgrammeForm(ProgrammeFacts, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A programme's file. Attributes: unnamed = ids of measures that have no name yet."""

    unnamed: tuple[Unnamed, ...] = ()


@cache
def own_masterplan() -> Masterplan:
    """The plan that the hub brings along. Errors as `load_masterplan`: a test keeps them away."""
    return load_masterplan(files("cityhub.kpi").joinpath("masterplan"))


def load_masterplan(folder: Traversable) -> Masterplan:
    """Read `fields/*.yaml` and `programmes/*.yaml` under a folder.

    Raises:
        MasterplanError: every fault of every file, each with file, place, value and remedy.
    """
    faults: list[str] = []
    plans = _read_all(folder, "fields", FieldPlan, faults)
    forms = _read_all(folder, "programmes", ProgrammeForm, faults)
    faults += _faults_of_fields(plans)
    goals = {goal.id: plan.field for plan in plans.values() for goal in plan.goals}
    for where, form in forms.items():
        faults += (f"{where}: {fault}" for fault in _faults_of_programme(form))
        faults += (f"{where}: named.{fault}" for fault in faults_of(form.named, goals, _known(plans)))
    if faults:
        raise MasterplanError("\n".join(faults))
    order = [field.id for field in FIELDS]
    fields = sorted(plans.values(), key=lambda plan: order.index(plan.field))
    return Masterplan(tuple(fields), tuple(_programme(form) for form in forms.values()))


def read_as(tree: Any, kind: type[Form]) -> Form:
    """A tree in its form.

    Raises:
        MasterplanError: it has another one; the message names place and remedy.
    """
    try:
        return msgspec.convert(tree, kind)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$")
        where = place.rstrip("`").lstrip(".")
        raise MasterplanError(f"{where}: {what}; {REMEDY}" if where else f"{what}; {REMEDY}") from error


def faults_of(measures: Sequence[Measure], goals: Mapping[str, str], kpis: Collection[str]) -> Iterator[str]:
    """What measures must keep to beyond their form, each with the measure's id.

    Args:
        goals: the field of each goal. kpis: those there are.
    """
    seen = set[str]()
    for one in measures:
        faults = [*_faults_of_measure(one), *_faults_of_place(one, goals)]
        faults += ["id: stands twice; keep one"] if one.id in seen else []
        seen.add(one.id)
        named = (*one.kpis, *(fact.kpi for fact in one.facts))
        faults += [f"kpis: there is no KPI {kpi!r}; {near(kpi, kpis)}" for kpi in named if kpi not in kpis]
        yield from (f"{one.id}: {fault}" for fault in faults)


def _faults_of_measure(one: Measure) -> Iterator[str]:
    if not one.id.strip() or not one.id.isprintable():
        yield f"id: {one.id!r} is empty or not printable; write the id that events carry"
    if not (one.name.de.strip() and one.name.en.strip()):
        yield "name: is missing in German or English; write both"
    if one.weight is not None and not 0 < one.weight <= _HEAVIEST:
        yield f"weight: {one.weight:g} is not above 0 and up to {_HEAVIEST}; leave it out where none is known"


def _faults_of_place(one: Measure, goals: Mapping[str, str]) -> Iterator[str]:
    fields = [field.id for field in FIELDS]
    if one.field is not None and one.field not in fields:
        yield f"field: {one.field!r} is not an action field; {near(one.field, fields)}"
    if one.goal is not None and one.goal not in goals:
        yield f"goal: {one.goal!r} is no goal; {near(one.goal, goals)}"
    elif one.goal is not None and one.field not in (None, goals[one.goal]):
        yield f"goal: {one.goal!r} is one of {goals[one.goal]}, not of {one.field}; make them agree"


def _known(plans: dict[str, FieldPlan]) -> set[str]:
    return {kpi for plan in plans.values() for goal in plan.goals for kpi in goal.kpis}


def _read_all(folder: Traversable, name: str, kind: type[Form], faults: list[str]) -> dict[str, Form]:
    found: dict[str, Form] = {}
    for file in sorted(folder.joinpath(name).iterdir(), key=lambda entry: entry.name):
        where = f"{name}/{file.name}"
        try:
            found[where] = read_as(plain_yaml.load(file.read_text("utf-8")), kind)
        except yaml.YAMLError as error:
            faults.append(f"{where}: not readable as YAML: {error}")
        except MasterplanError as error:
            faults.append(f"{where}: {error}")
    return found


def _faults_of_fields(plans: dict[str, FieldPlan]) -> Iterator[str]:
    fields = [field.id for field in FIELDS]
    taken: dict[str, str] = {}
    for where, plan in plans.items():
        if plan.field not in fields:
            yield f"{where}: field: {plan.field!r} is not an action field; {near(plan.field, fields)}"
        for goal in plan.goals:
            for name in (goal.id, *goal.kpis):
                if name in taken:
                    yield f"{where}: goals.{goal.id}: {name!r} stands in {taken[name]}, too; keep one"
                taken[name] = where
            if not goal.kpis:
                yield f"{where}: goals.{goal.id}: no KPI measures it; name at least one"
    for missing in set(fields) - {plan.field for plan in plans.values()}:
        yield f"fields: there is no file for {missing}; write fields/{missing}.yaml"


def _faults_of_programme(form: ProgrammeForm) -> Iterator[str]:
    listed = sum(one.count for one in form.unnamed)
    if listed != form.total:
        yield f"unnamed: {listed} in all, but total is {form.total}; make them agree"
    if len(form.named) > form.total:
        yield f"named: {len(form.named)} of {form.total}; make them agree"


def _programme(form: ProgrammeForm) -> Programme:
    own = {name: getattr(form, name) for name in form.__struct_fields__ if name != "unnamed"}
    numbered = (_unnamed(one, number) for one in form.unnamed for number in range(1, one.count + 1))
    return Programme(**own, measures=tuple(numbered))


def _unnamed(one: Unnamed, number: int) -> Measure:
    name = Text(f"{one.name.de} {number:02d}", f"{one.name.en} {number:02d}")
    return Measure(id=f"{one.id}-{number:02d}", name=name, placeholder=True)
