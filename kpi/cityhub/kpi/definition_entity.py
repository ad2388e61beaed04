"""Measures over entities as they are written in YAML: states and last states, of one source or of several."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from cityhub.kpi.definition_form import LatestForm, StateForm, read_form
from cityhub.kpi.definition_parts import Parts, only_verb, reference_of
from cityhub.kpi.definition_term import Names, Numbers, instant, predicate, prove_fit, zero_or_one
from cityhub.kpi.definition_unit import COUNT, MILLISECONDS, Quantity, Wanted
from cityhub.kpi.kernel.expression import Expression
from cityhub.kpi.kernel.expression_literal import LARGEST, duration_ms
from cityhub.kpi.kernel.expression_problems import Gathering, every, refuse
from cityhub.kpi.kernel.measure import Latest, LatestSource, Reference, State, StateSource

DAY_MS = 86_400_000


def read_state(parts: Parts, tree: Any, unit: str) -> State:
    """Read a state whose value is to come in `unit`."""
    form, gathering = read_form(tree, StateForm), Gathering()
    sources = entity_sources(parts, form.of, "state")
    if (form.holds is None) == (form.value is None):
        gathering.add("", "needs either holds, a predicate, or value, a term; write one of them")
    if form.total and form.holds is None:
        gathering.add("total", "is the time for which holds is true; write holds, or leave total out")
    if form.over == "known" and (form.holds is None or form.total):
        gathering.add("over", "known is for the share of time for which holds is true; write holds, without total")
    entities = gathering.read("entity", partial(parts.each, form.entity, sources, Names()))
    read = gathering.read("", partial(parts.read, sources, form.where))
    holds = gathering.read("holds", partial(parts.optional, form.holds, sources, predicate))
    values = gathering.read("value", partial(parts.optional, form.value, sources, Numbers()))
    hold_ms = gathering.read("hold_at_most", partial(_hold, form.hold_at_most))
    gathering.settle()
    of = tuple(StateSource(part, entities[part.source], holds[part.source], values[part.source]) for part in read)
    proved = []
    for source in of:
        if source.value is not None:
            contract = parts.contract(source.part.source)
            whole = (source.entity.type.distinct_at_most or LARGEST) * DAY_MS
            proved.append((source.value, contract, min(contract.events_per_day_at_most * hold_ms, whole)))
    prove_fit(proved)
    value = of[0].value
    quantity = Quantity.of(value.type) if value is not None else MILLISECONDS if form.total else COUNT
    times = Wanted(unit, form.times, form.complement).factor(quantity)
    return State(of, hold_ms, times, form.complement, form.total, form.over)


def read_latest(parts: Parts, form: LatestForm) -> tuple[Latest, Quantity, list[Quantity]]:
    """Read last states.

    Returns:
        Them, what they add up, and what that is divided by.
    """
    gathering = Gathering()
    sources = entity_sources(parts, form.of, "latest")
    if (form.holds is None) == (form.value is None):
        gathering.add("", "needs either value, a term, or holds, a predicate that counts entities; write one of them")
    entities = gathering.read("entity", partial(parts.each, form.entity, sources, Names()))
    read = gathering.read("", partial(parts.read, sources, form.where))
    key, reader = ("holds", zero_or_one) if form.value is None else ("value", Numbers())
    values = gathering.read(key, partial(parts.each, getattr(form, key), sources, reader))
    untils = gathering.read("until", partial(parts.optional, form.until, sources, instant))
    overs, per = gathering.read("over", partial(_over, parts, form.over, sources)) or ({}, None)
    gathering.settle()
    of = tuple(
        LatestSource(part, entities[name], values[name], overs[name], untils[name])
        for name, part in zip(sources, read, strict=True)
    )
    contracts = [parts.contract(name) for name in sources]
    for terms in ([source.value for source in of], [source.over for source in of if source.over]):
        per_day = [2 * contract.events_per_day_at_most for contract in contracts]  # the old away, the new added
        prove_fit(list(zip(terms, contracts, per_day, strict=False)))
    over = of[0].over
    divisor = [Quantity.of(over.type)] if over else [Quantity(per.unit)] if per else []
    return Latest(of, per), Quantity.of(of[0].value.type), divisor


def entity_sources(parts: Parts, of: Any, measure: str) -> list[str]:
    """Sources of different types: the same event must not be observed twice."""
    sources = parts.entities(of, measure)
    types = [parts.contract(source).type for source in sources]
    for one, type_ in zip(sources, types, strict=True):
        if types.index(type_) < sources.index(one):
            other = sources[types.index(type_)]
            raise refuse(f"{other} and {one} are both {type_}; write one source, and if in its terms", "of")
    return sources


def _over(
    parts: Parts, tree: Any, sources: Sequence[str]
) -> tuple[dict[str, Expression] | dict[str, None], Reference | None]:
    """`{latest: $weight}` or `{reference: name}`."""
    if tree is None:
        return dict.fromkeys(sources), None
    if only_verb(tree, ("latest", "reference")) == "reference":
        return dict.fromkeys(sources), reference_of(tree)
    return every([("latest", partial(parts.each, tree["latest"], sources, Numbers()))])[0], None


def _hold(written: Any) -> int:
    """`hold_at_most` in milliseconds."""
    if written is None:
        raise refuse("is missing; say how long an observation speaks for its entity, such as 6h")
    if (hold_ms := duration_ms(written)) <= 0:
        raise refuse(f"{written} is no time at all; say how long an observation speaks for its entity, such as 6h")
    return hold_ms
