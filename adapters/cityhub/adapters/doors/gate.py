"""The gate: what partners' own Kafka clients wrote, judged as over HTTP, and passed on to the event topics.

A record is judged by its own append time, so a gate that repeats itself after a crash says the same again: a repeated
event has its id and counts once, a repeated dead letter has its origin.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog
from msgspec import Struct

from cityhub.adapters.doors.letters import Came, RecordWriter, letter, origin_header
from cityhub.bus.errors import BusError
from cityhub.bus.publisher import STRUCTURED_HEADERS, Outgoing
from cityhub.bus.quarantine import Stretch
from cityhub.bus.topics import dead_letters
from cityhub.sdk import codec
from cityhub.sdk.contract import Contracts
from cityhub.sdk.door import judged_bytes, structured
from cityhub.sdk.errors import RejectedEvent

RETRY_S = 1.0
_log = structlog.get_logger()


class Incoming(Protocol):
    """Where stretches come from; `bus.quarantine.Quarantine`. Methods raise BusError."""

    async def some(self) -> list[Stretch]: ...
    async def done(self, stretch: Stretch) -> None: ...
    async def again(self, stretch: Stretch) -> None: ...


class Passed(Struct, frozen=True):
    """What became of a stretch: records to write by topic, and refusals by reason."""

    by_topic: dict[str, list[Outgoing]]
    refused: Counter[str]


class Gate:
    """Passes records on.

    Args:
        writer: acknowledges what it has written. alive: called whenever Kafka has answered.
    """

    def __init__(
        self,
        incoming: Incoming,
        writer: RecordWriter,
        contracts: Contracts,
        *,
        alive: Callable[[], None] = lambda: None,
        retry_s: float = RETRY_S,
    ) -> None:
        self._incoming = incoming
        self._writer = writer
        self._contracts = contracts
        self._alive = alive
        self._retry_s = retry_s

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; while Kafka does not answer, the same is tried again."""
        while not stop.is_set():
            try:
                stretches = await self._incoming.some()
            except BusError as error:
                await self._wait(stop, error)
                continue
            self._alive()
            for stretch in stretches:
                await self._pass(stretch, stop)

    async def _pass(self, stretch: Stretch, stop: asyncio.Event) -> None:
        passed = self.judge(stretch)
        try:
            for topic, records in passed.by_topic.items():
                await self._writer.send(topic, records)
            await self._incoming.done(stretch)
        except BusError as error:
            await self._incoming.again(stretch)
            await self._wait(stop, error)
            return
        _log.info(
            "gate_passed",
            topic=stretch.topic,
            part=stretch.part,
            records=len(stretch.records),
            refused=dict(passed.refused),
        )

    def judge(self, stretch: Stretch) -> Passed:
        """What is to be written of a stretch; it depends on nothing but its records."""
        partner = stretch.topic.split(".")[2]
        found = Passed({}, Counter())
        for record in stretch.records:
            origin = f"{stretch.topic}/{stretch.part}/{record.offset}"
            body = _body(record)
            try:
                event = judged_bytes(body, self._contracts, partner, _instant(record.timestamp))
            except RejectedEvent as why:
                found.refused[why.reason] += 1
                buried = letter(body, why, Came("kafka", origin, stretch.topic), self._contracts)
                found.by_topic.setdefault(dead_letters(partner).name, []).append(buried)
                continue
            headers = [*STRUCTURED_HEADERS, origin_header("kafka", origin)]
            outgoing = event.partitionkey.encode(), codec.encode(event), headers
            found.by_topic.setdefault(self._contracts[event.type].topic, []).append(outgoing)
        return found

    async def _wait(self, stop: asyncio.Event, error: BusError) -> None:
        _log.warning("gate_waits", reason=str(error), retry_s=self._retry_s)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), self._retry_s)


def _body(record: Any) -> bytes:
    """The event in structured mode, whichever mode of the Kafka binding it came in."""
    value: bytes = record.value or b""
    headers = _texts(record.headers)
    if any(name.startswith(("ce_", "ce-")) for name in headers):
        return structured(headers, value)
    return value


def _texts(headers: Sequence[tuple[str, bytes | None]]) -> Mapping[str, str]:
    return {name.lower(): (value or b"").decode("utf-8", "replace") for name, value in headers}


def _instant(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC)
