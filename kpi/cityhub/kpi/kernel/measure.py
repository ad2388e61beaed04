"""The checked, typed form of what a definition measures: a closed set of classes (docs/kpi-language.md).

`times` is the whole factor from the quotient of the engine's integers to the KPI's unit: decimals carried, milliseconds
and unit prefixes are in it. A share in percent has 100, a median of milliseconds shown in days 1/86400000.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Struct

from cityhub.kpi.kernel.expression import Expression
from cityhub.sdk.text import Text


class Part(Struct, frozen=True):
    """Events of one source. `where` None = all; `value` None = each counts one."""

    source: str
    where: Expression | None = None
    value: Expression | None = None


class Term(Struct, frozen=True):
    """An additive sum over one or more sources. `name` is what it counts, such as departures."""

    parts: tuple[Part, ...]
    name: Text | None = None


class Reference(Struct, frozen=True):
    """A versioned denominator, in `unit`.

    Attributes:
        by: a dimension: what is held to one of its values `v` is divided by the denominator `name.v`.
    """

    name: str
    unit: str = "1"
    by: str | None = None

    @property
    def key(self) -> str:
        """What it is called among a plan's denominators; `cityhub.kpi.store.references.named_for` resolves it."""
        return self.name if self.by is None else f"{self.name}.{{{self.by}}}"


class LatestSource(Struct, frozen=True):
    """What the events of one source say of their entity.

    Attributes:
        over: the last value that is divided by.
        until: the instant after which an entity's state no longer counts.
    """

    part: Part
    entity: Expression
    value: Expression
    over: Expression | None = None
    until: Expression | None = None


class Latest(Struct, frozen=True):
    """The sum over entities of each one's last value, whichever source it came from.

    Attributes:
        per: a reference that is divided by, where sources have no `over`.
    """

    of: tuple[LatestSource, ...]
    per: Reference | None = None
    times: Fraction = Fraction(1)


class Distinct(Struct, frozen=True):
    """How many different values the parts have."""

    parts: tuple[Part, ...]
    per: Reference | None = None
    times: Fraction = Fraction(1)


Operand: TypeAlias = Term | Latest | Distinct | Reference


class Ratio(Struct, frozen=True):
    """`times` · of ÷ over; `complement`: `times` · (1 − of ÷ over).

    Attributes:
        of_zero: what an `of` of 0 is: a number, or a sign that its source has not reported, so that nobody knows.
    """

    of: Operand
    over: Operand
    times: Fraction = Fraction(1)
    complement: bool = False
    of_zero: Literal["zero", "unknown"] = "zero"


class Total(Struct, frozen=True):
    """A sum or count, per reference and per hour of the window where it says so."""

    of: Term
    per: Reference | None = None
    per_hour: bool = False
    times: Fraction = Fraction(1)


class Quantile(Struct, frozen=True):
    """Quantiles of a value that is never negative; the first is the KPI's value, the others are named p90 …"""

    part: Part
    at: tuple[Fraction, ...]
    times: Fraction = Fraction(1)


class StateSource(Struct, frozen=True):
    """What the events of one source say of their entity: `holds`, a predicate, or `value`, a term."""

    part: Part
    entity: Expression
    holds: Expression | None
    value: Expression | None


class State(Struct, frozen=True):
    """Time-weighted: the share of observed time in which `holds` is true, or the mean of `value`.

    Attributes:
        hold_ms: how long an observation speaks for its entity at most.
        total: the time itself, summed over entities, in place of its share.
        over: what a share is of: observed time, or all time of the entities that are known.
    """

    of: tuple[StateSource, ...]
    hold_ms: int
    times: Fraction = Fraction(1)
    complement: bool = False
    total: bool = False
    over: Literal["observed", "known"] = "observed"


class Join(Struct, frozen=True):
    """Two events of one case, each of any of its sources.

    Attributes:
        keys: what makes the case, by source. cohort: whose bucket a closed case falls into.
        at: quantiles of the elapsed time; holds: a predicate over it, whose share is the value. With neither, closed
            cases are counted.
        open: cases without their second event are counted beside, with their age.
        over: what a share is of: closed cases, or all that were opened.
    """

    first: tuple[Part, ...]
    then: tuple[Part, ...]
    keys: dict[str, Expression]
    at: tuple[Fraction, ...] = ()
    holds: Expression | None = None
    cohort: Literal["first", "then"] = "then"
    times: Fraction = Fraction(1)
    open: bool = True
    over: Literal["closed", "opened"] = "closed"


class Site(Struct, frozen=True):
    """What the events of one source say of an entity that can be one of a pair.

    Attributes:
        owner: of what a pair has two different ones. latitude, longitude: decimal degrees, all with the same decimals.
        begin, end: its period. holds: 1 while it can be one of a pair, else 0.
        until: the instant after which it no longer can.
    """

    part: Part
    entity: Expression
    owner: Expression
    latitude: Expression
    longitude: Expression
    begin: Expression
    end: Expression
    holds: Expression
    until: Expression | None = None

    @property
    def terms(self) -> tuple[Expression | None, ...]:
        """What `PairsCell` asks for, in its order."""
        where = (self.latitude, self.longitude, self.begin, self.end)
        return (self.entity, self.owner, *where, self.holds, self.until)


class Pairs(Struct, frozen=True):
    """How many pairs of entities of different owners are near each other and have periods that overlap."""

    sites: tuple[Site, ...]
    within_m: int
    times: Fraction = Fraction(1)


Measure: TypeAlias = Ratio | Total | Quantile | State | Latest | Distinct | Join | Pairs


class Named(Struct, frozen=True):
    """A value beside the main one."""

    name: Text
    measure: Measure
    unit: str


def parts_of(measure: Measure | Operand) -> Iterator[Part]:
    """Every part a measure reads, in its order."""
    match measure:
        case Ratio():
            yield from parts_of(measure.of)
            yield from parts_of(measure.over)
        case Total():
            yield from measure.of.parts
        case Term() | Distinct():
            yield from measure.parts
        case Quantile():
            yield measure.part
        case State() | Latest():
            yield from (source.part for source in measure.of)
        case Join():
            yield from (*measure.first, *measure.then)
        case Pairs():
            yield from (site.part for site in measure.sites)


def references_of(measure: Measure) -> Iterator[Reference]:
    """Every denominator a measure is divided by."""
    match measure:
        case Ratio():
            yield from (operand for operand in (measure.of, measure.over) if isinstance(operand, Reference))
        case Total() | Latest() | Distinct():
            yield from () if measure.per is None else (measure.per,)


def slots_of(measure: Measure | Operand) -> int:
    """Sums a measure keeps in each bucket; histograms are not among them."""
    match measure:
        case Ratio():
            return slots_of(measure.of) + slots_of(measure.over)
        case Latest():
            return 1 + (measure.of[0].over is not None)
        case State():
            return 3
        case Join():
            return 2 + (measure.holds is not None) + 2 * measure.open + (measure.over == "opened")
        case Quantile() | Reference():
            return 0
    return 1


def is_layered(measure: Measure) -> bool:
    """Whether buckets are kept per window, because different values cannot be added up from grains."""
    return isinstance(measure, Distinct) or (
        isinstance(measure, Ratio) and any(isinstance(operand, Distinct) for operand in (measure.of, measure.over))
    )


def meaning_of(measure: Any) -> Any:
    """Canonical, JSON-able form of what affects a number: every attribute, no default left out, no names of terms."""
    match measure:
        case Expression():
            return measure.tree
        case Fraction():
            return f"{measure.numerator}/{measure.denominator}"
        case Struct():
            return {"is": type(measure).__name__.lower(), **meaning_of(_attributes(measure))}
        case dict():
            return {key: meaning_of(value) for key, value in measure.items()}
        case tuple():
            return [meaning_of(value) for value in measure]
    return msgspec.to_builtins(measure)


def _attributes(measure: Struct) -> dict[str, Any]:
    """What affects a number. A word that came later is left out where it is not used, so that no older hash changes."""
    found = {field: getattr(measure, field) for field in measure.__struct_fields__}
    match measure:
        case Term():
            del found["name"]
        case Reference(by=None):
            del found["by"]
        case Ratio(of_zero="zero"):
            del found["of_zero"]
        case Join():
            found |= {half: found[half][0] for half in ("first", "then") if len(found[half]) == 1}
        case Latest(of=(source,)) | State(of=(source,)):
            del found["of"]
            found |= _attributes(source)
    if isinstance(measure, Join | State) and measure.over in ("closed", "observed"):
        del found["over"]
    return found
