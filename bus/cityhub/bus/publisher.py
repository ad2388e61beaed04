"""Writing events to Kafka so that an acknowledged event is never lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self, TypeAlias

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from cityhub.bus.access import KafkaAccess
from cityhub.bus.errors import BusError, BusRefused, BusUnavailable
from cityhub.sdk import codec
from cityhub.sdk.event import Event

Outgoing: TypeAlias = tuple[bytes | None, bytes, list[tuple[str, bytes]]]
"""Key, value and headers."""
BATCH_BYTES = 256 * 1024
"""Of one partition on its way, before compression: a broker takes one request at a time, so small batches wait."""
STRUCTURED_HEADERS = [("content-type", codec.STRUCTURED.encode())]


def record_of(event: Event, *more: tuple[str, bytes]) -> Outgoing:
    """An event in structured mode, keyed by `partitionkey`.

    Args:
        more: further headers.

    Raises:
        RejectedEvent: it is too large.
    """
    return event.partitionkey.encode(), codec.encode(event), [*STRUCTURED_HEADERS, *more]


class RecordPublisher:
    """Idempotent producer, `acks=all`, lz4. Use as an async context manager; safe for concurrent `send` calls.

    Args:
        client_id: how the process appears in the broker's logs and quotas.
        linger_ms: how long a record may wait for company.
    """

    def __init__(self, access: KafkaAccess, *, client_id: str, linger_ms: int = 5) -> None:
        self._access = access
        self._options = {"client_id": client_id, "linger_ms": linger_ms}
        self._producer: AIOKafkaProducer | None = None

    async def __aenter__(self) -> Self:
        producer = AIOKafkaProducer(
            **self._access.aiokafka(),
            **self._options,
            acks="all",
            enable_idempotence=True,
            compression_type="lz4",
            max_batch_size=BATCH_BYTES,
            max_request_size=4 * 1024 * 1024,
            request_timeout_ms=30_000,
        )
        try:
            await producer.start()
        except KafkaError as error:
            await producer.stop()
            raise as_bus_error(error, "cannot start the producer") from error
        self._producer = producer
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None

    async def send(self, topic: str, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        """Write records and wait until every one is acknowledged.

        Returns:
            Partition and offset of each.

        Raises:
            BusUnavailable: nobody knows which records were written; send all again with the same ids.
            BusRefused: the broker said no; repeating will not help.
        """
        producer = self._producer
        if producer is None:
            raise BusUnavailable("the publisher is not started")
        try:
            waiting = [await producer.send(topic, value, key=key, headers=headers) for key, value, headers in records]
            outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        except KafkaError as error:
            raise as_bus_error(error, f"cannot write to {topic}") from error
        failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        if failures:
            raise as_bus_error(
                failures[0], f"{len(failures)} of {len(records)} records to {topic} were not acknowledged"
            )
        return [(done.partition, done.offset) for done in outcomes if not isinstance(done, BaseException)]


class EventPublisher(RecordPublisher):
    """Writes events in structured mode, keyed by `partitionkey`."""

    async def publish(self, topic: str, events: Sequence[Event]) -> None:
        """As `send`.

        Raises:
            RejectedEvent: an event is too large; nothing was sent.
        """
        await self.send(topic, [record_of(event) for event in events])


def as_bus_error(error: BaseException, what: str) -> BusError:
    """Sort a client library's error by what can be done about it."""
    message = f"{what}: {type(error).__name__}: {error}"
    if isinstance(error, KafkaError) and not error.retriable and "Authoriz" in type(error).__name__:
        return BusRefused(message)
    if isinstance(error, KafkaError) and "Authentication" in type(error).__name__:
        return BusRefused(message)
    return BusUnavailable(message)
