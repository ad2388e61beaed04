"""What reading a definition's expression gives: terms and predicates with type and Python source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from cityhub.kpi.kernel.expression_type import Type
from cityhub.sdk.contract import Contract


class Node(Struct, frozen=True, kw_only=True):
    """A term. It is *unknown* when an optional field it needs is missing.

    Attributes:
        tree: canonical, JSON-able. code: Python source that binds tighter than any operator.
        unknown: source of the conditions under which the term is unknown, each safe when none before it holds.
        constant: the value of a literal.
    """

    tree: Any
    type: Type
    code: str
    unknown: tuple[str, ...] = ()
    fields: frozenset[str] = frozenset()
    constant: int | str | bool | None = None

    @property
    def value(self) -> str:
        """Source of the value, None when it is unknown."""
        return f"(None if {' or '.join(self.unknown)} else {self.code})" if self.unknown else self.code


class Logic(Struct, frozen=True, kw_only=True):
    """A predicate. `true` and `false`: source of "is known to be true" and "is known to be false"."""

    tree: Any
    true: str
    false: str
    nullable: bool
    fields: frozenset[str]

    @property
    def value(self) -> str:
        """Source of True, False, or None when it is unknown."""
        return f"(True if {self.true} else False if {self.false} else None)" if self.nullable else self.true


class Scope(Struct, frozen=True):
    """What an expression may name. `elapsed`: it stands between the halves of a join.

    Attributes:
        logic: reads a predicate; terms need it, because `if` holds one.
    """

    contract: Contract
    elapsed: bool
    logic: Callable[[Any, Scope], Logic]


def unknown_of(*nodes: Node) -> tuple[str, ...]:
    """Conditions under which any of the terms is unknown, each once."""
    return tuple(dict.fromkeys(condition for node in nodes for condition in node.unknown))


def fields_of(*nodes: Node | Logic) -> frozenset[str]:
    """Contract fields that any of them reads."""
    return frozenset().union(*(node.fields for node in nodes))
