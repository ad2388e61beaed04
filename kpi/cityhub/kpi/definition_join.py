"""Joins as they are written in YAML: two events of one case, and what is measured between them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from itertools import chain
from typing import Any

from cityhub.kpi.definition_form import HalfForm, JoinForm, read_form
from cityhub.kpi.definition_parts import Parts, levels
from cityhub.kpi.definition_term import name_of
from cityhub.kpi.definition_unit import COUNT, MILLISECONDS, Wanted
from cityhub.kpi.kernel.expression import Expression, parse_predicate
from cityhub.kpi.kernel.expression_problems import Gathering, every, refuse, shown
from cityhub.kpi.kernel.measure import Join, Part


def read_join(parts: Parts, tree: Any, unit: str) -> Join:
    """Read a join whose value is to come in `unit`."""
    form, gathering = read_form(tree, JoinForm), Gathering()
    first, then = (gathering.read(key, partial(_half, parts, getattr(form, key))) for key in ("first", "then"))
    gathering.settle()
    if first.source == then.source:
        raise refuse(f"both halves are {first.source}; name a second source, which may have the same type", "then")
    keys = gathering.read("key", partial(_keys, parts, form.key, (first.source, then.source)))
    at, holds = gathering.read("measure", partial(_joined, parts, form.measure, then.source)) or ((), None)
    gathering.settle()
    times = Wanted(unit, form.times).factor(MILLISECONDS if at else COUNT)
    return Join(first, then, keys, at, holds, form.cohort, times, form.open)


def _half(parts: Parts, tree: Any) -> Part:
    form = HalfForm(of=tree) if isinstance(tree, str) else read_form(tree, HalfForm)
    parts.uncorrectable(form.of, "join")
    return parts.part(form.of, form.where)


def _keys(parts: Parts, tree: Any, sources: tuple[str, str]) -> dict[str, Expression]:
    given = tree if isinstance(tree, dict) and set(tree) & set(sources) else dict.fromkeys(sources, tree)
    gathering, keys = Gathering(), {}
    for source in sources:
        if source not in given:
            gathering.add("", f"is missing for {source}; name its field: {{{source}: $…}}")
        else:
            contract = parts.contract(source)
            keys[source] = gathering.read(source, partial(name_of, given[source], contract))
    for source in given:
        if source not in sources:
            gathering.add("", f"{source} is no half of this join; leave it out")
    gathering.settle()
    one, other = (keys[source].type.kind for source in sources)
    if one is not other:
        raise refuse(f"{sources[0]} has {one.value}, {sources[1]} has {other.value}; both keys must be of one kind")
    return keys


def _joined(parts: Parts, tree: Any, then: str) -> tuple[tuple[Fraction, ...], Expression | None]:
    """`{quantile: {value: elapsed, at: …}}`, `{ratio: {holds: …}}` or `count`."""
    match tree:
        case "count":
            return (), None
        case {"quantile": {"value": "elapsed", "at": at, **rest}, **more} if not rest and not more:
            return every([("quantile.at", partial(levels, at))])[0], None
        case {"ratio": {"holds": holds, **rest}, **more} if not rest and not more:
            elapsed = partial(parse_predicate, holds, parts.contract(then), elapsed=True)
            predicate = every([("ratio.holds", elapsed)])[0]
            if any(name != "@elapsed" for name in _names(predicate.tree)):
                raise refuse(f"{shown(holds)} names more than '@elapsed'; put the rest into where of a half", "ratio")
            return (), predicate
    raise refuse(
        f"{shown(tree)} is no measure of a join; write {{quantile: {{value: elapsed, at: [0.5]}}}}, "
        "{ratio: {holds: {ge: ['@elapsed', 48h]}}} or count"
    )


def _names(tree: Any) -> Iterator[str]:
    """Fields and attributes of an expression."""
    if isinstance(tree, str) and tree.startswith(("$", "@")):
        yield tree
    elif isinstance(tree, dict | list):
        yield from chain.from_iterable(map(_names, tree.values() if isinstance(tree, dict) else tree))
