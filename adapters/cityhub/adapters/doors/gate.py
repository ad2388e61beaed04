"""The gate: what partners' own Kafka clients wrote, judged as over HTTP, and passed on to the event topics.

A record is judged by its own append time, so a gate that repeats itself after a crash says the same again: a repeated
event has its id and counts once, a repeated dead letter has its origin.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog
from msgspec import Struct

from cityhub.adapters.doors import tally
from cityhub.adapters.doors.outcomes import Admitted, RecordWriter, admission
from cityhub.bus import trace_context
from cityhub.bus.errors import BusError
from cityhub.bus.letters import Came, letter
from cityhub.bus.pause import pause
from cityhub.bus.publisher import Outgoing
from cityhub.bus.quarantine import Stretch
from cityhub.bus.topics import dead_letters
from cityhub.sdk.codec import as_structured
from cityhub.sdk.contract import Contracts

RETRY_S = 1.0
_TRACES = 20
"""In a log line."""
_log = structlog.get_logger()


class Incoming(Protocol):
    """Where stretches come from; `bus.quarantine.Quarantine`. Methods raise BusError."""

    async def some(self) -> list[Stretch]: ...
    async def done(self, stretch: Stretch) -> None: ...
    async def again(self, stretch: Stretch) -> None: ...


class Passed(Struct, frozen=True):
    """What became of a stretch: records to write by topic, refusals by reason, and the traces of the first of them."""

    by_topic: dict[str, list[Outgoing]]
    refused: Counter[str]
    traces: list[str]


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
        begun = time.perf_counter()
        passed, partner = self.judge(stretch), stretch.topic.split(".")[2]
        try:
            for topic, records in passed.by_topic.items():
                await self._writer.send(topic, records)
            await self._incoming.done(stretch)
        except BusError as error:
            await self._incoming.again(stretch)
            await self._wait(stop, error)
            return
        count = len(stretch.records) - passed.refused.total()
        tally.accepted("kafka", partner, count, time.perf_counter() - begun)
        tally.rejected("kafka", partner, passed.refused)
        _log.info(
            "gate_passed",
            topic=stretch.topic,
            part=stretch.part,
            records=len(stretch.records),
            refused=dict(passed.refused),
            refused_traces=passed.traces,
        )

    def judge(self, stretch: Stretch) -> Passed:
        """What is to be written of a stretch; it depends on nothing but its records."""
        partner = stretch.topic.split(".")[2]
        found = Passed({}, Counter(), [])
        for record in stretch.records:
            origin = f"{stretch.topic}/{stretch.part}/{record.offset}"
            came = Came("kafka", origin, stretch.topic, _trace(record, origin))
            body = body_of(record)
            one = admission(body, came, self._contracts, partner, _instant(record.timestamp))
            if isinstance(one, Admitted):
                topic, outgoing = one.topic, one.record
            else:
                found.refused[one.reason] += 1
                if len(found.traces) < _TRACES:
                    found.traces.append(trace_context.trace_id(came.trace))
                topic, outgoing = dead_letters(partner).name, letter(body, one, came, self._contracts)
            found.by_topic.setdefault(topic, []).append(outgoing)
        return found

    async def _wait(self, stop: asyncio.Event, error: BusError) -> None:
        _log.warning("gate_waits", reason=str(error), retry_s=self._retry_s)
        await pause(stop, self._retry_s)


def _trace(record: Any, origin: str) -> str:
    """The sender's trace goes on; a new one is named after the origin: a gate that repeats itself says the same."""
    own = hashlib.sha256(origin.encode()).hexdigest()[:32]
    return trace_context.continued(trace_context.in_headers(record.headers), own)


def body_of(record: Any) -> bytes:
    """The event in structured mode, whichever mode of the Kafka binding it came in."""
    value: bytes = record.value or b""
    headers = _texts(record.headers)
    if any(name.startswith(("ce_", "ce-")) for name in headers):
        return as_structured(headers, value)
    return value


def _texts(headers: Sequence[tuple[str, bytes | None]]) -> Mapping[str, str]:
    return {name.lower(): (value or b"").decode("utf-8", "replace") for name, value in headers}


def _instant(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC)
