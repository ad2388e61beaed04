"""Numbers as they change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

import strawberry

from cityhub.api.context import Context, Info
from cityhub.api.cut import Cut, DimensionInput, cut_of
from cityhub.api.described import subscription
from cityhub.api.enums import WindowKind
from cityhub.api.errors import UnknownKpi
from cityhub.api.value import KpiValue
from cityhub.kpi import values

RECHECK_S = 5.0
"""Longest time between two looks at the clock while no value comes."""


@strawberry.type
class Subscription:
    @subscription("The newest window at once, then each change of any window of that kind, at most one a second each.")
    async def kpi_values(
        self,
        info: Info,
        *,
        kpi: strawberry.ID,
        window: WindowKind | None = None,
        scope: str = "city",
        dimensions: Sequence[DimensionInput] = (),
    ) -> AsyncGenerator[KpiValue, None]:
        definition = info.context.find(kpi)
        if definition is None:
            raise UnknownKpi(f"kpi: there is no KPI {kpi!r} that you may read; `kpis {{ id }}` lists them")
        async for value in watch(info.context, cut_of(definition, window, scope, dimensions)):
            yield KpiValue.of(definition, value)


async def watch(context: Context, cut: Cut) -> AsyncGenerator[values.KpiValue, None]:
    """The stored value of the newest window, then every newer state of any window of the cut.

    Raises:
        TokenExpired: the caller's token ended meanwhile.
    """
    source = context.live.subscribe(cut.kpi_id)
    pending = asyncio.ensure_future(_next(source))
    try:
        # The subscription starts with its first step: take it before reading, so that no change falls in between.
        await asyncio.sleep(0)
        current = context.reader.latest(cut.kpi_id, cut.window, scope=cut.scope, dimensions=cut.dimensions)
        if current is not None:
            yield current
        while True:
            done, _ = await asyncio.wait({pending}, timeout=min(context.remaining_s(), RECHECK_S))
            if not done:
                continue
            value = pending.result()
            if value is None:
                return
            pending = asyncio.ensure_future(_next(source))
            context.remaining_s()
            if cut.holds(value) and not _known(current, value):
                yield value
    finally:
        pending.cancel()
        await asyncio.gather(pending, return_exceptions=True)
        if isinstance(source, AsyncGenerator):
            await source.aclose()


async def _next(source: AsyncIterator[values.KpiValue]) -> values.KpiValue | None:
    return await anext(source, None)


def _known(current: values.KpiValue | None, value: values.KpiValue) -> bool:
    return current is not None and value.end == current.end and value.revision <= current.revision
