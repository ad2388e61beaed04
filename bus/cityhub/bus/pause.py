"""Waiting between two turns of a process."""

from __future__ import annotations

import asyncio
from contextlib import suppress


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Until `stop` is set, at most so long."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
