"""Joins as they are written in YAML: two events of one case, and what is measured between them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from itertools import chain
from typing import Any, Literal, NamedTuple

from cityhub.kpi.definition_form import HalfForm, JoinForm, read_form
from cityhub.kpi.definition_parts import Parts, levels
from cityhub.kpi.definition_term import Names
from cityhub.kpi.definition_unit import COUNT, MILLISECONDS, Wanted
from cityhub.kpi.kernel.expression import Expression, parse_predicate
from cityhub.kpi.kernel.expression_problems import Gathering, every, refuse, shown
from cityhub.kpi.kernel.measure import Join, Part

_CLOSED, _OPENED = {"over": "closed"}, {"over": "opened"}


def read_join(parts: Parts, tree: Any, unit: str) -> Join:
    """Read a join whose value is to come in `unit`."""
    form, gathering = read_form(tree, JoinForm), Gathering()
    first, then = (gathering.read(key, partial(_half, parts, getattr(form, key))) for key in ("first", "then"))
    gathering.settle()
    sources = [part.source for part in (*first, *then)]
    if both := sorted({source for source in sources if sources.count(source) > 1}):
        raise refuse(f"both halves are {', '.join(both)}; name another source, which may have the same type", "then")
    keys = gathering.read("key", partial(parts.each, form.key, sources, Names()))
    measured = gathering.read("measure", partial(_joined, parts, form.measure, then[0].source))
    gathering.settle()
    if measured.over == "opened" and form.cohort != "first":
        raise refuse(
            "over: opened is for cases that are counted where they began; write cohort: first in the join", "measure"
        )
    times = Wanted(unit, form.times).factor(MILLISECONDS if measured.at else COUNT)
    return Join(first, then, keys, measured.at, measured.holds, form.cohort, times, form.open, measured.over)


def _half(parts: Parts, tree: Any) -> tuple[Part, ...]:
    form = read_form(tree, HalfForm) if isinstance(tree, dict) else HalfForm(of=tree)
    return parts.read(parts.entities(form.of, "join"), form.where)


class _Measured(NamedTuple):
    """What a join measures, as `Join` has it."""

    at: tuple[Fraction, ...] = ()
    holds: Expression | None = None
    over: Literal["closed", "opened"] = "closed"


def _joined(parts: Parts, tree: Any, then: str) -> _Measured:
    """`count`, `{quantile: {value: elapsed, at: …}}`, or a ratio of `holds: …` or `of: closed`."""
    match tree:
        case "count":
            return _Measured()
        case {"quantile": {"value": "elapsed", "at": at, **rest}, **more} if not rest and not more:
            return _Measured(every([("quantile.at", partial(levels, at))])[0])
        case {"ratio": {"of": "closed", "over": "opened", **rest}, **more} if not rest and not more:
            return _Measured(over="opened")
        case {"ratio": {"holds": holds, **rest}, **more} if not more and rest in ({}, _CLOSED, _OPENED):
            elapsed = partial(parse_predicate, holds, parts.contract(then), elapsed=True)
            predicate = every([("ratio.holds", elapsed)])[0]
            if any(name != "@elapsed" for name in _names(predicate.tree)):
                raise refuse(f"{shown(holds)} names more than '@elapsed'; put the rest into where of a half", "ratio")
            return _Measured(holds=predicate, over="opened" if rest == _OPENED else "closed")
    raise refuse(
        f"{shown(tree)} is no measure of a join; write {{quantile: {{value: elapsed, at: [0.5]}}}}, "
        "{ratio: {holds: {ge: ['@elapsed', 48h]}}}, {ratio: {of: closed, over: opened}} or count"
    )


def _names(tree: Any) -> Iterator[str]:
    """Fields and attributes of an expression."""
    if isinstance(tree, str) and tree.startswith(("$", "@")):
        yield tree
    elif isinstance(tree, dict | list):
        yield from chain.from_iterable(map(_names, tree.values() if isinstance(tree, dict) else tree))
