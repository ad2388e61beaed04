"""Predicates of the KPI language: a closed, loop-free tree over an event's data, compiled to closures.

A comparison with a missing field is *unknown*, and unknown is neither true nor false (Kleene's three-valued logic);
only events for which a predicate is true are counted.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from cityhub.kpi.errors import DefinitionError

Data: TypeAlias = Mapping[str, Any]
Predicate: TypeAlias = Callable[[Data], "bool | None"]
Term: TypeAlias = Callable[[Data], Any]

MAX_NODES = 50
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
_PAIR, _TRIPLE = 2, 3


def parse_predicate(tree: Any) -> Predicate:
    """Compile a predicate; None means "every event".

    Raises:
        DefinitionError: unknown operator, wrong number of arguments, or more than `MAX_NODES` nodes.
    """
    if tree is None:
        return lambda _: True
    if (size := _nodes(tree)) > MAX_NODES:
        raise DefinitionError(f"a predicate of {size} nodes is too large; at most {MAX_NODES} are allowed")
    return _compile(tree)


def _compile(tree: Any) -> Predicate:
    if not isinstance(tree, dict) or len(tree) != 1:
        raise DefinitionError(f"{tree!r} is not a predicate; write one operator, such as {{eq: [$classifier, ACT]}}")
    ((name, arguments),) = tree.items()
    if name in _COMPARISONS:
        left, right = _arguments(name, arguments, _PAIR)
        return _comparison(_COMPARISONS[name], _term(left), _term(right))
    match name:
        case "between":
            value, low, high = map(_term, _arguments(name, arguments, _TRIPLE))
            return _all((_comparison(operator.ge, value, low), _comparison(operator.le, value, high)))
        case "in":
            value, options = _arguments(name, arguments, _PAIR)
            if not isinstance(options, list):
                raise DefinitionError(f"in: {options!r} is not a list of literals")
            return _comparison(lambda item, allowed: item in allowed, _term(value), lambda _: options)
        case "exists":
            field = _term(arguments)
            return lambda data: field(data) is not None
        case "all" | "any":
            parts = tuple(_compile(part) for part in _arguments(name, arguments, None))
            return _all(parts) if name == "all" else _any(parts)
        case "not":
            inner = _compile(arguments)
            return lambda data: None if (known := inner(data)) is None else not known
    raise DefinitionError(
        f"unknown operator {name!r}; use eq, ne, lt, le, gt, ge, in, between, exists, all, any or not"
    )


def _comparison(compare: Callable[[Any, Any], bool], left: Term, right: Term) -> Predicate:
    def compared(data: Data) -> bool | None:
        one, other = left(data), right(data)
        if one is None or other is None:
            return None
        try:
            return compare(one, other)
        except TypeError:  # a text where the definition expects a number: unknown, not false
            return None

    return compared


def _all(parts: tuple[Predicate, ...]) -> Predicate:
    def every(data: Data) -> bool | None:
        outcome: bool | None = True
        for part in parts:
            known = part(data)
            if known is False:
                return False
            if known is None:
                outcome = None
        return outcome

    return every


def _any(parts: tuple[Predicate, ...]) -> Predicate:
    def some(data: Data) -> bool | None:
        outcome: bool | None = False
        for part in parts:
            known = part(data)
            if known:
                return True
            if known is None:
                outcome = None
        return outcome

    return some


def _term(term: Any) -> Term:
    if isinstance(term, str) and term.startswith("$"):
        name = term[1:]
        return lambda data: data.get(name)
    if isinstance(term, str | int | bool):
        return lambda _: term
    raise DefinitionError(
        f"{term!r} is not a term; use a data field such as $delay_s, a text, a whole number or true/false"
    )


def _arguments(name: str, arguments: Any, count: int | None) -> list[Any]:
    if not isinstance(arguments, list) or not arguments or (count is not None and len(arguments) != count):
        wanted = f"{count} arguments" if count else "a list of predicates"
        raise DefinitionError(f"{name}: needs {wanted}, got {arguments!r}")
    return arguments


def _nodes(tree: Any) -> int:
    if isinstance(tree, dict):
        return 1 + sum(_nodes(value) for value in tree.values())
    if isinstance(tree, list):
        return sum(_nodes(value) for value in tree)
    return 1
