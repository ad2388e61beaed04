"""Which numbers of a KPI are asked for: window kind, scope and dimensions, checked against its definition."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

import strawberry

from cityhub.api.enums import WindowKind
from cityhub.api.errors import InvalidArgument
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.values import KpiValue

SPAN = {WindowKind.HOUR: timedelta(hours=1), WindowKind.DAY: timedelta(days=1)}
"""Usual length of a window; local days have an hour more or less twice a year."""


@strawberry.input(description='One dimension held to one value, such as line = "901".')
class DimensionInput:
    """Argument form of a dimension."""

    name: str
    value: str


class Cut(NamedTuple):
    """A checked choice."""

    kpi_id: str
    window: WindowKind
    scope: str
    dimensions: dict[str, str]

    def holds(self, value: KpiValue) -> bool:
        """Whether a published value belongs to this choice."""
        return (value.kpi_id, value.window, value.scope, value.dimensions) == self


def cut_of(
    definition: KpiDefinition, window: WindowKind | None, scope: str, dimensions: Sequence[DimensionInput]
) -> Cut:
    """Check arguments against a definition. Without a window it is the KPI's default one.

    Raises:
        InvalidArgument: names the argument, its value and what the KPI offers.
    """
    kind = window or definition.default_window
    if kind not in definition.windows:
        _refuse(definition, "window", kind.value, definition.windows)
    if scope not in definition.scopes:
        _refuse(definition, "scope", scope, definition.scopes)
    chosen = {item.name: item.value for item in dimensions}
    for name in chosen:
        check_dimension(definition, name)
    if len(chosen) < len(dimensions):
        raise InvalidArgument("dimensions: one of them is named twice; hold each to one value")
    return Cut(definition.id, kind, scope, chosen)


def check_dimension(definition: KpiDefinition, name: str) -> None:
    """Refuse a dimension the KPI does not have."""
    if name not in definition.dimensions:
        _refuse(definition, "dimension", name, list(definition.dimensions))


def _refuse(definition: KpiDefinition, argument: str, value: str, offered: Sequence[str]) -> None:
    raise InvalidArgument(f"{argument}: {definition.id} has no {value!r}; it has {', '.join(offered) or 'none'}")
