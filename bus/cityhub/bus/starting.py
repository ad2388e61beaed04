"""A publisher for a process that must answer before, and while, the broker does not: it starts when it is needed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from cityhub.bus.access import KafkaAccess
from cityhub.bus.errors import BusUnavailable
from cityhub.bus.publisher import Outgoing, RecordPublisher

ANSWER_S = 15.0
"""Longer nobody waits for an acknowledgement: what became of the records is unknown then."""


class StartingPublisher:
    """As `RecordPublisher`, connected at the first `send`. Use as an async context manager."""

    def __init__(self, access: KafkaAccess, *, client_id: str, answer_s: float = ANSWER_S) -> None:
        self._access = access
        self._client_id = client_id
        self._answer_s = answer_s
        self._publisher: RecordPublisher | None = None
        self._starting = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._publisher is not None:
            await self._publisher.__aexit__(kind, value, trace)
            self._publisher = None

    async def send(self, topic: str, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        """As `RecordPublisher.send`, within a bounded time.

        Raises:
            BusUnavailable, BusRefused: as there.
        """
        try:
            async with asyncio.timeout(self._answer_s):
                publisher = self._publisher or await self._started()
                return await publisher.send(topic, records)
        except TimeoutError:
            raise BusUnavailable(f"{topic} was not acknowledged within {self._answer_s:.0f} s") from None

    async def _started(self) -> RecordPublisher:
        async with self._starting:
            if self._publisher is None:
                publisher = RecordPublisher(self._access, client_id=self._client_id)
                self._publisher = await publisher.__aenter__()
            return self._publisher
