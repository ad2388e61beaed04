"""Terms of the KPI language: fields, attributes, literals and a closed set of operations, typed by the contract."""

from __future__ import annotations

from functools import partial
from typing import Any

from cityhub.kpi.kernel import expression_arithmetic as arithmetic
from cityhub.kpi.kernel.expression_literal import is_literal, read_literal
from cityhub.kpi.kernel.expression_node import Node, Scope
from cityhub.kpi.kernel.expression_problems import Gathering, every, near, refuse, shown
from cityhub.kpi.kernel.expression_type import NAMES, Kind, Type, type_of_field
from cityhub.kpi.kernel.expression_unit import parse_unit

OPERATIONS = ("minus", "plus", "max", "min", "product", "if", "unless_negative", "scaled")
_TWO, _THREE = 2, 3


def read_term(tree: Any, scope: Scope, beside: Type | None = None) -> Node:
    """Read a term.

    Args:
        beside: type of the term next to it, which gives a literal its meaning.

    Raises:
        Problems: with paths relative to the term.
    """
    if is_literal(tree):
        canonical, kind, value = read_literal(tree, beside)
        return Node(tree=canonical, type=kind, code=repr(value), constant=value)
    if isinstance(tree, str):
        return _attribute(tree, scope) if tree.startswith("@") else _field(tree, scope)
    if isinstance(tree, dict) and len(tree) == 1:
        ((name, arguments),) = tree.items()
        return _operation(name, arguments, scope, beside)
    raise refuse(
        f"{shown(tree)} is not a term; use a field such as $delay_s, an attribute such as '@time', a literal or one of "
        f"{', '.join(OPERATIONS)}"
    )


def read_alike(trees: dict[str, Any], scope: Scope, beside: Type | None = None) -> list[Node]:
    """Read terms, given by path, that are compared or added: one kind, unit and scale; literals follow the others."""
    gathering = Gathering()
    known = {
        path: gathering.read(path, partial(read_term, tree, scope, beside))
        for path, tree in trees.items()
        if not is_literal(tree)
    }
    gathering.settle()
    model = next((node.type for node in known.values()), beside)
    nodes = every((path, partial(_beside, known.get(path), tree, scope, model)) for path, tree in trees.items())
    for path, node in zip(trees, nodes, strict=True):
        _agree(node.type, model or nodes[0].type, path)
    scale = max(node.type.scale for node in nodes)
    return [arithmetic.to_scale(node, scale) for node in nodes]


def by_place(name: str, trees: list[Any], first: int = 0) -> dict[str, Any]:
    """Arguments of an operator by their path, such as `eq[0]`."""
    return {f"{name}[{index}]": tree for index, tree in enumerate(trees, first)}


def arguments_of(name: str, arguments: Any, count: int | None) -> list[Any]:
    """The list an operator needs; `count` None = one or more."""
    if not isinstance(arguments, list) or not arguments or (count is not None and len(arguments) != count):
        wanted = f"{count} arguments" if count else "a list of at least one"
        raise refuse(f"needs {wanted}, got {shown(arguments)}", name)
    return arguments


def _beside(known: Node | None, tree: Any, scope: Scope, model: Type | None) -> Node:
    return known or read_term(tree, scope, model)


def _agree(one: Type, other: Type, path: str) -> None:
    if one.kind is not other.kind:
        raise refuse(f"{NAMES[one.kind]} stands beside {NAMES[other.kind]}; both must be of one kind", path)
    if one.kind is Kind.INTEGER and parse_unit(one.unit) != parse_unit(other.unit):
        raise refuse(f"unit {one.unit} stands beside unit {other.unit}; both must have one unit", path)


def _field(name: str, scope: Scope) -> Node:
    fields = scope.contract.fields
    field = fields.get(name[1:])
    if field is None:
        known = near(name, [f"${known}" for known in fields])
        raise refuse(f"{name} is not a field of {scope.contract.type}; {known}")
    path, kind = f"d.{name[1:]}", type_of_field(field)
    code = path
    if kind.kind is Kind.INSTANT:
        code = f"_ms({path})"
    elif kind.scale:
        code = f"_scaled({path}, {kind.scale})"
    unknown = (f"{path} is None",) if kind.nullable else ()
    return Node(tree=name, type=kind, code=code, unknown=unknown, fields=frozenset({name[1:]}))


def _attribute(name: str, scope: Scope) -> Node:
    known = {
        "@time": ("t", Type(kind=Kind.INSTANT)),
        "@subject": ("e.subject", Type(kind=Kind.TEXT, distinct_at_most=scope.contract.subjects_at_most)),
        "@source": ("e.source", Type(kind=Kind.TEXT)),
    }
    if scope.elapsed:
        known["@elapsed"] = ("x", Type(kind=Kind.DURATION, low=0, unit="ms"))
    if name not in known:
        raise refuse(f"{name} is not an attribute of an event here; {near(name, known)}")
    code, kind = known[name]
    return Node(tree=name, type=kind, code=code)


def _operation(name: str, arguments: Any, scope: Scope, beside: Type | None) -> Node:
    match name:
        case "minus":
            return arithmetic.minus(*read_alike(by_place(name, arguments_of(name, arguments, _TWO)), scope, beside))
        case "plus":
            return arithmetic.plus(*_summands(arguments_of(name, arguments, _TWO), scope, beside))
        case "max" | "min":
            trees = by_place(name, arguments_of(name, arguments, None))
            return arithmetic.extreme(name, read_alike(trees, scope, beside))
        case "product":
            trees = by_place(name, arguments_of(name, arguments, None))
            return arithmetic.product(every((path, partial(read_term, tree, scope)) for path, tree in trees.items()))
        case "if":
            test, *branches = arguments_of(name, arguments, _THREE)
            gathering = Gathering()
            logic = gathering.read("if[0]", partial(scope.logic, test, scope))
            nodes = gathering.read("", partial(read_alike, by_place(name, branches, 1), scope, beside))
            gathering.settle()
            return arithmetic.choice(logic, *nodes)
        case "unless_negative":
            return arithmetic.unless_negative(*every([(name, partial(read_term, arguments, scope, beside))]))
    raise refuse(f"unknown operator {name!r} of a term; {near(str(name), OPERATIONS)}")


def _summands(trees: list[Any], scope: Scope, beside: Type | None) -> list[Node]:
    """Two terms of one kind, or an instant and a duration."""
    first = every([("plus[0]", partial(read_term, trees[0], scope, beside))])[0]
    if first.type.kind is Kind.INSTANT:
        return [first, *every([("plus[1]", partial(read_term, trees[1], scope, Type(kind=Kind.DURATION)))])]
    return read_alike(by_place("plus", trees), scope, beside)
