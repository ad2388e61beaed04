"""All adapters there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime

from cityhub.adapters.adapter import Connect
from cityhub.adapters.city.appointments import client as appointments
from cityhub.adapters.city.appointments.source import CITY_APPOINTMENTS
from cityhub.adapters.duisport.containers import client as containers
from cityhub.adapters.duisport.containers.source import DUISPORT_CONTAINERS
from cityhub.adapters.duisport.gauge import client as gauge
from cityhub.adapters.duisport.gauge.source import DUISPORT_GAUGE
from cityhub.adapters.duisport.track_and_trace import client as track_and_trace
from cityhub.adapters.duisport.track_and_trace.source import DUISPORT_TRACK_AND_TRACE
from cityhub.adapters.duisport.vessels import client as vessels
from cityhub.adapters.duisport.vessels.source import DUISPORT_VESSELS
from cityhub.adapters.dvv.transit.source import DVV_TRANSIT
from cityhub.adapters.source import Source
from cityhub.adapters.status import FeedStatus

ADAPTERS: Mapping[str, tuple[Source, Connect]] = {
    one.feed: (one, connect)
    for one, connect in (
        (CITY_APPOINTMENTS, appointments.connect),
        (DUISPORT_CONTAINERS, containers.connect),
        (DUISPORT_GAUGE, gauge.connect),
        (DUISPORT_TRACK_AND_TRACE, track_and_trace.connect),
        (DUISPORT_VESSELS, vessels.connect),
    )
}
"""By feed name; the transit feed, which remembers vehicles between two answers, runs in a way of its own."""
SOURCES: Mapping[str, Source] = {DVV_TRANSIT.feed: DVV_TRANSIT} | {feed: one for feed, (one, _) in ADAPTERS.items()}
"""Every declaration, by feed name."""
FEEDS_OF_TYPE: Mapping[str, Collection[str]] = {
    type_: tuple(source.feed for source in SOURCES.values() if type_ in source.event_types)
    for type_ in {type_ for source in SOURCES.values() for type_ in source.event_types}
}
"""The feeds that an event type comes from, several where each tells another part of it; types that partners send
themselves are not in it."""
_NEVER = datetime.min.replace(tzinfo=UTC)


def feed_of(type_: str, feeds: Iterable[FeedStatus]) -> FeedStatus | None:
    """How the adapter of an event type is doing, the one furthest behind of several; None where none fetches it."""
    found = [feed for feed in feeds if feed.feed in FEEDS_OF_TYPE.get(type_, ())]
    return min(found, key=lambda feed: feed.checkpoint_at or _NEVER, default=None)


def answered(feeds: Iterable[FeedStatus]) -> dict[str, datetime]:
    """By event type, up to when its feeds have told everything, also that nothing happened."""
    known = list(feeds)
    slowest = {type_: feed_of(type_, known) for type_ in FEEDS_OF_TYPE}
    return {type_: feed.checkpoint_at for type_, feed in slowest.items() if feed and feed.checkpoint_at is not None}
