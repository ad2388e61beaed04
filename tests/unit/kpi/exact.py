"""The hub's definitions as if none told of people: for tests of what stays exact inside."""

from __future__ import annotations

from msgspec import structs

from cityhub.kpi.definition import Catalogue, KpiDefinition


def exactly(definition: KpiDefinition) -> KpiDefinition:
    """A definition whose numbers are published as they are counted."""
    return structs.replace(definition, minimum_group=None)


def exact(catalogue: Catalogue) -> Catalogue:
    """All of them."""
    others = [exactly(one) for known in catalogue for one in catalogue.versions(known.id)]
    return Catalogue({one.id: exactly(one) for one in catalogue}, catalogue.contracts, others)
