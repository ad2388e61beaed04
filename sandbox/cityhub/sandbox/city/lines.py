"""Partners' systems that send lines over TCP to whoever connects: the past first, then what happens, as it happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime

from cityhub.sandbox.city.served.endpoint import City, Send

_EVERY_S = 1.0


@asynccontextmanager
async def line_server(city: City, send: Send, host: str, port: int, *, live: bool = True) -> AsyncIterator[int]:
    """Serve while the context lasts; gives the port, a free one where 0 is asked for.

    Args:
        live: go on after the past; else the connection ends there.
    """
    serving: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(task := asyncio.current_task())
        with suppress(asyncio.CancelledError):
            await _serve(city, send, live, reader, writer)
        serving.discard(task)

    server = await asyncio.start_server(serve, host, port)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        ending = [task for task in serving if task is not None and task.cancel()]
        await asyncio.gather(*ending, server.wait_closed())


async def _serve(
    city: City, send: Send, live: bool, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    since: datetime | None = None
    try:
        while not reader.at_eof():
            now = city.clock()
            for line in send(city, since, now):
                writer.write(line + b"\r\n")
                await writer.drain()
            since = now
            if not live:
                break
            await asyncio.sleep(_EVERY_S)
    except ConnectionError:
        return
    finally:
        writer.close()
