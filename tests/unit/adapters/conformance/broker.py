"""A broker that can be the last thing that a process sees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from cityhub.bus.letters import Letter, letter_of
from cityhub.bus.publisher import Outgoing
from cityhub.sdk.event import Event

Point: TypeAlias = Callable[[str], None]
"""Called with its name at every step; ends the process where it raises `Killed`."""


class Killed(BaseException):
    """The process ends here: nobody catches it."""


class Record(NamedTuple):
    """A record as it stands in the log."""

    topic: str
    key: bytes | None
    value: bytes
    headers: list[tuple[str, bytes]]
    offset: int = 0
    timestamp: int = 0


class Broker:
    """Keeps what it acknowledges."""

    def __init__(self, point: Point = lambda _: None) -> None:
        self.events: list[Event] = []
        self.letters: list[Letter] = []
        self._point = point

    async def publish(self, topic: str, events: Sequence[Event]) -> None:
        """Whole batches only."""
        self._point("publish")
        self.events += events
        self._point("published")

    async def send(self, topic: str, records: Sequence[Outgoing]) -> None:
        """Whole batches only."""
        self._point("send")
        self.letters += [letter_of(0, Record(topic, *record)) for record in records]
        self._point("sent")
