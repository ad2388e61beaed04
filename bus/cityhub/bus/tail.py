"""Following a topic from its end, for readers that show what happens now."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from cityhub.bus.access import KafkaAccess
from cityhub.bus.publisher import as_bus_error


class Tail:
    """New records of one topic, without a consumer group."""

    def __init__(self, access: KafkaAccess, topic: str, *, client_id: str) -> None:
        self._access = access
        self._topic = topic
        self._client_id = client_id

    async def values(self) -> AsyncIterator[bytes]:
        """Values of records written after the call, in log order per partition; tombstones are skipped.

        A broker that goes away is waited for.

        Raises:
            BusUnavailable: the broker cannot be reached at the start.
            BusRefused: login or permission is refused.
        """
        consumer = AIOKafkaConsumer(
            self._topic,
            **self._access.aiokafka(),
            client_id=self._client_id,
            enable_auto_commit=False,
            auto_offset_reset="latest",
            fetch_max_wait_ms=200,
        )
        try:
            await consumer.start()
            async for record in consumer:
                if record.value is not None:
                    yield record.value
        except KafkaError as error:
            raise as_bus_error(error, f"cannot follow {self._topic}") from error
        finally:
            await consumer.stop()
