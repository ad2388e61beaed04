"""Targets: dated records, appended and never changed. Which one a number is held against. Pure; docs/attainment.md."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.definition_form import Target
from cityhub.kpi.kernel.windows import berlin

FROM_DEFINITION = 0
"""Number of the record that the definition itself holds."""
_LAST = timedelta(microseconds=1)


class TargetRecord(Struct, frozen=True, kw_only=True):
    """That a target holds from a day on, or that an earlier record does not hold any more.

    Attributes:
        number: of the KPI's records, from 1; 0 = the definition's own.
        target: None = the record only takes another one back.
        retracts: number of that one.
        who, why: as they were given; "" for the definition's own. recorded: by the wall clock, None = with the
            definition.
    """

    kpi_id: str
    number: int
    target: Target | None = None
    retracts: int | None = None
    who: str = ""
    why: str = ""
    recorded: datetime | None = None


def records_of(definition: KpiDefinition, stored: Sequence[TargetRecord]) -> tuple[TargetRecord, ...]:
    """All records of a KPI, oldest first: the definition's own, then the store's."""
    own = definition.target
    first = [TargetRecord(kpi_id=definition.id, number=FROM_DEFINITION, target=own)] if own else []
    return (*first, *stored)


def standing(records: Sequence[TargetRecord]) -> tuple[TargetRecord, ...]:
    """Those that were not taken back, by the day from which they hold; of one day the later record is last."""
    gone = {one.retracts for one in records}
    left = [(one.target.since, one.number, one) for one in records if one.target and one.number not in gone]
    return tuple(one for _, _, one in sorted(left, key=lambda item: item[:2]))


def target_at(records: Sequence[TargetRecord], day: date) -> TargetRecord | None:
    """The newest record that holds on a day; None where there is no target."""
    held = [one for one in standing(records) if one.target and one.target.since <= day]
    return held[-1] if held else None


def last_day(end: datetime) -> date:
    """The local day in which a window that ends then has its last instant: its target is that day's."""
    return (end - _LAST).astimezone(berlin()).date()


def bounds(target: Target, direction: Literal["up", "down", "band"]) -> tuple[Decimal | None, Decimal | None]:
    """Lower and upper limit of what is on target, exact as they are written; None = no limit on that side."""
    if direction == "band":
        return _exact(target.low), _exact(target.high)
    value = _exact(target.value)
    return (value, None) if direction == "up" else (None, value)


def _exact(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(repr(number))
