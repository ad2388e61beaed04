"""Waiting for something to happen in the same event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

LIMIT_S = 60.0


async def until(condition: Callable[[], bool]) -> None:
    """Let others run until it is so; TimeoutError after a minute."""
    async with asyncio.timeout(LIMIT_S):
        while not condition():  # noqa: ASYNC110 - any state may be waited for, not only what has an event
            await asyncio.sleep(0)
