"""Figures that stand in a file or the store already: read when they are asked for, at most every few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version

from prometheus_client import GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry
from structlog import get_logger

from cityhub.adapters.errors import StateUnavailable
from cityhub.adapters.kit.status import FeedStatus
from cityhub.bus.metrics import REGISTRY
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.values import StreamState

log = get_logger()

FRESH_S = 10.0
_UNREADABLE = (StateUnavailable, StoreUnavailable, OSError)


class StateCollector(Collector):
    """Figures of one state. One that cannot be read now is left out, and said in the log.

    Args:
        figures: reads the state.
    """

    def __init__(self, figures: Callable[[], Iterable[Metric]], clock: Callable[[], float] = time.monotonic) -> None:
        self._figures = figures
        self._clock = clock
        self._read_at = float("-inf")
        self._kept: list[Metric] = []

    def describe(self) -> Iterable[Metric]:
        """Nothing is read when it is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The figures, at most `FRESH_S` old."""
        if self._clock() - self._read_at >= FRESH_S:
            try:
                self._kept = list(self._figures())
            except _UNREADABLE as error:
                self._kept = []
                log.warning("figures_unreadable", error=str(error))
            self._read_at = self._clock()
        yield from self._kept


def registry_of(process: str, *states: Callable[[], Iterable[Metric]]) -> CollectorRegistry:
    """What a process shows at `/metrics`.

    Args:
        process: name of it. states: read for every answer.
    """
    registry = CollectorRegistry()
    for one in (ProcessCollector, PlatformCollector, GCCollector):
        one(registry=registry)
    registry.register(_Fixed(process))
    registry.register(REGISTRY)
    for state in states:
        registry.register(StateCollector(state))
    return registry


def feeds(read: Callable[[], Sequence[FeedStatus]]) -> Iterator[Metric]:
    """How partners' systems are read; the same rows that `cityhub status` shows."""
    now, found = datetime.now(UTC), read()
    events = CounterMetricFamily(
        "cityhub_adapter_events",
        "what adapters made of answers since the database was made: accepted by event type, rejected by reason",
        labels=["feed", "outcome", "rule"],
    )
    age = GaugeMetricFamily("cityhub_source_age_seconds", "age of the newest data of a source", labels=["feed"])
    interval = GaugeMetricFamily(
        "cityhub_source_interval_seconds", "seconds between two reports of the source, as it promises", labels=["feed"]
    )
    waiting = GaugeMetricFamily(
        "cityhub_adapter_waiting_events", "events that Kafka has not acknowledged yet", labels=["feed"]
    )
    failing = GaugeMetricFamily(
        "cityhub_adapter_failing", "1 while the last answer was unusable or Kafka takes nothing", labels=["feed"]
    )
    for feed in found:
        for outcome, counts in (("accepted", feed.accepted), ("rejected", feed.rejected)):
            for rule, count in counts.items():
                events.add_metric([feed.feed, outcome, rule], count)
        if (age_s := feed.age_s(now)) is not None:
            age.add_metric([feed.feed], age_s)
        interval.add_metric([feed.feed], feed.interval_s)
        waiting.add_metric([feed.feed], feed.waiting)
        failing.add_metric([feed.feed], float(bool(feed.error or feed.delivery_error)))
    yield from (events, age, interval, waiting, failing)


def streams(read: Callable[[], Sequence[StreamState]]) -> Iterator[Metric]:
    """How old the newest counted event of a topic is, whichever way its events come in."""
    now = datetime.now(UTC)
    age = GaugeMetricFamily("cityhub_stream_age_seconds", "age of the newest counted event", labels=["topic"])
    for one in read():
        if one.newest_event is not None:
            age.add_metric([one.topic], max(0.0, (now - one.newest_event).total_seconds()))
    yield age


def sessions(count: Callable[[], int]) -> Iterator[Metric]:
    """Log-ins of browsers."""
    yield GaugeMetricFamily("cityhub_sessions", "open log-ins of browsers, of the whole hub", value=count())


class _Fixed(Collector):
    """Which process of which version this is."""

    def __init__(self, process: str) -> None:
        self._process = process

    def collect(self) -> Iterator[Metric]:
        """Always 1."""
        family = GaugeMetricFamily("cityhub_build_info", "always 1", labels=["process", "version"])
        family.add_metric([self._process, version("cityhub")], 1)
        yield family
