"""Writes the simulated streams to their topics: the history once, then what happens, as it happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
from structlog import get_logger

from cityhub.bus.errors import BusUnavailable
from cityhub.bus.publisher import EventPublisher
from cityhub.sandbox.city.served import SERVED
from cityhub.sandbox.city.streams import STREAMS, Stream, Teller
from cityhub.sdk.contract import Contracts

log = get_logger()

EVERY_S = 10.0
UNSERVED: tuple[Stream, ...] = tuple(
    stream for stream in STREAMS if not any(stream.name in one.streams for one in SERVED)
)
"""Streams that no adapter reads in a format of their own yet."""
_RETRY_S = 2.0
_PER_SEND = 500


class Feeder:
    """Args:
    state: file that remembers up to when each stream was written; without it a stream begins with its history.
    clock: the present, aware.
    """

    def __init__(
        self, seed: int, contracts: Contracts, publisher: EventPublisher, state: Path, clock: Callable[[], datetime]
    ) -> None:
        self._tellers = {stream.name: Teller(seed, stream, contracts) for stream in UNSERVED}
        self._contracts = contracts
        self._publisher = publisher
        self._state = state
        self._clock = clock
        self._written = self._read()

    async def run(self, stop: asyncio.Event) -> None:
        """Write until `stop` is set. What is sent twice after a fault has the same ids."""
        while not stop.is_set():
            try:
                await self.advance()
                wait = EVERY_S
            except BusUnavailable as error:
                log.warning("city_waits_for_kafka", error=str(error), retry_s=_RETRY_S)
                wait = _RETRY_S
            try:
                await asyncio.wait_for(stop.wait(), wait)
            except TimeoutError:
                continue

    async def advance(self) -> None:
        """Write what every stream has told since it was written last."""
        told = [await self._advance(stream) for stream in UNSERVED]
        if any(told):
            self._write()

    async def _advance(self, stream: Stream) -> bool:
        now = self._clock()
        start = max(self._written.get(stream.name, now - stream.backfill), now - stream.backfill)
        events = self._tellers[stream.name].tell(start, now)
        for first in range(0, len(events), _PER_SEND):
            part = events[first : first + _PER_SEND]
            await self._publisher.publish(self._contracts[part[0].type].topic, part)
        self._written[stream.name] = now
        return bool(events)

    def _read(self) -> dict[str, datetime]:
        try:
            return msgspec.json.decode(self._state.read_bytes(), type=dict[str, datetime])
        except FileNotFoundError:
            return {}
        except msgspec.MsgspecError as error:
            log.warning("city_state_unreadable", file=self._state.name, error=str(error), remedy="begins anew")
            return {}

    def _write(self) -> None:
        fresh = self._state.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(self._written))
        fresh.replace(self._state)
