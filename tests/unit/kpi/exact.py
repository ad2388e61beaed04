"""The hub's definitions as if none told of people: for tests of what stays exact inside."""

from __future__ import annotations

from msgspec import structs

from cityhub.kpi.definition import Catalogue, KpiDefinition
from cityhub.kpi.values import WindowKind

RUNNING = (WindowKind.MONTH, WindowKind.YEAR_TO_DATE)
"""Windows that numbers about people are not published for."""


def exactly(definition: KpiDefinition, windows: tuple[WindowKind, ...] = ()) -> KpiDefinition:
    """A definition whose numbers are published as they are counted.

    Args:
        windows: of one that tells of people; empty = its own.
    """
    if definition.minimum_group is None:
        return definition
    return structs.replace(definition, minimum_group=None, windows=windows or definition.windows)


def exact(catalogue: Catalogue, windows: tuple[WindowKind, ...] = ()) -> Catalogue:
    """All of them."""
    others = [exactly(one, windows) for known in catalogue for one in catalogue.versions(known.id)]
    return Catalogue({one.id: exactly(one, windows) for one in catalogue}, catalogue.contracts, others)
