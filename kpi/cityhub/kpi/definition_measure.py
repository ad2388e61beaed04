"""Measures as they are written in YAML → typed measures, checked against contracts and units."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from cityhub.kpi.definition_entity import read_latest, read_state
from cityhub.kpi.definition_form import (
    CountForm,
    DistinctForm,
    LatestForm,
    QuantileForm,
    RatioForm,
    SumForm,
    read_form,
)
from cityhub.kpi.definition_join import read_join
from cityhub.kpi.definition_pairs import read_pairs
from cityhub.kpi.definition_parts import Parts, levels, only_verb, reference_of
from cityhub.kpi.definition_term import Numbers, for_bins, name_of, prove_fit
from cityhub.kpi.definition_unit import COUNT, HOURS, Quantity, Wanted
from cityhub.kpi.kernel.expression_problems import Gathering, every, refuse
from cityhub.kpi.kernel.measure import (
    Distinct,
    Latest,
    Measure,
    Operand,
    Quantile,
    Ratio,
    Reference,
    Term,
    Total,
    parts_of,
)

MEASURES = ("count", "sum", "ratio", "quantile", "state", "latest", "distinct", "join", "pairs")
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
            "state": partial(read_state, self._parts),
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
        latest, of, over = read_latest(self._parts, form)
        return msgspec.structs.replace(latest, times=Wanted(unit, form.times).factor(of, *over))

    def _different(self, tree: Any, unit: str) -> Distinct:
        form, gathering = read_form(tree, DistinctForm), Gathering()
        per = gathering.read("", partial(self._per, form.per))
        distinct = gathering.read("", partial(self._distinct, form))
        gathering.settle()
        times = Wanted(unit, form.times).factor(COUNT, *([Quantity(per.unit)] if per else []))
        return msgspec.structs.replace(distinct, per=per, times=times)

    def _count(self, form: CountForm) -> tuple[Term, Quantity]:
        return Term(self._parts.read(form.count, form.where), form.name), COUNT

    def _sum(self, form: SumForm) -> tuple[Term, Quantity]:
        parts = self._parts.read(form.of, form.where, form.value, Numbers())
        contracts = [self._parts.contract(part.source) for part in parts]
        values = [part.value for part in parts if part.value is not None]
        prove_fit(
            [(v, contract, contract.events_per_day_at_most) for v, contract in zip(values, contracts, strict=True)]
        )
        return Term(parts, form.name), Quantity.of(values[0].type)

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
        return Ratio(of, over, wanted.factor(numerator, denominator), form.complement, form.of_zero)

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
        latest, of, _ = read_latest(self._parts, last)
        if last.over is not None:
            raise refuse("a term of a ratio has no denominator of its own; leave it out", "over")
        _only_term(last)
        return latest, of

    def _quantile(self, tree: Any, unit: str) -> Quantile:
        form, gathering = read_form(tree, QuantileForm), Gathering()
        parts = gathering.read("", partial(self._parts.read, form.of, form.where, form.value, for_bins))
        at = gathering.read("at", partial(levels, form.at))
        gathering.settle()
        (part,) = parts
        kind = Quantity() if part.value is None else Quantity.of(part.value.type)
        return Quantile(part, at, Wanted(unit, form.times).factor(kind))

    def _distinct(self, form: DistinctForm) -> Distinct:
        every([("of", partial(self._parts.entities, form.of, "distinct"))])
        return Distinct(self._parts.read(form.of, form.where, form.value, name_of))


def _only_term(form: CountForm | SumForm | DistinctForm | LatestForm) -> None:
    """Refuse in a term of a ratio what belongs to the ratio."""
    for key in ("per", "per_time", "times"):
        if getattr(form, key, None) is not None:
            raise refuse("belongs to a measure, not to a term of a ratio; leave it out", key)
