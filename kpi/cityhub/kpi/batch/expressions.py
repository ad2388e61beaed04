"""Expressions of the KPI language as Polars expressions: a second reading of the canonical tree (docs/kpi-language.md).

Null is *unknown*: `&`, `|` and `~` of Polars are Kleene's, comparisons and arithmetic with null are null. A predicate
that is unknown is not true, and a filter leaves it out.

Numbers are computed in 64 bits where the contract's bounds prove that they fit, else in 128: Polars wraps silently.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import and_, or_
from typing import Any, NamedTuple

import polars as pl

from cityhub.kpi.errors import BatchError
from cityhub.kpi.kernel.expression import Expression, Kind
from cityhub.sdk.contract import Contract

ELAPSED = "elapsed"
"""Column of the ms between the halves of a join, which `@elapsed` reads."""
_SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": lambda one, other: one == other,
    "ne": lambda one, other: one != other,
    "lt": lambda one, other: one < other,
    "le": lambda one, other: one <= other,
    "gt": lambda one, other: one > other,
    "ge": lambda one, other: one >= other,
}
_PREDICATES = frozenset({*_SIGNS, "between", "in", "exists", "all", "any", "not"})
_ATTRIBUTES = {
    "@time": ("t", Kind.INSTANT),
    "@subject": ("subject", Kind.TEXT),
    "@source": ("source", Kind.TEXT),
    "@elapsed": (ELAPSED, Kind.DURATION),
}
_NUMBERS = (Kind.INTEGER, Kind.INSTANT, Kind.DURATION)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_LARGEST, _WIDEST = 2**63 - 1, 2**127 - 1
_FARTHEST_MS = 1 << 50
"""No instant is farther from 1970, and no two are farther from each other: years have four digits."""


class _Term(NamedTuple):
    """A term under way.

    Attributes:
        scale: a number is value · 10^scale.
        low, high: what a number can be at most; 0 for texts and truth values.
    """

    expr: pl.Expr
    kind: Kind
    scale: int = 0
    low: int = 0
    high: int = 0

    @property
    def wide(self) -> bool:
        """Whether it can go beyond 64 bits."""
        return max(abs(self.low), abs(self.high)) > _LARGEST


def compiled(expression: Expression, contract: Contract) -> pl.Expr:
    """A term or predicate over the columns of an event frame (`$field`, t, subject, source; for joins `elapsed`).

    Returns:
        Int64 (scaled, or ms; Int128 where no bounds are known), String or Boolean; null = unknown.

    Raises:
        BatchError: a number can go beyond 127 bits.
    """
    tree = expression.tree
    if isinstance(tree, dict) and next(iter(tree)) in _PREDICATES:
        return _Reader(contract).predicate(tree)
    return _Reader(contract).term(tree, expression.type.kind).expr


def is_true(where: Expression | None, contract: Contract) -> pl.Expr:
    """Whether an event is observed: true or false, never null."""
    return pl.lit(value=True) if where is None else compiled(where, contract).fill_null(value=False)


class _Reader:
    """Reads trees against one contract."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract

    def predicate(self, tree: dict[str, Any]) -> pl.Expr:
        ((name, given),) = tree.items()
        match name:
            case "all" | "any":
                return reduce(and_ if name == "all" else or_, map(self.predicate, given))
            case "not":
                return ~self.predicate(given)
            case "exists":
                return self.term(given).expr.is_not_null()
            case "in":
                value, *options = self._alike([given[0], *given[1]])
                return reduce(or_, (_compared("eq", value, option) for option in options))
            case "between":
                value, low, high = self._alike(given)
                return _compared("ge", value, low) & _compared("le", value, high)
        return _compared(name, *self._alike(given))

    def term(self, tree: Any, beside: Kind | None = None) -> _Term:
        """Args: beside = kind of the term next to it, which a bare text takes where it is a duration or an instant."""
        if isinstance(tree, str) and tree.startswith("$"):
            return self._field(tree)
        if isinstance(tree, str) and tree.startswith("@"):
            column, kind = _ATTRIBUTES[tree]
            low, high = (-_FARTHEST_MS, _FARTHEST_MS) if kind in _NUMBERS else (0, 0)
            return _Term(pl.col(column), kind, 0, low, high)
        if isinstance(tree, dict) and "scaled" not in tree:
            return self._operation(tree, beside)
        return _literal(tree, beside)

    def _field(self, tree: str) -> _Term:
        field = self._contract.fields[tree[1:]]
        kind = Kind.INTEGER if field.type == "decimal" else Kind(field.type)
        if kind is Kind.INSTANT:
            return _Term(pl.col(tree), kind, 0, -_FARTHEST_MS, _FARTHEST_MS)
        if kind is not Kind.INTEGER:
            return _Term(pl.col(tree), kind)
        low = -_LARGEST if field.low is None else field.low
        high = _LARGEST if field.high is None else field.high
        return _Term(pl.col(tree), kind, field.scale, low, high)

    def _alike(self, trees: Sequence[Any], beside: Kind | None = None) -> list[_Term]:
        """Terms that are compared or added: literals take the kind of the others, all carry the most decimals."""
        known = [None if _is_literal(tree) else self.term(tree, beside) for tree in trees]
        model = next((term.kind for term in known if term is not None), beside)
        terms = [term or _literal(tree, model) for term, tree in zip(known, trees, strict=True)]
        scale = max(term.scale for term in terms)
        return [_carried(term, scale) for term in terms]

    def _operation(self, tree: dict[str, Any], beside: Kind | None) -> _Term:
        ((name, given),) = tree.items()
        match name:
            case "minus":
                one, other = self._alike(given, beside)
                kind = Kind.INTEGER if one.kind is Kind.INTEGER else Kind.DURATION
                return _sum(one, other._replace(low=-other.high, high=-other.low), kind, -1)
            case "plus":
                return self._plus(given, beside)
            case "max" | "min":
                return _extreme(name, self._alike(given, beside))
            case "product":
                return reduce(_product, [self.term(one) for one in given])
            case "if":
                test = self.predicate(given[0])
                one, other = _even(self._alike(given[1:], beside))
                expr = pl.when(test).then(one.expr).when(~test).then(other.expr)
                return one._replace(expr=expr, low=min(one.low, other.low), high=max(one.high, other.high))
        value = self.term(given, beside)
        known = pl.when(value.expr >= 0).then(value.expr)
        return value._replace(expr=known, low=max(value.low, 0), high=max(value.high, 0))

    def _plus(self, given: Sequence[Any], beside: Kind | None) -> _Term:
        first = self.term(given[0], beside)
        if first.kind is Kind.INSTANT:
            return _sum(first, self.term(given[1], Kind.DURATION), Kind.INSTANT)
        one, other = self._alike(given, beside)
        return _sum(one, other, one.kind)


def _is_literal(tree: Any) -> bool:
    if isinstance(tree, str):
        return not tree.startswith(("$", "@"))
    return not isinstance(tree, dict) or "scaled" in tree


def _literal(tree: Any, beside: Kind | None) -> _Term:
    if isinstance(tree, bool):
        return _Term(pl.lit(tree), Kind.BOOLEAN)
    if isinstance(tree, str) and beside in (Kind.DURATION, Kind.INTEGER):  # a product of a duration is a number here
        return _constant(int(tree.removesuffix("s")) * 1000, Kind.DURATION)
    if isinstance(tree, str) and beside is Kind.INSTANT:
        return _constant((datetime.fromisoformat(tree) - _EPOCH) // _MS, Kind.INSTANT)
    if isinstance(tree, str):
        return _Term(pl.lit(tree), Kind.TEXT)
    if isinstance(tree, dict):
        written, scale = tree["scaled"]
        whole, _, decimals = written.partition(".")
        return _constant(int(whole + decimals.ljust(scale, "0")), Kind.INTEGER, scale)
    return _constant(tree, Kind.INTEGER)


def _constant(value: int, kind: Kind, scale: int = 0) -> _Term:
    return _Term(pl.lit(value, dtype=pl.Int64), kind, scale, value, value)


def _carried(term: _Term, scale: int) -> _Term:
    """The same number with more decimals."""
    up = 10 ** (scale - term.scale)
    return term if up == 1 else _product(term, _constant(up, Kind.INTEGER))._replace(scale=scale, kind=term.kind)


def _even(terms: Sequence[_Term]) -> list[_Term]:
    """All of one width."""
    return _widened(terms) if any(term.wide for term in terms) else list(terms)


def _widened(terms: Sequence[_Term]) -> list[_Term]:
    return [term._replace(expr=term.expr.cast(pl.Int128)) for term in terms]


def _compared(name: str, one: _Term, other: _Term) -> pl.Expr:
    one, other = _even((one, other))
    found: pl.Expr = _SIGNS[name](one.expr, other.expr)
    return found


def _fitting(terms: Sequence[_Term], low: int, high: int) -> list[_Term]:
    """Terms in the width that their result needs."""
    reach = max(abs(low), abs(high))
    if reach > _WIDEST:
        raise BatchError(
            f"a number can have {reach.bit_length()} bits, 127 are computed with; give its fields min and max"
        )
    return _widened(terms) if reach > _LARGEST else _even(terms)


def _sum(one: _Term, other: _Term, kind: Kind, sign: int = 1) -> _Term:
    """`one` + `sign` · `other`; the bounds of `other` carry the sign already."""
    low, high = one.low + other.low, one.high + other.high
    one, other = _fitting((one, other), low, high)
    return _Term(one.expr + other.expr if sign > 0 else one.expr - other.expr, kind, one.scale, low, high)


def _product(one: _Term, other: _Term) -> _Term:
    corners = [one.low * other.low, one.low * other.high, one.high * other.low, one.high * other.high]
    low, high = min(corners), max(corners)
    first, second = _fitting((one, other), low, high)
    return _Term(first.expr * second.expr, Kind.INTEGER, one.scale + other.scale, low, high)


def _extreme(name: str, terms: Sequence[_Term]) -> _Term:
    """Unknown when any is: Polars leaves nulls out of a horizontal maximum."""
    terms, pick = _even(terms), max if name == "max" else min
    horizontal = pl.max_horizontal if name == "max" else pl.min_horizontal
    known = reduce(and_, [term.expr.is_not_null() for term in terms])
    expr = pl.when(known).then(horizontal([term.expr for term in terms]))
    low, high = pick(term.low for term in terms), pick(term.high for term in terms)
    return terms[0]._replace(expr=expr, low=low, high=high)
