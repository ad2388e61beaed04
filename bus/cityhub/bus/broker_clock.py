"""The broker's clock: what time it stamps on a record that arrives now.

Windows settle by append time only. A quiet stream has none, so whoever wants to know that nothing came asks the broker
for the time first and for the log's end afterwards: everything stamped earlier lies before that end.
"""

from __future__ import annotations

from aiokafka.errors import KafkaError

from cityhub.bus.errors import BusUnavailable
from cityhub.bus.publisher import RecordPublisher, as_bus_error
from cityhub.bus.topics import CLOCK


class BrokerClock(RecordPublisher):
    """A producer of empty records, as an async context manager."""

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
