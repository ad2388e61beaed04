"""What a KPI's numbers were at an instant."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import strawberry

from cityhub.api.context import Info
from cityhub.api.cut import DimensionInput, cut_of
from cityhub.api.described import described
from cityhub.api.enums import WindowKind
from cityhub.api.errors import InvalidArgument, Withheld
from cityhub.api.value import KpiValue
from cityhub.kpi import errors
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.kernel.windows import window_at
from cityhub.kpi.reader import instant


@strawberry.type
class Remembered:
    """The part of a KPI that is about what was known when."""

    definition: strawberry.Private[KpiDefinition]

    @described(
        "The newest window that was over at an instant, or the one that holds `start`, as it was shown at the end of "
        "that minute: numbers, label and version are those of then. Null where there was no number yet."
    )
    async def as_of(
        self,
        info: Info,
        *,
        at: datetime,
        window: WindowKind | None = None,
        start: datetime | None = None,
        scope: str = "city",
        dimensions: Sequence[DimensionInput] = (),
    ) -> KpiValue | None:
        cut, now = cut_of(self.definition, window, scope, dimensions), info.context.clock()
        if at > now:
            raise InvalidArgument(f"at: {at.isoformat()} is still to come; it is {now.isoformat()}")
        anchor = None if start is None else instant(window_at(cut.window, int(start.timestamp())).anchor)
        ask = info.context.reader.as_of
        try:
            found = await asyncio.to_thread(
                ask, cut.kpi_id, cut.window, at, anchor=anchor, scope=cut.scope, dimensions=cut.dimensions
            )
        except errors.Withheld as error:
            raise Withheld(str(error)) from error
        return KpiValue.of(self.definition, found) if found else None
