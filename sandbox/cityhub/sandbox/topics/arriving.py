"""What tenants write to their topics, put before their rooms as `POST …/events` does.

One consumer reads the topics of all; each topic is judged by a task of its own and gives nothing more meanwhile, so a
room that is busy holds up nobody else. At least once: after a death records are judged again, and the engine counts
an event of the same source and id once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice
from typing import Any

import msgspec
import structlog

from cityhub.adapters.doors.gate import body_of
from cityhub.bus import metrics
from cityhub.bus.errors import BusError
from cityhub.bus.pause import pause
from cityhub.bus.quarantine import Stretch
from cityhub.bus.topics import SandboxTopics
from cityhub.bus.wary_records import UNREAD
from cityhub.sandbox.errors import RoomUnavailable, SandboxError
from cityhub.sandbox.room.own_events import Came
from cityhub.sandbox.rooms.child import Answer
from cityhub.sandbox.rooms.commands import Arrive, Arrived, Command
from cityhub.sandbox.topics.broker import Broker, Incoming

RETRY_S = 2.0
_PIECE = 200
"""Records of one command: in between, what else is asked of the room has its turn."""
_log = structlog.get_logger()


class Arriving:
    """Reads for all tenants.

    Args:
        ask: says something to a tenant's room.
        settled: whether a tenant's topic may be read; while it may not, it is held until `made_anew`.
    """

    def __init__(
        self,
        broker: Broker,
        ask: Callable[[str, Command], Awaitable[Answer]],
        settled: Callable[[str], bool],
        *,
        retry_s: float = RETRY_S,
    ) -> None:
        self._broker = broker
        self._ask = ask
        self._settled = settled
        self._retry_s = retry_s
        self._incoming: Incoming | None = None
        self._busy: dict[str, Stretch] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; while Kafka is away, it is tried again."""
        while not stop.is_set():
            try:
                async with self._broker.incoming() as self._incoming:
                    await self._read(self._incoming, stop)
            except BusError as error:
                await self._wait(stop, error)

    def made_anew(self, tenant: str) -> None:
        """A tenant's topic is an empty one now: what was read of it before is void."""
        topic = SandboxTopics(tenant).incoming
        self._busy.pop(topic, None)
        if self._incoming is not None:
            self._incoming.begin_again(topic)

    async def _read(self, incoming: Incoming, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as judging:
            while not stop.is_set():
                try:
                    stretches = await incoming.some()
                except BusError as error:
                    await self._wait(stop, error)
                    continue
                for stretch in stretches:
                    incoming.hold(stretch)
                    if stretch.topic not in self._busy and self._settled(_tenant(stretch)):
                        self._busy[stretch.topic] = stretch
                        judging.create_task(self._judged(incoming, stretch, stop))

    async def _judged(self, incoming: Incoming, stretch: Stretch, stop: asyncio.Event) -> None:
        try:
            for piece in _pieces(stretch):
                if not await self._told(stretch, piece, stop):
                    return
            await incoming.done(stretch)
        except BusError as error:
            await self._wait(stop, error)
            if self._current(stretch):
                await incoming.again(stretch)
        finally:
            if self._busy.get(stretch.topic) is stretch:
                del self._busy[stretch.topic]

    async def _told(self, stretch: Stretch, piece: tuple[Came, ...], stop: asyncio.Event) -> bool:
        """Whether the room has judged it; a room that cannot answer now is asked again, for as long as it takes."""
        while self._current(stretch) and not stop.is_set():
            try:
                answer = await self._ask(_tenant(stretch), Arrive(topic=stretch.topic, came=piece))
                if answer.error:
                    raise RoomUnavailable(*answer.lines)
            except SandboxError as error:
                await self._wait(stop, error)
                continue
            _count(msgspec.json.decode(answer.found, type=Arrived))
            return True
        return False

    async def _wait(self, stop: asyncio.Event, error: Exception) -> None:
        _log.warning("sandbox_records_wait", reason=str(error), retry_s=self._retry_s)
        await pause(stop, self._retry_s)

    def _current(self, stretch: Stretch) -> bool:
        return self._busy.get(stretch.topic) is stretch and self._settled(_tenant(stretch))


def _tenant(stretch: Stretch) -> str:
    return stretch.topic.split(".")[1]


def _pieces(stretch: Stretch) -> Iterator[tuple[Came, ...]]:
    records: Iterator[Any] = iter(stretch.records)
    while piece := tuple(_came(one) for one in islice(records, _PIECE)):
        yield piece


def _came(record: Any) -> Came:
    return Came(record.offset, None if record.headers is UNREAD else body_of(record))


def _count(found: Arrived) -> None:
    metrics.SANDBOX_RECORDS.labels("accepted", "").inc(found.records - sum(found.refused.values()))
    for rule, count in found.refused.items():
        metrics.SANDBOX_RECORDS.labels("refused", rule).inc(count)
