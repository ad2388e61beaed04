"""All adapters there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from cityhub.adapters.adapter import Connect
from cityhub.adapters.city.appointments import client as appointments
from cityhub.adapters.city.appointments.source import CITY_APPOINTMENTS
from cityhub.adapters.duisport.gauge import client as gauge
from cityhub.adapters.duisport.gauge.source import DUISPORT_GAUGE
from cityhub.adapters.dvv.transit.source import DVV_TRANSIT
from cityhub.adapters.source import Source
from cityhub.adapters.status import FeedStatus

ADAPTERS: Mapping[str, tuple[Source, Connect]] = {
    one.feed: (one, connect)
    for one, connect in (
        (CITY_APPOINTMENTS, appointments.connect),
        (DUISPORT_GAUGE, gauge.connect),
    )
}
"""By feed name; the transit feed, which remembers vehicles between two answers, runs in a way of its own."""
SOURCES: Mapping[str, Source] = {DVV_TRANSIT.feed: DVV_TRANSIT} | {feed: one for feed, (one, _) in ADAPTERS.items()}
"""Every declaration, by feed name."""
FEED_OF_TYPE: Mapping[str, str] = {type_: source.feed for source in SOURCES.values() for type_ in source.event_types}
"""The feed that an event type comes from; types that partners send themselves are not in it."""


def feed_of(type_: str, feeds: Iterable[FeedStatus]) -> FeedStatus | None:
    """How the adapter of an event type is doing, None where none fetches it."""
    name = FEED_OF_TYPE.get(type_)
    return next((feed for feed in feeds if feed.feed == name), None)


def answered(feeds: Iterable[FeedStatus]) -> dict[str, datetime]:
    """By event type, up to when its feed has told everything, also that nothing happened."""
    told = {feed.feed: feed.checkpoint_at for feed in feeds if feed.checkpoint_at is not None}
    return {type_: told[feed] for type_, feed in FEED_OF_TYPE.items() if feed in told}
