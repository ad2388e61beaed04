"""Which numbers of a KPI are asked for: window kind, scope and dimensions, checked against its definition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import strawberry

from cityhub.api.enums import WindowKind
from cityhub.api.errors import InvalidArgument
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.values import KpiValue

BOROUGHS = tuple(f"STB0{number}" for number in range(1, 8))
"""Duisburg's seven Stadtbezirke, as events name them."""


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
    scopes = scopes_of(definition)
    if scope not in scopes:
        _refuse(definition, "scope", scope, scopes)
    chosen = {item.name: item.value for item in dimensions}
    for name in chosen:
        check_dimension(definition, name)
    if len(chosen) < len(dimensions):
        raise InvalidArgument("dimensions: one of them is named twice; hold each to one value")
    return Cut(definition.id, kind, scope, chosen)


def scopes_of(definition: KpiDefinition) -> Sequence[str]:
    """The places a KPI has numbers for: the city, and each borough where it is counted by borough."""
    return [scope for kind in definition.scopes for scope in (BOROUGHS if kind == "borough" else (kind,))]


def check_dimension(definition: KpiDefinition, name: str) -> None:
    """Refuse a dimension the KPI does not have."""
    if name not in definition.dimensions:
        _refuse(definition, "dimension", name, list(definition.dimensions))


def _refuse(definition: KpiDefinition, argument: str, value: str, offered: Sequence[str]) -> None:
    raise InvalidArgument(f"{argument}: {definition.id} has no {value!r}; it has {', '.join(offered) or 'none'}")
