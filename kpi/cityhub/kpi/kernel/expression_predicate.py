"""Predicates of the KPI language: a closed, loop-free tree, three-valued after Kleene.

A comparison with a missing field is unknown, and unknown is neither true nor false. Source text is made for "is known
to be true" and "is known to be false" apart, so that what cannot be unknown becomes plain comparisons.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from cityhub.kpi.kernel.expression_literal import is_literal
from cityhub.kpi.kernel.expression_node import Logic, Node, Scope, fields_of, unknown_of
from cityhub.kpi.kernel.expression_problems import every, near, refuse, shown
from cityhub.kpi.kernel.expression_term import arguments_of, by_place, read_alike, read_term
from cityhub.kpi.kernel.expression_type import NAMES, Kind

_SIGNS = {
    "eq": ("==", "!="),
    "ne": ("!=", "=="),
    "lt": ("<", ">="),
    "le": ("<=", ">"),
    "gt": (">", "<="),
    "ge": (">=", "<"),
}
OPERATORS = (*_SIGNS, "between", "in", "exists", "all", "any", "not")
_EQUALITY = ("eq", "ne", "in")
_TWO, _THREE = 2, 3


def read_predicate(tree: Any, scope: Scope) -> Logic:
    """Read a predicate.

    Raises:
        Problems: with paths relative to the predicate.
    """
    if not isinstance(tree, dict) or len(tree) != 1:
        raise refuse(f"{shown(tree)} is not a predicate; write one operator, such as {{eq: [$classifier, ACT]}}")
    ((name, arguments),) = tree.items()
    match name:
        case _ if name in _SIGNS:
            return _comparison(name, _compared(name, by_place(name, arguments_of(name, arguments, _TWO)), scope))
        case "between":
            return _between(_compared(name, by_place(name, arguments_of(name, arguments, _THREE)), scope))
        case "in":
            return _among(arguments_of(name, arguments, _TWO), scope)
        case "exists":
            return _exists(every([(name, partial(read_term, arguments, scope))])[0])
        case "all" | "any":
            trees = enumerate(arguments_of(name, arguments, None))
            return _combined(name, every((f"{name}[{i}]", partial(read_predicate, part, scope)) for i, part in trees))
        case "not":
            part = every([(name, partial(read_predicate, arguments, scope))])[0]
            return Logic(
                tree={name: part.tree}, true=part.false, false=part.true, nullable=part.nullable, fields=part.fields
            )
    raise refuse(f"unknown operator {name!r}; {near(str(name), OPERATORS)}")


def _compared(name: str, trees: dict[str, Any], scope: Scope) -> list[Node]:
    nodes = read_alike(trees, scope)
    if all(map(is_literal, trees.values())):
        raise refuse(f"{shown(list(trees.values()))} compares constants; name a field on one side", name)
    if name not in _EQUALITY and not nodes[0].type.ordered:
        kind = NAMES[nodes[0].type.kind]
        raise refuse(f"{kind} has no order; use eq, ne or in, or compare numbers, instants or durations", name)
    return nodes


def _comparison(name: str, nodes: list[Node]) -> Logic:
    one, other = nodes
    if _never(name, one, other):
        raise refuse(f"is never true: {_range(one)}, and {_range(other)}; compare with a value in between", name)
    yes, no = (f"{one.code} {sign} {other.code}" for sign in _SIGNS[name])
    return _known(name, [one.tree, other.tree], nodes, yes, no)


def _between(nodes: list[Node]) -> Logic:
    value, low, high = nodes
    if _never("ge", value, low) or _never("le", value, high) or _never("le", low, high):
        ranges = ", ".join(map(_range, nodes))
        raise refuse(f"is never true: {ranges}; write the lower bound first, within what the field can be", "between")
    within = f"{low.code} <= {value.code} <= {high.code}"
    return _known("between", [node.tree for node in nodes], nodes, within, f"not {within}")


def _among(arguments: list[Any], scope: Scope) -> Logic:
    subject, options = arguments
    if not isinstance(options, list) or not options or not all(map(is_literal, options)):
        raise refuse(f"{shown(options)} is not a list of literals, such as [A, B]", "in[1]")
    value, *nodes = _compared("in", {"in[0]": subject, **by_place("in[1]", options)}, scope)
    for node in nodes:
        if _never("eq", value, node):
            raise refuse(f"is never true for {node.tree!r}: {_range(value)}; leave it out", "in[1]")
    ordered = sorted({node.constant: node for node in nodes}.items())
    members = ", ".join(repr(constant) for constant, _ in ordered)
    tree = [value.tree, [node.tree for _, node in ordered]]
    return _known("in", tree, [value], f"{value.code} in {{{members}}}", f"{value.code} not in {{{members}}}")


def _exists(node: Node) -> Logic:
    unknown = " or ".join(node.unknown) or "False"
    return Logic(
        tree={"exists": node.tree}, true=f"not ({unknown})", false=f"({unknown})", nullable=False, fields=node.fields
    )


def _combined(name: str, parts: list[Logic]) -> Logic:
    yes, no = [part.true for part in parts], [part.false for part in parts]
    return Logic(
        tree={name: [part.tree for part in parts]},
        true=_and(yes) if name == "all" else " or ".join(yes),
        false=" or ".join(no) if name == "all" else _and(no),
        nullable=any(part.nullable for part in parts),
        fields=fields_of(*parts),
    )


def _known(name: str, tree: list[Any], nodes: list[Node], yes: str, no: str) -> Logic:
    """A comparison of terms: known when all of them are."""
    present = [
        condition.replace(" is None", " is not None") if condition.endswith(" is None") else f"not {condition}"
        for condition in unknown_of(*nodes)
    ]
    return Logic(
        tree={name: tree},
        true=_and([*present, yes]),
        false=_and([*present, no]),
        nullable=bool(present),
        fields=fields_of(*nodes),
    )


def _and(parts: Sequence[str]) -> str:
    if len(parts) == 1:
        return parts[0]
    return " and ".join(f"({part})" if " or " in part else part for part in parts)


def _never(name: str, one: Node, other: Node) -> bool:
    """Whether the bounds or closed sets of two terms exclude that the comparison holds."""
    if one.type.kind is Kind.TEXT:
        sets = (one.type.values, other.type.values)
        return name == "eq" and None not in sets and not set(sets[0] or ()) & set(sets[1] or ())
    below, above = _less(one.type.high, other.type.low), _less(other.type.high, one.type.low)
    lowest = one.type.low is not None and one.type.low == other.type.high
    highest = one.type.high is not None and one.type.high == other.type.low
    excluded = {"eq": below or above, "lt": above or lowest, "le": above, "gt": below or highest, "ge": below}
    return excluded.get(name, False)


def _less(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and one < other


def _range(node: Node) -> str:
    """What a term can be, in words and in the field's own decimals."""
    if node.constant is not None:
        return f"the constant is {node.tree!r}"
    if node.type.kind is Kind.TEXT:
        return f"{node.tree} is one of {', '.join(node.type.values or ())}"
    low, high = (None if bound is None else bound / 10**node.type.scale for bound in (node.type.low, node.type.high))
    words = [f"{word} {bound:g}" for word, bound in (("at least", low), ("at most", high)) if bound is not None]
    return f"{node.tree} is {' and '.join(words)}"
