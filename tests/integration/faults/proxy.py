"""A small TCP proxy between the processes under test and the broker: connections can be cut and stalled.

Kafka's clients connect to the address that the broker advertises, so the broker gets one more listener whose
advertised port is the proxy's. Ledger and oracle keep to the direct one.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Self

from msgspec.structs import replace

from cityhub.bus.access import KafkaAccess
from tests.integration.servers import Kafka
from tests.ports import free_ports

_HOST = "127.0.0.1"
_NAME = "FAULTY"


class Proxy:
    """Forwards one port of loopback to another."""

    def __init__(self, port: int, target: int) -> None:
        self._port = port
        self._target = target
        self._open = asyncio.Event()
        self._open.set()
        self._refusing = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, _HOST, self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self._abort()
        self._open.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def cut(self, seconds: float) -> int:
        """Reset every connection and refuse new ones for a while.

        Returns:
            Number of connections that were reset.
        """
        count = len(self._writers) // 2
        self._refusing = True
        self._abort()
        try:
            await asyncio.sleep(seconds)
        finally:
            self._refusing = False
        return count

    async def stall(self, seconds: float) -> None:
        """Let nothing through for a while, without closing anything."""
        self._open.clear()
        try:
            await asyncio.sleep(seconds)
        finally:
            self._open.set()

    def _abort(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self._refusing:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(_HOST, self._target)
        except OSError:
            writer.transport.abort()
            return
        ends = (writer, far_writer)
        self._writers.update(ends)
        try:
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        finally:
            self._writers.difference_update(ends)
            for end in ends:
                end.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(1 << 16):
                await self._open.wait()
                writer.write(data)
                await writer.drain()
        writer.transport.abort()


async def proxied(kafka: Kafka) -> tuple[Proxy, KafkaAccess]:
    """Give the running broker a listener behind a new proxy, which takes one restart.

    Returns:
        The proxy, not yet entered, and how a process reaches the broker through it.
    """
    behind, front = free_ports(2)
    file = kafka.installation.settings.data / "kafka" / "server.properties"
    settings = dict(line.split("=", 1) for line in file.read_text("utf-8").splitlines() if "=" in line)
    known = [item for item in settings["listeners"].split(",") if not item.startswith(_NAME)]
    told = [item for item in settings["advertised.listeners"].split(",") if not item.startswith(_NAME)]
    kinds = [item for item in settings["listener.security.protocol.map"].split(",") if not item.startswith(_NAME)]
    login = settings["listener.name.internal.plain.sasl.jaas.config"]
    settings |= {
        "listeners": ",".join([*known, f"{_NAME}://{_HOST}:{behind}"]),
        "advertised.listeners": ",".join([*told, f"{_NAME}://{_HOST}:{front}"]),
        "listener.security.protocol.map": ",".join([*kinds, f"{_NAME}:SASL_PLAINTEXT"]),
        f"listener.name.{_NAME.lower()}.sasl.enabled.mechanisms": "PLAIN",
        f"listener.name.{_NAME.lower()}.plain.sasl.jaas.config": login,
    }
    file.write_text("".join(f"{key}={value}\n" for key, value in settings.items()), "utf-8")
    await asyncio.to_thread(kafka.restart)
    return Proxy(front, behind), replace(kafka.access, bootstrap=f"{_HOST}:{front}")
