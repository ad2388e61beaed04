"""Field decorators with a description, typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

Resolver = TypeVar("Resolver", bound=Callable[..., Any])


def described(description: str) -> Callable[[Resolver], Resolver]:
    """`strawberry.field(description=…)`, which loses the resolver's type."""
    return cast("Callable[[Resolver], Resolver]", strawberry.field(description=description))


def subscription(description: str) -> Callable[[Resolver], Resolver]:
    """`strawberry.subscription(description=…)`, which loses the resolver's type."""
    return cast("Callable[[Resolver], Resolver]", strawberry.subscription(description=description))
