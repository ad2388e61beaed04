"""Expressions of the KPI language: read, type-checked against a contract, and compiled to Python source.

The source holds names of contract fields and `repr()` of literals only; nothing else a user wrote reaches it. The same
canonical tree is what hashes cover and what a second implementation reads.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from msgspec import Struct

from cityhub.kpi.kernel.expression_literal import ms_of
from cityhub.kpi.kernel.expression_node import Scope
from cityhub.kpi.kernel.expression_predicate import read_predicate
from cityhub.kpi.kernel.expression_problems import refuse
from cityhub.kpi.kernel.expression_term import read_term
from cityhub.kpi.kernel.expression_type import LOGIC, Kind, Type
from cityhub.sdk.contract import Contract

__all__ = [
    "MAX_NODES",
    "NAMESPACE",
    "Expression",
    "Kind",
    "Type",
    "elapsed_function",
    "function",
    "parse_predicate",
    "parse_term",
]
MAX_NODES = 50
"""Operators, fields and literals an expression may have: its cost is known before it runs."""
_DEEPEST = 20


class Expression(Struct, frozen=True):
    """A term or predicate that was read.

    Attributes:
        tree: canonical and JSON-able: reading it again gives the same.
        code: Python source over `e` (envelope), `d` (its typed data), `t` (event time, epoch ms) and, between the
            halves of a join, `x` (elapsed ms). It gives an int (scaled, or ms), str, bool, or None when it is unknown.
        nodes: its size. fields: contract fields it reads.
        holds: of a predicate, shorter source of "is known to be true", for places where false and unknown are one.
    """

    tree: Any
    type: Type
    code: str
    nodes: int
    fields: frozenset[str]
    holds: str = ""


def _scaled(value: float | Decimal, scale: int) -> int:
    """A decimal as scaled integer. Decimals beyond the contract's scale were refused when the event was read."""
    power: int = 10**scale
    return round(value * power)


NAMESPACE: dict[str, Any] = {"_ms": ms_of, "_scaled": _scaled, "max": max, "min": min}
"""What the source of an expression may call."""


def parse_term(tree: Any, contract: Contract, *, elapsed: bool = False, beside: Type | None = None) -> Expression:
    """Read a term.

    Args:
        beside: type that a bare literal takes, when it is not a number or text.

    Raises:
        DefinitionError: each fault with its place in the term and a remedy.
    """
    nodes = _size(tree)
    node = read_term(tree, Scope(contract, elapsed, read_predicate), beside)
    return Expression(node.tree, node.type, node.value, nodes, node.fields)


def parse_predicate(tree: Any, contract: Contract, *, elapsed: bool = False) -> Expression:
    """Read a predicate.

    Raises:
        DefinitionError: each fault with its place in the predicate and a remedy.
    """
    nodes = _size(tree)
    logic = read_predicate(tree, Scope(contract, elapsed, read_predicate))
    kind = Type(kind=Kind.BOOLEAN, nullable=True, distinct_at_most=2) if logic.nullable else LOGIC
    return Expression(logic.tree, kind, logic.value, nodes, logic.fields, logic.true)


def function(expression: Expression) -> Callable[..., Any]:
    """The expression as a function of (e, d, t) and, for elapsed ones, x."""
    compiled: Callable[..., Any] = eval(f"lambda e, d, t, x=None: {expression.code}", {**NAMESPACE})  # noqa: S307
    return compiled


def elapsed_function(expression: Expression) -> Callable[[int], bool | None]:
    """A predicate over elapsed time alone as a function of milliseconds."""
    return partial(function(expression), None, None, None)


def _size(tree: Any) -> int:
    """Operators, fields and literals of a tree; refused when it is too large or too deep."""
    size, level = 0, [tree]
    for _ in range(_DEEPEST):
        inner: list[Any] = []
        for part in level:
            size += not isinstance(part, list)
            if isinstance(part, dict):
                inner += [] if set(part) == {"scaled"} else part.values()
            elif isinstance(part, list):
                inner += part
        if size > MAX_NODES or not inner:
            break
        level = inner
    else:
        raise refuse(f"nested deeper than {_DEEPEST} levels; make it flatter")
    if size > MAX_NODES:
        raise refuse(f"more than {MAX_NODES} nodes are too many; split it over two values, or use in or between")
    return size
