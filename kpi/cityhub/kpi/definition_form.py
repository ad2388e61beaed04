"""The written form of a definition: which keys stand where. What they say is read by `definition_measure`."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec
from msgspec import Struct

from cityhub.kpi.kernel.expression_problems import Gathering, near, refuse, shown
from cityhub.kpi.kernel.windows import Grain
from cityhub.kpi.values import WindowKind
from cityhub.sdk.text import Text

FormT = TypeVar("FormT", bound=Struct)


class Target(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A dated goal with its source; never invented (docs/attainment.md).

    Attributes:
        value: what is to be reached, in the KPI's unit; of a band `low` and `high` instead.
        watch: how far from it a value is watched before it is missed; None = not at all.
        since: first local day on which it holds.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    watch: float | None = None
    source: str
    since: date


class Responsible(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who answers for the number: a unit and its mailbox, never a person; "" = no mailbox was named yet."""

    unit: str
    mailbox: str = ""


class Baseline(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A published figure that numbers are compared with; not counted by the hub."""

    value: float
    period: str
    source: str


class Standard(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A standard or paper that a KPI leans on; `verified`: somebody read that it says so."""

    text: str
    verified: bool = True


class DefinitionForm(Struct, kw_only=True):
    """The file itself."""

    id: str
    version: int
    field: str
    name: Text
    sentence: Text
    question: Text
    formula: Text
    owner: str
    audience: Literal["public", "city", "owner"]
    unit: str
    direction: Literal["up", "down", "band"]
    grain: Grain
    windows: tuple[WindowKind, ...]
    default_window: WindowKind
    scopes: tuple[Literal["city", "borough"], ...]
    sources: dict[str, Any]
    measure: Any
    dimensions: Any = {}
    beside: dict[str, Any] = {}
    target: Target | None = None
    responsible: Responsible | None = None
    reference: tuple[str | Standard, ...] = ()
    value_of: str | None = None
    stability: Literal["stable", "experimental"] = "stable"
    baseline: tuple[Baseline, ...] = ()
    minimum_group: int | None = None


class SourceForm(Struct, kw_only=True):
    """`departed: {type: …}`; everything else about a source stands in its contract."""

    type: str


class BesideForm(Struct, kw_only=True):
    """The keys of a value beside that are not its measure."""

    name: Text
    unit: str = "1"


class ReferenceForm(Struct, kw_only=True):
    reference: str
    unit: str = "1"
    by: str | None = None


class CountForm(Struct, kw_only=True):
    count: Any
    where: Any = None
    name: Text | None = None
    per: Any = None
    per_time: Literal["hour"] | None = None
    times: Any = None


class SumForm(Struct, kw_only=True):
    of: Any
    value: Any
    where: Any = None
    name: Text | None = None
    per: Any = None
    per_time: Literal["hour"] | None = None
    times: Any = None


class RatioForm(Struct, kw_only=True):
    of: Any
    over: Any
    times: Any = None
    complement: bool = False
    across_sources: bool = False
    of_zero: Literal["zero", "unknown"] = "zero"


class QuantileForm(Struct, kw_only=True):
    of: str
    value: Any
    at: Any
    where: Any = None
    times: Any = None


class StateForm(Struct, kw_only=True):
    of: Any
    entity: Any
    hold_at_most: Any = None
    holds: Any = None
    value: Any = None
    where: Any = None
    times: Any = None
    complement: bool = False
    total: bool = False
    over: Literal["observed", "known"] = "observed"


class LatestForm(Struct, kw_only=True):
    of: Any
    entity: Any
    value: Any = None
    holds: Any = None
    over: Any = None
    until: Any = None
    where: Any = None
    times: Any = None


class DistinctForm(Struct, kw_only=True):
    of: Any
    value: Any
    where: Any = None
    per: Any = None
    times: Any = None


class JoinForm(Struct, kw_only=True):
    key: Any
    first: Any
    then: Any
    measure: Any
    cohort: Literal["first", "then"] = "then"
    open: bool = True
    times: Any = None


class PairsForm(Struct, kw_only=True):
    of: Any
    entity: Any
    differ: Any
    at: Any
    within_m: Any
    overlap: Any
    holds: Any = None
    until: Any = None
    where: Any = None
    times: Any = None


class HalfForm(Struct, kw_only=True):
    """One half of a join, where it is more than names of sources."""

    of: Any
    where: Any = None


def read_form(tree: Any, kind: type[FormT]) -> FormT:
    """Read a mapping into its form; nested trees stay as they are written.

    Raises:
        Problems: every key that is unknown, missing or of the wrong shape.
    """
    gathering = Gathering()
    values = read_keys(tree, kind, gathering)
    gathering.settle()
    return kind(**values)


def read_keys(tree: Any, kind: type[Struct], gathering: Gathering) -> dict[str, Any]:
    """The keys of a mapping that have the right shape; the faults of the others are gathered."""
    if not isinstance(tree, dict):
        gathering.add("", f"{shown(tree)} is no mapping; write keys with values, such as {{{_example(kind)}}}")
        return {}
    known = {field.name: field for field in msgspec.structs.fields(kind)}
    for key in tree:
        if key not in known:
            gathering.add(str(key), f"unknown key; {near(str(key), known)}")
    values: dict[str, Any] = {}
    for name, field in known.items():
        if tree.get(name) is not None or (name in tree and not field.required):
            converted = gathering.read(name, partial(_converted, tree[name], field.type))
            values |= {} if converted is None else {name: converted}
        elif field.required:
            gathering.add(name, "is missing; docs/kpi-language.md shows what to write")
    return values


def _example(kind: type[Struct]) -> str:
    needed = [field.name for field in msgspec.structs.fields(kind) if field.required]
    return ", ".join(f"{name}: …" for name in needed)


def _converted(value: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$")
        raise refuse(f"{shown(value)} does not fit: {what}{_choices(kind)}", place.rstrip("`").lstrip(".")) from error


def _choices(kind: Any) -> str:
    """The closed set behind a key, if there is one."""
    for inner in (kind, *get_args(kind)):
        if get_origin(inner) is Literal:
            return f"; use one of {', '.join(map(str, get_args(inner)))}"
        if inner in (Grain, WindowKind):
            return f"; use one of {', '.join(inner)}"
    return "; docs/kpi-language.md shows what to write"
