"""The processes of rooms: forked when one is asked for, ended when it stands still, killed when it does not answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

import msgspec
import structlog

from cityhub.sandbox.errors import RoomUnavailable
from cityhub.sandbox.room.archived import Past
from cityhub.sandbox.room.state import Standing
from cityhub.sandbox.rooms.child import Answer, live
from cityhub.sandbox.rooms.commands import Command, Stand

ANSWER_WITHIN_S = 120.0
"""The longest honest answer counts a whole day anew."""
IDLE_S = 300.0
_END_S = 5.0
_log = structlog.get_logger()


class Houses:
    """All rooms that are open.

    Args:
        room: folder of a tenant. past: where archived days are; None = nowhere.
    """

    def __init__(
        self, room: Callable[[str], Path], past: Past | None = None, *, answer_within_s: float = ANSWER_WITHIN_S
    ) -> None:
        self._room = room
        self._past = past or Past()
        self._limit_s = answer_within_s
        self._open: dict[str, _House] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._context: ForkServerContext = get_context("forkserver")
        self._context.set_forkserver_preload(["cityhub.sandbox.rooms.preloaded"])

    async def ask(self, tenant: str, command: Command) -> Answer:
        """What a room says to a command.

        Raises:
            RoomUnavailable: its process ended or took too long, and was killed.
        """
        async with self._locks.setdefault(tenant, asyncio.Lock()):
            house = self._open.get(tenant)
            if house is None or not house.process.is_alive():
                house = await asyncio.to_thread(self._build, tenant)
            house.asked_s = time.monotonic()
            try:
                said = await asyncio.to_thread(partial(house.ask, msgspec.json.encode(command), self._limit_s))
            except (EOFError, OSError, TimeoutError) as error:
                await asyncio.to_thread(self._pull_down, tenant, at_once=True)
                _log.warning("room_killed", tenant=tenant, reason=type(error).__name__)
                raise RoomUnavailable(
                    f"the room did not answer within {self._limit_s:.0f} s or ran out of memory, and was closed: what "
                    "was asked last is too much for it; the next request opens it as it was before"
                ) from error
            return msgspec.json.decode(said, type=Answer)

    async def close(self, tenant: str) -> None:
        """End a room's process; the next command opens it again."""
        async with self._locks.setdefault(tenant, asyncio.Lock()):
            await asyncio.to_thread(self._pull_down, tenant, at_once=False)

    async def sweep(self) -> None:
        """End the processes of rooms in which nothing moves and that nobody has asked for a while."""
        for tenant, house in list(self._open.items()):
            if time.monotonic() - house.asked_s < IDLE_S:
                continue
            asked_s = house.asked_s
            try:
                found = msgspec.json.decode((await self.ask(tenant, Stand())).found, type=Standing)
            except RoomUnavailable:
                continue
            house.asked_s = asked_s
            if found.frozen_at is not None:
                await self.close(tenant)

    async def close_all(self) -> None:
        """End every process."""
        for tenant in list(self._open):
            await self.close(tenant)

    def open(self) -> list[str]:
        """Tenants whose rooms have a process."""
        return sorted(tenant for tenant, house in self._open.items() if house.process.is_alive())

    def _build(self, tenant: str) -> _House:
        self._pull_down(tenant, at_once=True)
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=live, args=(theirs, self._room(tenant), self._past), name=f"room-{tenant}", daemon=True
        )
        process.start()
        theirs.close()
        house = self._open[tenant] = _House(process, ours)
        return house

    def _pull_down(self, tenant: str, *, at_once: bool) -> None:
        house = self._open.pop(tenant, None)
        if house is None:
            return
        house.pipe.close()
        if not at_once:
            house.process.join(_END_S)
        if house.process.is_alive():
            house.process.kill()
        house.process.join()


class _House:
    """One process and the pipe to it."""

    def __init__(self, process: ForkServerProcess, pipe: Connection) -> None:
        self.process = process
        self.pipe = pipe
        self.asked_s = time.monotonic()

    def ask(self, command: bytes, limit_s: float) -> bytes:
        self.pipe.send_bytes(command)
        if not self.pipe.poll(limit_s):
            raise TimeoutError
        return self.pipe.recv_bytes()
