"""Exact numbers about people are inside only: what buckets and archive hold is not shown as it is."""

from __future__ import annotations

from msgspec.structs import replace

from cityhub.kpi.audited import AuditState
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.errors import Withheld
from cityhub.kpi.kernel.groups import rounded


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


def refuse_as_of(definition: KpiDefinition) -> None:
    """Refuse to show what was known when (decision 0018).

    Raises:
        Withheld: the definition tells of people.
    """
    if definition.minimum_group is not None:
        raise Withheld(
            f"{definition.id} tells of people: what was known of it at an instant is shown to nobody, because two such "
            f"numbers could tell of single ones. `cityhub kpi value {definition.id}` shows what is published"
        )


def told(state: AuditState, definition: KpiDefinition) -> AuditState:
    """What an audit is shown to have found: of people its verdict, with rounded counts and without numbers."""
    least, audit = definition.minimum_group, state.audit
    if least is None:
        return state
    counts = {name: rounded(getattr(audit, name), least) for name in ("buckets", "events")}
    return AuditState(state.at, state.clean_at, replace(audit, differences=(), **counts))
