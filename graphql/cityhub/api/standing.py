"""Where a KPI stands: its target, its status against it, its trend."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import strawberry

from cityhub.api.access import is_city
from cityhub.api.context import Info
from cityhub.api.described import described
from cityhub.api.enums import Language, Status, TrendDirection, spoken
from cityhub.kpi import attainment
from cityhub.kpi import definition as definitions
from cityhub.kpi import standing as standings
from cityhub.kpi import targets as records
from cityhub.kpi.definition import KpiDefinition


@strawberry.type(description="A dated goal and where it was set; of a band its two limits instead of one value.")
class Target:
    value: float | None
    low: float | None
    high: float | None
    watch: float | None = strawberry.field(
        description="How far from the target a value is watched before it is missed; null = not at all."
    )
    source: str
    since: str = strawberry.field(description="First local day on which it holds, `2026-01-31`.")

    @classmethod
    def of(cls, target: definitions.Target) -> Target:
        """The API's shape of a target."""
        return cls(
            value=target.value,
            low=target.low,
            high=target.high,
            watch=target.watch,
            source=target.source,
            since=target.since.isoformat(),
        )


@strawberry.type(description="A record about a KPI's target; records are appended, never changed.")
class TargetRecord:
    number: int = strawberry.field(description="From 1; 0 is the definition's own.")
    target: Target | None = strawberry.field(description="Null: the record only takes another one back.")
    retracts: int | None = strawberry.field(description="Number of that one.")
    recorded: datetime | None = strawberry.field(description="Null: with the definition.")
    who: str | None = strawberry.field(description="For city staff; else null.")
    why: str

    @classmethod
    def of(cls, record: records.TargetRecord, *, named: bool) -> TargetRecord:
        """The API's shape of a record; `named`: say who recorded it."""
        return cls(
            number=record.number,
            target=Target.of(record.target) if record.target else None,
            retracts=record.retracts,
            recorded=record.recorded,
            who=record.who if named else None,
            why=record.why,
        )


@strawberry.type(description="The difference to the window before; of a year to date, to the same days a year ago.")
class Trend:
    direction: TrendDirection
    change: float = strawberry.field(description="New minus old, in the KPI's unit.")
    better: bool | None = strawberry.field(description="Null: nobody can say, or it has hardly changed.")

    @classmethod
    def of(cls, trend: attainment.Trend) -> Trend:
        """The API's shape of a trend."""
        return cls(direction=trend.direction, change=trend.change, better=trend.better)


@strawberry.type(description="How many KPIs have a status.")
class StatusCount:
    status: Status
    count: int


class Siblings:
    """KPIs of one answer: where they stand is read once for all of them, when it is first asked for of one."""

    def __init__(self, definitions: Sequence[KpiDefinition]) -> None:
        self._definitions = definitions
        self._found: dict[str, standings.Standing] = {}

    def standing(self, info: Info, kpi_id: str) -> standings.Standing:
        """Where one of them stands."""
        if not self._found:
            self._found = {one.definition.id: one for one in stand(info, self._definitions)}
        return self._found[kpi_id]


@strawberry.type
class Judged:
    """The part of a KPI that is about its newest number."""

    definition: strawberry.Private[KpiDefinition]
    siblings: strawberry.Private[Siblings]

    @described("The target that holds at the end of its newest complete window; null = there is none.")
    def target(self, info: Info) -> Target | None:
        held = self._standing(info).target
        return Target.of(held.target) if held and held.target else None

    @described("Everything that was recorded about its target, oldest first.")
    def targets(self, info: Info) -> list[TargetRecord]:
        named = is_city(info.context.principal)
        return [TargetRecord.of(one, named=named) for one in self._standing(info).targets]

    @described("Where its newest complete window of the default kind stands; the running one where there is no other.")
    def status(self, info: Info) -> Status:
        return self._standing(info).status

    @described("Why it has this status, as a sentence.")
    def status_sentence(self, info: Info, lang: Language = Language.DE) -> str:
        return spoken(attainment.RULE[self._standing(info).status], lang)

    @described("Of the same window; null where two complete ones cannot be compared.")
    def trend(self, info: Info) -> Trend | None:
        found = self._standing(info).trend
        return Trend.of(found) if found else None

    def _standing(self, info: Info) -> standings.Standing:
        return self.siblings.standing(info, self.definition.id)


def stand(info: Info, found: Sequence[KpiDefinition]) -> Sequence[standings.Standing]:
    """Read where KPIs stand, all at once."""
    reader = info.context.reader
    now = info.context.clock()
    return standings.standings(reader, found, now, targets=reader.targets(), healths=reader.source_healths(now))
