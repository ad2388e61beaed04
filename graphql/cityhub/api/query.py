"""Where queries start."""

from __future__ import annotations

from typing import Annotated

import strawberry

from cityhub.api.context import Info
from cityhub.api.described import described
from cityhub.api.errors import InvalidArgument
from cityhub.api.fields import ActionField
from cityhub.api.kpi import Kpi
from cityhub.api.state import DataState


@strawberry.type(description="No KPI of that id that the caller may read.")
class UnknownKpi:
    id: strawberry.ID
    message: str
    known: list[strawberry.ID] = strawberry.field(description="Ids the caller may read.")


KpiResult = Annotated[Kpi | UnknownKpi, strawberry.union("KpiResult")]


@strawberry.type
class Query:
    @described("All seven action fields, in their fixed order.")
    def fields(self, info: Info) -> list[ActionField]:
        return [ActionField.of(field) for field in info.context.reader.catalogue.fields]

    @described("All KPIs the caller may read, or those of one action field.")
    def kpis(self, info: Info, field: strawberry.ID | None = None) -> list[Kpi]:
        known = [item.id for item in info.context.reader.catalogue.fields]
        if field is not None and field not in known:
            raise InvalidArgument(f"field: there is no action field {field!r}; use one of {', '.join(known)}")
        return Kpi.all_of([item for item in info.context.readable() if field in (None, item.field)])

    @strawberry.field
    def kpi(self, info: Info, id: strawberry.ID) -> KpiResult:  # noqa: A002 - the argument's public name
        found = info.context.find(id)
        if found is not None:
            return Kpi.all_of([found])[0]
        known = [strawberry.ID(item.id) for item in info.context.readable()]
        message = f"There is no KPI {id!r} that you may read; ask for one of {', '.join(known) or 'none'}."
        return UnknownKpi(id=id, message=message, known=known)

    @described("How fresh and complete the data are.")
    def data_state(self, info: Info) -> DataState:
        return DataState(context=info.context)
