"""The broker's clock: what time it stamps on a record that arrives now.

Windows settle by append time only. A quiet stream has none, so whoever wants to know that nothing came asks the broker
for the time first and for the log's end afterwards: everything stamped earlier lies before that end.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from cityhub.bus.access import KafkaAccess
from cityhub.bus.errors import BusUnavailable
from cityhub.bus.publisher import as_bus_error
from cityhub.bus.topics import CLOCK


class BrokerClock:
    """Use as an async context manager.

    Raises:
        BusError: on entry, the broker does not answer.
    """

    def __init__(self, access: KafkaAccess, client_id: str) -> None:
        self._access = access
        self._client_id = client_id
        self._producer: AIOKafkaProducer | None = None

    async def __aenter__(self) -> Self:
        producer = AIOKafkaProducer(**self._access.aiokafka(), client_id=self._client_id, acks="all")
        try:
            await producer.start()
        except KafkaError as error:
            await producer.stop()
            raise as_bus_error(error, "cannot ask for the broker's time") from error
        self._producer = producer
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._producer is not None:
            await self._producer.stop()

    async def now_ms(self) -> int:
        """Epoch ms.

        Raises:
            BusError: the broker does not answer, or the topic does not exist (yet).
        """
        if self._producer is None:
            raise BusUnavailable("the broker's clock is not started")
        try:
            stamped = await self._producer.send_and_wait(CLOCK, b"")
        except KafkaError as error:
            raise as_bus_error(error, f"cannot write to {CLOCK}") from error
        return int(stamped.timestamp)
