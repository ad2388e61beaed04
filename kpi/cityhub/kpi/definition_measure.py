"""Measures as they are written in YAML → typed measures, checked against contracts and units."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from cityhub.kpi.definition_form import (
    CountForm,
    DistinctForm,
    LatestForm,
    QuantileForm,
    RatioForm,
    StateForm,
    SumForm,
    read_form,
)
from cityhub.kpi.definition_join import read_join
from cityhub.kpi.definition_pairs import read_pairs
from cityhub.kpi.definition_parts import Parts, levels, only_verb, reference_of
from cityhub.kpi.definition_term import instant, name_of, never_negative, number, prove_fit, same_measure, zero_or_one
from cityhub.kpi.definition_unit import COUNT, HOURS, MILLISECONDS, Quantity, Wanted
from cityhub.kpi.kernel.expression import Expression, parse_predicate
from cityhub.kpi.kernel.expression_literal import LARGEST, duration_ms
from cityhub.kpi.kernel.expression_problems import Gathering, every, refuse
from cityhub.kpi.kernel.measure import (
    Distinct,
    Latest,
    Measure,
    Operand,
    Quantile,
    Ratio,
    Reference,
    State,
    Term,
    Total,
    parts_of,
)
from cityhub.sdk.contract import Contract

MEASURES = ("count", "sum", "ratio", "quantile", "state", "latest", "distinct", "join", "pairs")
DAY_MS = 86_400_000
_OPERANDS = ("count", "sum", "latest", "distinct", "reference")


class Measures:
    """Reads the measures of one definition."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def read(self, tree: Any, unit: str) -> Measure:
        """Read the measure whose value is to come in `unit` (UCUM)."""
        verb = only_verb(tree, MEASURES)
        if verb == "count":
            form = read_form(tree, CountForm)
            return self._total(form, *self._count(form), unit)
        if len(tree) > 1:
            raise refuse(f"{', '.join(key for key in tree if key != verb)} beside {verb}; it belongs inside {verb}")
        readers: dict[str, Callable[[Any, str], Measure]] = {
            "sum": self._summed,
            "ratio": self._ratio,
            "quantile": self._quantile,
            "state": self._state,
            "latest": self._last,
            "distinct": self._different,
            "join": partial(read_join, self._parts),
            "pairs": partial(read_pairs, self._parts),
        }
        return every([(verb, partial(readers[verb], tree[verb], unit))])[0]

    def _summed(self, tree: Any, unit: str) -> Total:
        form = read_form(tree, SumForm)
        return self._total(form, *self._sum(form), unit)

    def _last(self, tree: Any, unit: str) -> Latest:
        form = read_form(tree, LatestForm)
        latest, of, over = self._latest(form)
        return msgspec.structs.replace(latest, times=Wanted(unit, form.times).factor(of, *over))

    def _different(self, tree: Any, unit: str) -> Distinct:
        form, gathering = read_form(tree, DistinctForm), Gathering()
        per = gathering.read("", partial(self._per, form.per))
        distinct = gathering.read("", partial(self._distinct, form))
        gathering.settle()
        times = Wanted(unit, form.times).factor(COUNT, *([Quantity(per.unit)] if per else []))
        return msgspec.structs.replace(distinct, per=per, times=times)

    def _count(self, form: CountForm) -> tuple[Term, Quantity]:
        return Term(self._parts.read(form.count, form.where, None), form.name), COUNT

    def _sum(self, form: SumForm) -> tuple[Term, Quantity]:
        parts = self._parts.read(form.of, form.where, partial(number, form.value))
        contracts = [self._parts.contract(part.source) for part in parts]
        values = [part.value for part in parts if part.value is not None]
        prove_fit(
            [(v, contract, contract.events_per_day_at_most) for v, contract in zip(values, contracts, strict=True)]
        )
        return Term(parts, form.name), Quantity.of(same_measure(values))

    def _total(self, form: CountForm | SumForm, term: Term, of: Quantity, unit: str) -> Total:
        per = self._per(form.per)
        over = ([Quantity(per.unit)] if per else []) + ([HOURS] if form.per_time else [])
        return Total(term, per, form.per_time is not None, Wanted(unit, form.times).factor(of, *over))

    def _per(self, tree: Any) -> Reference | None:
        return None if tree is None else every([("per", partial(reference_of, tree))])[0]

    def _ratio(self, tree: Any, unit: str) -> Ratio:
        form, gathering = read_form(tree, RatioForm), Gathering()
        pairs = [gathering.read(key, partial(self._operand, getattr(form, key))) for key in ("of", "over")]
        gathering.settle()
        (of, numerator), (over, denominator) = pairs
        left, right = ({part.source for part in parts_of(operand)} for operand in (of, over))
        if left and right and left != right and not form.across_sources:
            raise refuse(
                f"of counts {', '.join(sorted(left))}, over counts {', '.join(sorted(right))}; if that is meant, write "
                "across_sources: true"
            )
        wanted = Wanted(unit, form.times, form.complement)
        return Ratio(of, over, wanted.factor(numerator, denominator), form.complement)

    def _operand(self, tree: Any) -> tuple[Operand, Quantity]:
        verb = only_verb(tree, _OPERANDS)
        if verb == "count":
            form = read_form(tree, CountForm)
            _only_term(form)
            return self._count(form)
        if verb == "reference":
            reference = reference_of(tree)
            return reference, Quantity(reference.unit)
        return every([(verb, partial(self._nested, verb, tree[verb]))])[0]

    def _nested(self, verb: str, tree: Any) -> tuple[Operand, Quantity]:
        if verb == "sum":
            form = read_form(tree, SumForm)
            _only_term(form)
            return self._sum(form)
        if verb == "distinct":
            different = read_form(tree, DistinctForm)
            _only_term(different)
            return self._distinct(different), COUNT
        last = read_form(tree, LatestForm)
        latest, of, _ = self._latest(last)
        if last.over is not None:
            raise refuse("a term of a ratio has no denominator of its own; leave it out", "over")
        _only_term(last)
        return latest, of

    def _quantile(self, tree: Any, unit: str) -> Quantile:
        form, gathering = read_form(tree, QuantileForm), Gathering()
        part = gathering.read("", partial(self._parts.part, form.of, form.where, partial(never_negative, form.value)))
        at = gathering.read("at", partial(levels, form.at))
        gathering.settle()
        kind = Quantity() if part.value is None else Quantity.of(part.value.type)
        return Quantile(part, at, Wanted(unit, form.times).factor(kind))

    def _state(self, tree: Any, unit: str) -> State:
        form = read_form(tree, StateForm)
        contract, gathering = self._parts.uncorrectable(form.of, "state"), Gathering()
        if (form.holds is None) == (form.value is None):
            gathering.add("", "needs either holds, a predicate, or value, a term; write one of them")
        if form.total and form.holds is None:
            gathering.add("total", "is the time for which holds is true; write holds, or leave total out")
        entity = gathering.read("entity", partial(name_of, form.entity, contract))
        part = gathering.read("", partial(self._parts.part, form.of, form.where))
        holds = form.holds and gathering.read("holds", partial(parse_predicate, form.holds, contract))
        value = None
        if form.value is not None:
            value = gathering.read("value", partial(number, form.value, contract))
        hold_ms = gathering.read("hold_at_most", partial(_hold, form.hold_at_most))
        gathering.settle()
        if value is not None:
            entities = entity.type.distinct_at_most or LARGEST
            prove_fit([(value, contract, min(contract.events_per_day_at_most * hold_ms, entities * DAY_MS))])
        of = Quantity.of(value.type) if value is not None else MILLISECONDS if form.total else COUNT
        times = Wanted(unit, form.times, form.complement).factor(of)
        return State(part, entity, hold_ms, holds, value, times, form.complement, form.total)

    def _latest(self, form: LatestForm) -> tuple[Latest, Quantity, list[Quantity]]:
        contract, gathering = self._parts.uncorrectable(form.of, "latest"), Gathering()
        if (form.holds is None) == (form.value is None):
            gathering.add(
                "", "needs either value, a term, or holds, a predicate that counts entities; write one of them"
            )
        entity = gathering.read("entity", partial(name_of, form.entity, contract))
        part = gathering.read("", partial(self._parts.part, form.of, form.where))
        key, reader = ("holds", zero_or_one) if form.value is None else ("value", number)
        value = gathering.read(key, partial(reader, getattr(form, key), contract))
        until = None if form.until is None else gathering.read("until", partial(instant, form.until, contract))
        over, per = gathering.read("over", partial(self._over, form.over, contract)) or (None, None)
        gathering.settle()
        for term in (value, over):
            if term is not None:
                prove_fit([(term, contract, 2 * contract.events_per_day_at_most)])  # the old away, the new added
        latest = Latest(part, entity, value, over, until, per)
        divisor = [Quantity.of(over.type)] if over else [Quantity(per.unit)] if per else []
        return latest, Quantity.of(value.type), divisor

    def _over(self, tree: Any, contract: Contract) -> tuple[Expression | None, Reference | None]:
        """`{latest: $weight}` or `{reference: name}`."""
        if tree is None:
            return None, None
        if only_verb(tree, ("latest", "reference")) == "reference":
            return None, reference_of(tree)
        return every([("latest", partial(number, tree["latest"], contract))])[0], None

    def _distinct(self, form: DistinctForm) -> Distinct:
        every(("of", partial(self._parts.uncorrectable, name, "distinct")) for name in self._parts.sources(form.of))
        return Distinct(self._parts.read(form.of, form.where, partial(name_of, form.value)))


def _only_term(form: CountForm | SumForm | DistinctForm | LatestForm) -> None:
    """Refuse in a term of a ratio what belongs to the ratio."""
    for key in ("per", "per_time", "times"):
        if getattr(form, key, None) is not None:
            raise refuse("belongs to a measure, not to a term of a ratio; leave it out", key)


def _hold(written: Any) -> int:
    """`hold_at_most` in milliseconds."""
    if written is None:
        raise refuse("is missing; say how long an observation speaks for its entity, such as 6h")
    if (hold_ms := duration_ms(written)) <= 0:
        raise refuse(f"{written} is no time at all; say how long an observation speaks for its entity, such as 6h")
    return hold_ms
