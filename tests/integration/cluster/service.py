"""A Service: one address before the ready pods that it selects, another pod for each connection, no affinity."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count

_CHUNK = 1 << 16


class Service:
    """Listens from `start` to `stop`, in a thread of its own.

    A pod that has just died is not ready any more within a second; until then a connection that it refuses goes to the
    next one, as an ingress does.

    Args:
        endpoints: ports of the pods that are ready at this moment.

    Attributes:
        served: connections by port of the pod.
    """

    def __init__(self, port: int, endpoints: Callable[[], Sequence[int]]) -> None:
        self._port = port
        self._endpoints = endpoints
        self._turn = count()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._held: set[asyncio.Task[None] | None] = set()
        self.served: dict[int, int] = {}

    def start(self) -> None:
        """Listen from now on."""
        self._thread.start()
        listening = asyncio.start_server(self._pass_on, "127.0.0.1", self._port)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result()

    def stop(self) -> None:
        """Close all connections."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._held.add(asyncio.current_task())  # nothing else holds the task of a client that has gone
        try:
            if pod := await self._pod():
                there, back = pod
                ways = [asyncio.create_task(_copy(reader, back)), asyncio.create_task(_copy(there, writer))]
                try:
                    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for way in ways:
                        way.cancel()
                    back.close()
        finally:
            writer.close()
            self._held.discard(asyncio.current_task())

    async def _pod(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        ports = self._endpoints()
        first = next(self._turn)
        for place in range(len(ports)):
            port = ports[(first + place) % len(ports)]
            with suppress(OSError):
                opened = await asyncio.open_connection("127.0.0.1", port)
                self.served[port] = self.served.get(port, 0) + 1
                return opened
        return None


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until one side has closed."""
    with suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
