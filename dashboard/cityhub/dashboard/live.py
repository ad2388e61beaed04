"""`GET /live`: server-sent events that tell an open page to read again. They carry no numbers: those come one way only.

Source of the format: HTML living standard, server-sent events.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import msgspec
from starlette.requests import Request
from starlette.responses import StreamingResponse

from cityhub.api.access import may_read
from cityhub.dashboard.services import Services
from cityhub.kpi.errors import UnknownKpi
from cityhub.kpi.values import KpiValue

BEAT_S = 15.0
"""A page that hears nothing for longer knows that its connection is gone; each beat also refreshes ages."""
RETRY_MS = 3_000
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class LiveRoute:
    """The endpoint. Every client has its own subscription, which keeps the newest state of a window only.

    Args:
        beat_s: seconds between two signs of life.
    """

    def __init__(self, services: Services, *, beat_s: float = BEAT_S) -> None:
        self._services = services
        self._beat_s = beat_s

    async def answer(self, _: Request) -> StreamingResponse:
        """The stream; ends when the client leaves, the source ends or the process stops."""
        return StreamingResponse(self._events(), media_type="text/event-stream", headers=_HEADERS)

    async def _events(self) -> AsyncIterator[str]:
        source = self._services.live.subscribe(None)
        following = asyncio.ensure_future(_next(source))
        stopping = asyncio.ensure_future(self._services.stop.wait())
        try:
            yield f"retry: {RETRY_MS}\n\n"
            while not stopping.done():
                done, _ = await asyncio.wait(
                    {following, stopping}, timeout=self._beat_s, return_when=asyncio.FIRST_COMPLETED
                )
                if following in done:
                    value = following.result()
                    if value is None:
                        return
                    following = asyncio.ensure_future(_next(source))
                    if self._is_shown(value):
                        yield event("value", {"kpi": value.kpi_id, "window": value.window, "revision": value.revision})
                elif not done:
                    yield event("beat", {})
        finally:
            following.cancel()
            stopping.cancel()
            await asyncio.gather(following, stopping, return_exceptions=True)
            if isinstance(source, AsyncGenerator):
                await source.aclose()

    def _is_shown(self, value: KpiValue) -> bool:
        """Public city values; the parts of a split change together with the whole."""
        if value.dimensions or value.scope != "city":
            return False
        try:
            return may_read(None, self._services.reader.catalogue[value.kpi_id])
        except UnknownKpi:  # published by a newer version of the hub
            return False


def event(name: str, data: dict[str, str | int]) -> str:
    """One server-sent event."""
    return f"event: {name}\ndata: {msgspec.json.encode(data).decode()}\n\n"


async def _next(source: AsyncIterator[KpiValue]) -> KpiValue | None:
    return await anext(source, None)
