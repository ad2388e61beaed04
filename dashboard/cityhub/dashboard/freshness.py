"""How old the data behind a number are, and whether that is older than promised. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from cityhub.adapters.catalogue import feed_of
from cityhub.adapters.kit.status import MISSED_DELIVERIES, FeedStatus
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.values import StreamState


class Freshness(Struct, frozen=True, kw_only=True):
    """The data state of one number or source.

    Attributes:
        as_of: everything that happened up to then is counted, as far as it was reported; None before the first data.
        every_s: how often the partner promised to report.
        overdue_since: when the first promised report failed to come; None while the promise is kept.
    """

    partner: str
    as_of: datetime | None
    every_s: int
    overdue_since: datetime | None

    @classmethod
    def of(cls, partner: str, as_of: datetime | None, every_s: int, now: datetime) -> Freshness:
        """Compare an age with its promise."""
        late = as_of is not None and now - as_of > timedelta(seconds=MISSED_DELIVERIES * every_s)
        since = as_of + timedelta(seconds=every_s) if as_of is not None and late else None
        return cls(partner=partner, as_of=as_of, every_s=every_s, overdue_since=since)


def as_of(stream: StreamState, feed: FeedStatus | None) -> datetime | None:
    """Up to when a stream's events are counted.

    The adapter knows more than the stream: at night nothing departs, yet the partner's answers say that nothing did.
    That only holds while the engine has read what the adapter delivered.
    """
    if feed is None or feed.checkpoint_at is None:
        return stream.newest_append
    delivered = sum(feed.accepted.values()) - feed.waiting
    return feed.checkpoint_at if stream.records >= delivered else stream.newest_append


def freshness_of(
    definition: KpiDefinition, streams: Sequence[StreamState], feeds: Sequence[FeedStatus], now: datetime
) -> Freshness:
    """The data state of a KPI: that of its oldest source."""
    by_topic = {stream.topic: stream for stream in streams}
    states = []
    for source in definition.sources.values():
        stream = by_topic.get(source.topic)
        moment = as_of(stream, feed_of(source.type, feeds)) if stream else None
        states.append(Freshness.of(source.topic.split(".")[2], moment, source.cadence_s, now))
    return min(states, key=lambda state: (state.as_of is not None, state.as_of or now))
