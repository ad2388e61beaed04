"""Exact numbers about people are inside only: what buckets and archive hold is not shown as it is."""

from __future__ import annotations

from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.errors import Withheld


def refuse_people(definition: KpiDefinition) -> None:
    """Refuse to show what is counted exactly.

    Raises:
        Withheld: the definition tells of people.
    """
    if definition.minimum_group is not None:
        raise Withheld(
            f"{definition.id} tells of people: exact numbers, as store and archive hold them, are shown to nobody. "
            f"`cityhub kpi value {definition.id}` shows what is published, `cityhub kpi audit {definition.id}` compares"
        )
