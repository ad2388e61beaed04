"""Who may read which KPI: the one rule for API, dashboard and files."""

from __future__ import annotations

from cityhub.kpi.definition import KpiDefinition
from cityhub.sdk.principal import Principal

OPERATOR = "hub-operator"
CONTROLLER = "controller"
CITY_ROLES = frozenset({"leadership", CONTROLLER, OPERATOR})


def may_read(principal: Principal | None, definition: KpiDefinition) -> bool:
    """Whether a caller may see a KPI and its numbers. The rule is docs/api.md, "Who may read what".

    Args:
        principal: None is the anonymous visitor of the dashboard; the API itself has none.
    """
    if definition.audience == "public":
        return True
    if principal is None:
        return False
    if OPERATOR in principal.roles:
        return True
    if definition.audience == "city":
        return is_city(principal)
    return principal.organisation == definition.owner


def may_diagnose(principal: Principal | None, partner: str) -> bool:
    """Whether a caller may see why a partner's feed fails, and which system and thing an event is of.

    Both can name what is inside the partner.
    """
    return is_city(principal) or (principal is not None and principal.organisation == partner)


def may_open(principal: Principal | None, definition: KpiDefinition) -> bool:
    """Whether a caller who may read a KPI may see the events behind its numbers and their receipts, which are exact.

    Of KPIs about people these are for controllers.
    """
    return definition.minimum_group is None or (principal is not None and CONTROLLER in principal.roles)


def may_see_fields(principal: Principal | None, definition: KpiDefinition, partner: str) -> bool:
    """Whether a caller may see which system and thing an event behind a number is of, and what it adds.

    Of events about people only their owner may.
    """
    if definition.minimum_group is None:
        return may_diagnose(principal, partner)
    return principal is not None and principal.organisation == partner


def may_see_things(principal: Principal | None, definition: KpiDefinition) -> bool:
    """Whether a caller may see of every event behind a KPI's numbers which thing it is of."""
    partners = {source.contract.partner for source in definition.sources.values()}
    return may_open(principal, definition) and all(may_see_fields(principal, definition, one) for one in partners)


def may_set_targets(principal: Principal | None) -> bool:
    """Whether a caller sets targets: controllers do."""
    return principal is not None and CONTROLLER in principal.roles


def is_city(principal: Principal | None) -> bool:
    """Whether a caller is of the city's staff: they see who decided on a version."""
    return principal is not None and bool(CITY_ROLES & principal.roles)
