"""Laying a definition out: slots are given out in the order in which it names its measures, main value first."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import msgspec

from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.errors import DefinitionError
from cityhub.kpi.kernel.cell_join import FIRST, THEN
from cityhub.kpi.kernel.cells import (
    CellKind,
    CorrectableCell,
    DistinctCell,
    JoinCell,
    LatestCell,
    PairsCell,
    StateCell,
)
from cityhub.kpi.kernel.expression import Expression, elapsed_function, parse_term
from cityhub.kpi.kernel.measure import (
    Distinct,
    Join,
    Latest,
    Measure,
    Operand,
    Pairs,
    Part,
    Quantile,
    Ratio,
    Reference,
    State,
    Term,
    Total,
    meaning_of,
)
from cityhub.kpi.kernel.plan import CellPlan, Fill, Input, Plan
from cityhub.kpi.kernel.readout import Coverage, MeanAge, QuantileOf, Quotient, Readout, Slot
from cityhub.kpi.kernel.windows import Grain


def plan_of(definition: KpiDefinition) -> Plan:
    """Lay a checked definition out."""
    return _Layout(definition).plan()


class _Layout:
    """Gives out slots while it walks the measures; lives for one definition."""

    def __init__(self, definition: KpiDefinition) -> None:
        self._definition = definition
        self._slots = 0
        self._histograms = 0
        self._prefix = False
        self._sums: dict[bytes, Slot] = {}
        self._layered = False
        self._fills: dict[str, list[Fill]] = {}
        self._correctable: dict[str, list[Fill]] = {}
        self._cells: list[Callable[[int], CellPlan]] = []
        self._named: dict[str, Readout] = {}
        self._coverage: Readout | None = None
        self._references: list[str] = []

    def plan(self) -> Plan:
        main = self._measure(self._definition.measure)
        beside = {name: self._measure(named.measure) for name, named in self._definition.beside.items()}
        for source, fills in self._correctable.items():
            self._corrected(source, tuple(fills))
        return Plan(
            definition=self._definition,
            width=self._slots,
            histograms=self._histograms,
            layers=self._definition.windows if self._layered else (),
            has_prefix=self._prefix,
            fills={source: tuple(fills) for source, fills in self._fills.items()},
            cells=tuple(make(self._slots) for make in self._cells),
            main=main,
            beside={**self._named, **beside},
            coverage=self._coverage,
            references=tuple(dict.fromkeys(self._references)),
        )

    @property
    def _grain(self) -> Grain:
        return self._definition.grain

    def _slot(self, *, prefix: bool = False) -> Slot:
        self._slots += 1
        self._prefix |= prefix
        return Slot(self._slots - 1, prefix)

    def _histogram(self) -> int:
        self._histograms += 1
        return self._histograms - 1

    def _per(self, reference: Reference | None) -> str | None:
        return None if reference is None else self._reference(reference)

    def _reference(self, reference: Reference) -> str:
        self._references.append(reference.key)
        return reference.key

    def _measure(self, measure: Measure) -> Readout:
        match measure:
            case Ratio():
                of, over = self._operand(measure.of), self._operand(measure.over)
                return Quotient(of, over, measure.times, measure.complement, zero_is_known=measure.of_zero == "zero")
            case Total():
                of, per = self._term(measure.of), self._per(measure.per)
                return Quotient(of, per, times=measure.times, per_hour=measure.per_hour)
            case Quantile():
                return self._quantile(measure)
            case Distinct():
                return Quotient(self._distinct(measure), self._per(measure.per), times=measure.times)
        return self._entities(measure)

    def _entities(self, measure: State | Latest | Join | Pairs) -> Readout:
        match measure:
            case State():
                return self._state(measure)
            case Latest():
                return self._latest(measure)
            case Join():
                return self._join(measure)
            case Pairs():
                return self._pairs(measure)

    def _operand(self, operand: Operand) -> Slot | str:
        match operand:
            case Term():
                return self._term(operand)
            case Reference():
                return self._reference(operand)
            case Latest():
                return self._latest_slots(operand)[0]
            case Distinct():
                return self._distinct(operand)

    def _term(self, term: Term) -> Slot:
        """The slot of a sum; the same sum twice is one."""
        meaning = msgspec.json.encode(meaning_of(term))
        if (known := self._sums.get(meaning)) is not None:
            return known
        slot = self._sums[meaning] = self._slot()
        for part in term.parts:
            self._fill(Fill(slot.index, None, part))
        return slot

    def _fill(self, fill: Fill) -> None:
        correctable = self._definition.sources[fill.part.source].contract.correctable is not None
        fills = self._correctable if correctable else self._fills
        fills.setdefault(fill.part.source, []).append(fill)

    def _quantile(self, measure: Quantile) -> Readout:
        histogram = self._histogram()
        self._fill(Fill(None, histogram, measure.part))
        return self._quantiles(histogram, measure.at, measure.times)

    def _quantiles(self, histogram: int, at: tuple[Fraction, ...], times: Fraction) -> Readout:
        for more in at[1:]:
            self._named[quantile_name(more)] = QuantileOf(histogram, more, times)
        return QuantileOf(histogram, at[0], times)

    def _state(self, measure: State) -> Readout:
        true, observed, entities = self._slot(), self._slot(), self._slot(prefix=True)
        self._cell(
            lambda width: StateCell(
                width=width,
                grain=self._grain,
                true_ms=true.index,
                observed_ms=observed.index,
                entities=entities.index,
                hold_ms=measure.hold_ms,
            ),
            *(
                Input(source.part.source, source.part, (source.entity,), (source.value or source.holds,))
                for source in measure.of
            ),
        )
        self._coverage = Coverage(observed, entities)
        if measure.over == "known":
            return Coverage(true, entities, measure.times, measure.complement)
        over = None if measure.total else observed
        return Quotient(true, over, times=measure.times, complement=measure.complement)

    def _latest_slots(self, measure: Latest) -> tuple[Slot, Slot | None]:
        value = self._slot(prefix=True)
        over = self._slot(prefix=True) if measure.of[0].over is not None else None
        self._cell(
            lambda width: LatestCell(
                width=width,
                grain=self._grain,
                value=value.index,
                over=None if over is None else over.index,
                expires=measure.of[0].until is not None,
            ),
            *(
                Input(source.part.source, source.part, (source.entity,), (source.value, source.over, source.until))
                for source in measure.of
            ),
        )
        return value, over

    def _latest(self, measure: Latest) -> Readout:
        value, over = self._latest_slots(measure)
        return Quotient(value, over if over is not None else self._per(measure.per), times=measure.times)

    def _distinct(self, measure: Distinct) -> Slot:
        slot = self._slot()
        self._layered = True
        inputs = tuple(Input(part.source, part, (_required(part.value),)) for part in measure.parts)
        layers = tuple(self._definition.windows)
        self._cell(lambda width: DistinctCell(width=width, grain=self._grain, slot=slot.index, layers=layers), *inputs)
        return slot

    def _join(self, measure: Join) -> Readout:
        closed, unmatched = self._slot(), self._slot()
        holds = self._slot() if measure.holds is not None else None
        waiting, since = (self._slot(prefix=True), self._slot(prefix=True)) if measure.open else (None, None)
        opened = self._slot() if measure.over == "opened" else None
        histogram = self._histogram() if measure.at else None
        inputs = tuple(
            Input(role, part, (measure.keys[part.source],))
            for role, parts in ((FIRST, measure.first), (THEN, measure.then))
            for part in parts
        )
        self._cell(
            lambda width: JoinCell(
                width=width,
                grain=self._grain,
                closed=closed.index,
                unmatched=unmatched.index,
                holds_slot=None if holds is None else holds.index,
                open_slot=None if waiting is None else waiting.index,
                open_since_s=None if since is None else since.index,
                opened=None if opened is None else opened.index,
                histogram=histogram,
                cohort=measure.cohort,
                holds=None if measure.holds is None else elapsed_function(measure.holds),
            ),
            *inputs,
        )
        if waiting is not None and since is not None:
            self._named |= {"open": Quotient(waiting), "open_age": MeanAge(waiting, since, Fraction(1, DAY_S))}
        self._named["unmatched"] = Quotient(unmatched)
        if histogram is not None:
            return self._quantiles(histogram, measure.at, measure.times)
        return Quotient(holds or closed, opened or (closed if holds else None), times=measure.times)

    def _pairs(self, measure: Pairs) -> Readout:
        slot, sites = self._slot(prefix=True), measure.sites
        self._cell(
            lambda width: PairsCell(
                width=width,
                grain=self._grain,
                pairs=slot.index,
                reach=measure.within_m * 10 ** sites[0].latitude.type.scale,
                expires=sites[0].until is not None,
            ),
            *(Input(site.part.source, site.part, (), site.terms) for site in sites),
        )
        return Quotient(slot, times=measure.times)

    def _corrected(self, source: str, fills: tuple[Fill, ...]) -> None:
        contract = self._definition.sources[source].contract
        spec = contract.correctable
        if spec is None:
            raise DefinitionError(f"{source}: {contract.type} is not correctable")
        retracted = None if spec.retracted is None else parse_term(spec.retracted, contract)
        key = tuple(parse_term(name, contract) for name in spec.entity)
        given = Input(source, Part(source), key, (parse_term(spec.version, contract), retracted))
        self._cell(lambda width: CorrectableCell(width=width, grain=self._grain), given, fills=fills)

    def _cell(
        self, kind: Callable[[int], CellKind[Any] | PairsCell], *inputs: Input, fills: tuple[Fill, ...] = ()
    ) -> None:
        """Note a family of cells; how wide its vectors are is known once all slots are given out."""
        contracts = [self._definition.sources[given.part.source].contract for given in inputs]
        owned = len({contract.topic for contract in contracts}) == 1 and all(
            [one.tree for one in given.key] == [parse_term(contract.key, contract).tree]
            for given, contract in zip(inputs, contracts, strict=True)
        )
        self._cells.append(lambda width: CellPlan(kind(width), inputs, fills, owned))


DAY_S = 86_400


def quantile_name(at: Fraction) -> str:
    """`p90` for 0.9."""
    return f"p{at * 100}".replace("/", "_")


def _required(value: Expression | None) -> Expression:
    if value is None:
        raise DefinitionError("distinct: value is missing; name the field whose values are told apart")
    return value
