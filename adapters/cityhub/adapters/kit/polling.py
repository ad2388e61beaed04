"""Running a feed: ask, keep, deliver, until told to stop.

Two tasks share the outbox: one asks the partner, one hands events to Kafka. A broker outage does not stop the reading
before the outbox is full, a partner's outage does not stop the delivery.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import structlog
from msgspec import Struct

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.outbox import Outbox
from cityhub.adapters.kit.source import Source
from cityhub.bus import metrics
from cityhub.bus.errors import BusError
from cityhub.bus.publisher import Outgoing
from cityhub.bus.topics import dead_letters
from cityhub.sdk.event import Event

_log = structlog.get_logger()
_DELIVERY = 500


class Publisher(Protocol):
    """Where events go: `cityhub.bus.publisher.EventPublisher`, or a double."""

    async def publish(self, topic: str, events: Sequence[Event]) -> None:
        """Return when every event is acknowledged.

        Raises:
            BusError: unknown which were; all are sent again with the same ids.
        """

    async def send(self, topic: str, records: Sequence[Outgoing]) -> object:
        """As `publish`, for records as they are."""


class Feed(Protocol):
    """One source, as the loop sees it."""

    @property
    def source(self) -> Source:
        """Its declaration."""

    async def step(self) -> bool:
        """Ask once and keep what came.

        Returns:
            True when the partner has more waiting.

        Raises:
            FeedFault: the answer was unusable; nothing was kept.
        """


class Pace(Struct, frozen=True, kw_only=True):
    """How fast a feed is run.

    Attributes:
        every_s: pause between two questions. `soon_s`: at most, after the first fault. `longest_s`: after many.
        outbox_limit: events waiting for Kafka above which reading pauses.
        jitter: uniform numbers in [0, 1), so that adapters do not return in step after an outage.
    """

    every_s: float
    jitter: Callable[[], float]
    soon_s: float = 4.0
    longest_s: float = 300.0
    outbox_limit: int = 200_000

    def pause_s(self, faults: int) -> float:
        """`every_s` after a good answer; after a fault soon, however slow the source is, then each time twice as long,
        with jitter."""
        if not faults:
            return self.every_s
        longest = min(self.soon_s, self.every_s) * 2 ** min(faults - 1, 16)
        return float(min(self.longest_s, longest)) * (0.5 + self.jitter() / 2)


async def run_feed(
    feed: Feed, outbox: Outbox, publisher: Publisher, *, pace: Pace, clock: Callable[[], datetime], stop: asyncio.Event
) -> None:
    """Run until `stop` is set; what is not delivered then stays in the outbox.

    Raises:
        StateUnavailable: adapters.db cannot be used.
    """
    loop = _Loop(feed, outbox, publisher, pace, clock, stop)
    try:
        async with asyncio.TaskGroup() as group:
            delivery = group.create_task(loop.deliver())
            await loop.ask()
            delivery.cancel()
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


async def delivered(source: Source, outbox: Outbox, publisher: Publisher) -> bool:
    """Whether there was something that waited for Kafka: the oldest of it is there now.

    Raises:
        BusError: it is not.
    """
    last, events = await outbox.aside(outbox.oldest, source.feed, _DELIVERY)
    last_letter, letters = await outbox.aside(outbox.letters, source.feed, _DELIVERY)
    if not events and not letters:
        return False
    for topic, some in events.items():
        await publisher.publish(topic, some)
    if letters:
        await publisher.send(dead_letters(source.partner).name, letters)
    await outbox.aside(outbox.acknowledge, source.feed, last, last_letter)
    return True


class _Loop:
    """The two tasks of `run_feed` and what they share."""

    def __init__(  # noqa: PLR0917 - made in one place
        self,
        feed: Feed,
        outbox: Outbox,
        publisher: Publisher,
        pace: Pace,
        clock: Callable[[], datetime],
        stop: asyncio.Event,
    ) -> None:
        self._feed = feed
        self._source = feed.source
        self._outbox = outbox
        self._publisher = publisher
        self._pace = pace
        self._clock = clock
        self._stop = stop
        self._filled = asyncio.Event()

    async def ask(self) -> None:
        faults = 0
        while not self._stop.is_set():
            more = False
            waiting = await self._outbox.aside(self._outbox.waiting, self._source.feed)
            if waiting < self._pace.outbox_limit:
                try:
                    more = await self._feed.step()
                    faults = 0
                    metrics.POLLS.labels(self._source.feed, "good").inc()
                except FeedFault as fault:
                    faults += 1
                    metrics.POLLS.labels(self._source.feed, fault.reason).inc()
                    await self._outbox.aside(self._outbox.fail, self._source, fault, self._clock())
                    _log.warning(
                        "feed_fault", feed=self._source.feed, reason=fault.reason, error=str(fault), faults=faults
                    )
                self._filled.set()
            await self._pause(0.0 if more else self._pace.pause_s(faults))

    async def deliver(self) -> None:
        faults = 0
        while True:
            self._filled.clear()
            try:
                done = await delivered(self._source, self._outbox, self._publisher)
            except BusError as error:
                faults += 1
                await self._outbox.aside(self._outbox.not_delivered, self._source.feed, str(error))
                _log.warning("not_delivered", feed=self._source.feed, error=str(error), faults=faults)
                await self._pause(self._pace.pause_s(faults))
            else:
                faults = 0
                if not done:
                    await self._filled.wait()

    async def _pause(self, seconds: float) -> None:
        """Not beyond `stop`; 0 seconds still give the other task its turn."""
        try:
            await asyncio.wait_for(self._stop.wait(), seconds or 0.001)
        except TimeoutError:
            return
