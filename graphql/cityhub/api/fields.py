"""The seven action fields."""

from __future__ import annotations

import strawberry

from cityhub.api.context import Info
from cityhub.api.described import described
from cityhub.api.enums import Language, spoken
from cityhub.api.kpi import Kpi
from cityhub.api.standing import StatusCount, stand
from cityhub.kpi import fields
from cityhub.kpi.attainment import counts_of


@strawberry.type(description="One of the seven action fields (Handlungsfelder), of equal rank.")
class ActionField:
    source: strawberry.Private[fields.ActionField]
    id: strawberry.ID

    @classmethod
    def of(cls, field: fields.ActionField) -> ActionField:
        """The API's shape of a field."""
        return cls(source=field, id=strawberry.ID(field.id))

    @strawberry.field
    def name(self, lang: Language = Language.DE) -> str:
        return spoken(self.source.name, lang)

    @described("How many of its KPIs have which status; never a mean.")
    def counts(self, info: Info) -> list[StatusCount]:
        mine = [one for one in info.context.readable() if one.field == self.source.id and one.value_of is None]
        found = counts_of(one.status for one in stand(info, mine))
        return [StatusCount(status=status, count=count) for status, count in found.items()]

    @described("Its KPIs that the caller may read; empty means no data yet.")
    def kpis(self, info: Info) -> list[Kpi]:
        return Kpi.all_of([item for item in info.context.readable() if item.field == self.source.id])
