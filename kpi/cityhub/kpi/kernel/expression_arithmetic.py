"""Arithmetic of the KPI language on typed terms: bounds, units and scales are carried along, and so is "unknown"."""

from __future__ import annotations

from typing import Any

import msgspec

from cityhub.kpi.kernel.expression_literal import LARGEST
from cityhub.kpi.kernel.expression_node import Logic, Node, fields_of, unknown_of
from cityhub.kpi.kernel.expression_problems import refuse
from cityhub.kpi.kernel.expression_type import NAMES, NUMBERS, Kind, Type, bounds_of_product
from cityhub.kpi.kernel.expression_unit import product_unit


def to_scale(node: Node, scale: int) -> Node:
    """The same number carried with more decimals."""
    if (up := 10 ** (scale - node.type.scale)) == 1:
        return node
    low, high = (None if bound is None else bound * up for bound in (node.type.low, node.type.high))
    wider = msgspec.structs.replace(node.type, low=low, high=high, scale=scale)
    if node.constant is None:
        return msgspec.structs.replace(node, type=wider, code=f"({node.code} * {up})")
    value = int(node.constant) * up
    return msgspec.structs.replace(node, type=wider, code=repr(value), constant=value)


def minus(one: Node, other: Node) -> Node:
    """A difference; of two instants it is a duration."""
    if not one.type.ordered:
        raise refuse(f"{NAMES[one.type.kind]} cannot be subtracted; use instants, durations or numbers", "minus")
    low = None if one.type.low is None or other.type.high is None else one.type.low - other.type.high
    high = None if one.type.high is None or other.type.low is None else one.type.high - other.type.low
    code = f"({one.code} - {other.code})"
    if one.type.kind is Kind.INTEGER:
        return _made("minus", [one, other], code, low, high)
    return _made("minus", [one, other], code, low, high, kind=Kind.DURATION, unit="ms")


def plus(one: Node, other: Node) -> Node:
    """A sum of numbers or durations, or an instant some time later."""
    later = one.type.kind is Kind.INSTANT and other.type.kind is Kind.DURATION
    if not later and one.type.kind not in NUMBERS:
        raise refuse(
            f"{NAMES[one.type.kind]} and {NAMES[other.type.kind]} cannot be added; use numbers, durations, or an "
            "instant and then a duration",
            "plus",
        )
    low, high = _sum(one.type.low, other.type.low), _sum(one.type.high, other.type.high)
    return _made("plus", [one, other], f"({one.code} + {other.code})", low, high)


def extreme(name: str, nodes: list[Node]) -> Node:
    """The `max` or `min` of some terms of one kind."""
    if not nodes[0].type.ordered:
        raise refuse(f"{NAMES[nodes[0].type.kind]} has no {name}; use numbers, instants or durations", name)
    pick = max if name == "max" else min
    lows, highs = [node.type.low for node in nodes], [node.type.high for node in nodes]
    known_lows, known_highs = ([bound for bound in bounds if bound is not None] for bounds in (lows, highs))
    # a maximum is at least any lower bound, but at most its highest upper bound; a minimum the other way round
    low = pick(known_lows) if known_lows and (name == "max" or None not in lows) else None
    high = pick(known_highs) if known_highs and (name == "min" or None not in highs) else None
    code = f"{name}({', '.join(node.code for node in nodes)})" if len(nodes) > 1 else nodes[0].code
    return _made(name, nodes, code, low, high)


def product(nodes: list[Node]) -> Node:
    """A product of numbers: units and decimals multiply."""
    for index, node in enumerate(nodes):
        if node.type.kind not in NUMBERS:
            raise refuse(f"{NAMES[node.type.kind]} cannot be multiplied; use numbers", f"product[{index}]")
    low, high = bounds_of_product([node.type for node in nodes])
    unit, scale = product_unit([node.type.unit for node in nodes]), sum(node.type.scale for node in nodes)
    timed = unit == "ms" and not scale and any(node.type.kind is Kind.DURATION for node in nodes)
    kind = Kind.DURATION if timed else Kind.INTEGER
    code = f"({' * '.join(node.code for node in nodes)})"
    return _made("product", nodes, code, low, high, kind=kind, unit=unit, scale=scale)


def unless_negative(node: Node) -> Node:
    """The number where it is not negative, else unknown."""
    if node.type.kind not in NUMBERS:
        raise refuse(f"{NAMES[node.type.kind]} cannot be negative; use a number or a duration", "unless_negative")
    made = _made("unless_negative", [node], node.code, max(node.type.low or 0, 0), node.type.high)
    kind = msgspec.structs.replace(made.type, nullable=True)
    tree, unknown = {"unless_negative": node.tree}, (*node.unknown, f"{node.code} < 0")
    return msgspec.structs.replace(made, tree=tree, type=kind, unknown=unknown)


def choice(test: Logic, one: Node, other: Node) -> Node:
    """`one` where the test is true, `other` where it is false, unknown where the test is."""
    low = None if one.type.low is None or other.type.low is None else min(one.type.low, other.type.low)
    high = None if one.type.high is None or other.type.high is None else max(one.type.high, other.type.high)
    made = _made("if", [one, other], f"({one.code} if {test.true} else {other.code})", low, high)
    closed = one.type.values is not None and other.type.values is not None
    kind = msgspec.structs.replace(
        made.type,
        nullable=made.type.nullable or test.nullable,
        distinct_at_most=_sum(one.type.distinct_at_most, other.type.distinct_at_most),
        values=tuple(dict.fromkeys((*(one.type.values or ()), *(other.type.values or ())))) if closed else None,
    )
    unknown: tuple[str, ...] = (f"not ({test.true} or {test.false})",) if test.nullable else ()
    if made.unknown:
        then, otherwise = (" or ".join(node.unknown) or "False" for node in (one, other))
        unknown += (f"(({then}) if {test.true} else ({otherwise}))",)
    tree = {"if": [test.tree, one.tree, other.tree]}
    fields = fields_of(test, one, other)
    return msgspec.structs.replace(made, tree=tree, type=kind, unknown=unknown, fields=fields)


def _made(name: str, nodes: list[Node], code: str, low: int | None, high: int | None, **kind: Any) -> Node:
    """The result of an operation; unknown when any of the terms is. A bound beyond 64 bits counts as none."""
    low, high = (None if bound is None or abs(bound) > LARGEST else bound for bound in (low, high))
    model = nodes[0].type
    made = Type(
        **{"kind": model.kind, "unit": model.unit, "scale": model.scale, **kind},
        nullable=any(node.type.nullable for node in nodes),
        low=low,
        high=high,
        distinct_at_most=None if low is None or high is None else high - low + 1,
        personal=any(node.type.personal for node in nodes),
    )
    tree = {name: [node.tree for node in nodes]}
    return Node(tree=tree, type=made, code=code, unknown=unknown_of(*nodes), fields=fields_of(*nodes))


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other
