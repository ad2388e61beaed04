"""All adapters there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime

from cityhub.adapters.city.applications import client as applications
from cityhub.adapters.city.applications.source import CITY_APPLICATIONS
from cityhub.adapters.city.appointments import client as appointments
from cityhub.adapters.city.appointments.source import CITY_APPOINTMENTS
from cityhub.adapters.city.cases import client as cases
from cityhub.adapters.city.cases.source import CITY_CASES
from cityhub.adapters.city.contacts import client as contacts
from cityhub.adapters.city.contacts.source import CITY_CONTACTS
from cityhub.adapters.city.council import client as council
from cityhub.adapters.city.council.source import CITY_COUNCIL
from cityhub.adapters.city.datasets import client as datasets
from cityhub.adapters.city.datasets.source import CITY_DATASETS
from cityhub.adapters.city.order_office import client as order_office
from cityhub.adapters.city.order_office.source import CITY_ORDER_OFFICE
from cityhub.adapters.city.parking_sites import client as parking_sites
from cityhub.adapters.city.parking_sites.source import CITY_PARKING_SITES
from cityhub.adapters.city.participation import client as participation
from cityhub.adapters.city.participation.source import CITY_PARTICIPATION
from cityhub.adapters.city.permits import client as permits
from cityhub.adapters.city.permits.source import CITY_PERMITS
from cityhub.adapters.city.robots import client as robots
from cityhub.adapters.city.robots.source import CITY_ROBOTS
from cityhub.adapters.duisport.containers import client as containers
from cityhub.adapters.duisport.containers.source import DUISPORT_CONTAINERS
from cityhub.adapters.duisport.gauge import client as gauge
from cityhub.adapters.duisport.gauge.source import DUISPORT_GAUGE
from cityhub.adapters.duisport.track_and_trace import client as track_and_trace
from cityhub.adapters.duisport.track_and_trace.source import DUISPORT_TRACK_AND_TRACE
from cityhub.adapters.duisport.vessels import client as vessels
from cityhub.adapters.duisport.vessels.source import DUISPORT_VESSELS
from cityhub.adapters.dvv.charging import client as charging
from cityhub.adapters.dvv.charging.source import DVV_CHARGING
from cityhub.adapters.dvv.grid import client as grid
from cityhub.adapters.dvv.grid.source import DVV_GRID
from cityhub.adapters.dvv.lamp_energy import client as lamp_energy
from cityhub.adapters.dvv.lamp_energy.source import DVV_LAMP_ENERGY
from cityhub.adapters.dvv.lamps import client as lamps
from cityhub.adapters.dvv.lamps.source import DVV_LAMPS
from cityhub.adapters.dvv.load_curves import client as load_curves
from cityhub.adapters.dvv.load_curves.source import DVV_LOAD_CURVES
from cityhub.adapters.dvv.school_tickets import client as school_tickets
from cityhub.adapters.dvv.school_tickets.source import DVV_SCHOOL_TICKETS
from cityhub.adapters.dvv.transit.source import DVV_TRANSIT
from cityhub.adapters.dvv.water_feed import client as water_feed
from cityhub.adapters.dvv.water_feed.source import DVV_WATER_FEED
from cityhub.adapters.dvv.wifi import client as wifi
from cityhub.adapters.dvv.wifi.source import DVV_WIFI
from cityhub.adapters.gebag.dialogue_participation import client as dialogue_participation
from cityhub.adapters.gebag.dialogue_participation.source import GEBAG_DIALOGUE_PARTICIPATION
from cityhub.adapters.gebag.flats import client as flats
from cityhub.adapters.gebag.flats.source import GEBAG_FLATS
from cityhub.adapters.gebag.tickets import client as tickets
from cityhub.adapters.gebag.tickets.source import GEBAG_TICKETS
from cityhub.adapters.kit.adapter import Connect
from cityhub.adapters.kit.source import Source
from cityhub.adapters.kit.status import FeedStatus
from cityhub.adapters.roadworks.client import connecting
from cityhub.adapters.roadworks.source import CITY_ROADWORKS, DVV_ROADWORKS, WBD_ROADWORKS
from cityhub.adapters.tabular.client import connections
from cityhub.adapters.ude.publications import client as publications
from cityhub.adapters.ude.publications.source import UDE_PUBLICATIONS
from cityhub.adapters.wbd.bins import client as bins
from cityhub.adapters.wbd.bins.source import WBD_BINS
from cityhub.adapters.wbd.collections import client as collections
from cityhub.adapters.wbd.collections.source import WBD_COLLECTIONS
from cityhub.adapters.wbd.emptyings import client as emptyings
from cityhub.adapters.wbd.emptyings.source import WBD_EMPTYINGS
from cityhub.adapters.wbd.sewer_levels import client as sewer_levels
from cityhub.adapters.wbd.sewer_levels.source import WBD_SEWER_LEVELS
from cityhub.adapters.wbd.vehicles import client as vehicles
from cityhub.adapters.wbd.vehicles.source import WBD_VEHICLES

_ALL: tuple[tuple[Source, Connect], ...] = (
    (CITY_APPLICATIONS, applications.connect),
    (CITY_APPOINTMENTS, appointments.connect),
    (CITY_CASES, cases.connect),
    (CITY_CONTACTS, contacts.connect),
    (CITY_COUNCIL, council.connect),
    (CITY_DATASETS, datasets.connect),
    (CITY_ORDER_OFFICE, order_office.connect),
    (CITY_PARKING_SITES, parking_sites.connect),
    (CITY_PARTICIPATION, participation.connect),
    (CITY_PERMITS, permits.connect),
    (CITY_ROBOTS, robots.connect),
    (DUISPORT_CONTAINERS, containers.connect),
    (DUISPORT_GAUGE, gauge.connect),
    (DUISPORT_TRACK_AND_TRACE, track_and_trace.connect),
    (DUISPORT_VESSELS, vessels.connect),
    (DVV_SCHOOL_TICKETS, school_tickets.connect),
    (GEBAG_DIALOGUE_PARTICIPATION, dialogue_participation.connect),
    (GEBAG_FLATS, flats.connect),
    (GEBAG_TICKETS, tickets.connect),
    (CITY_ROADWORKS, connecting(CITY_ROADWORKS)),
    (DVV_ROADWORKS, connecting(DVV_ROADWORKS)),
    (WBD_ROADWORKS, connecting(WBD_ROADWORKS)),
    (DVV_CHARGING, charging.connect),
    (DVV_GRID, grid.connect),
    (DVV_LOAD_CURVES, load_curves.connect),
    (DVV_WATER_FEED, water_feed.connect),
    (DVV_WIFI, wifi.connect),
    (DVV_LAMP_ENERGY, lamp_energy.connect),
    (DVV_LAMPS, lamps.connect),
    (UDE_PUBLICATIONS, publications.connect),
    (WBD_BINS, bins.connect),
    (WBD_COLLECTIONS, collections.connect),
    (WBD_EMPTYINGS, emptyings.connect),
    (WBD_SEWER_LEVELS, sewer_levels.connect),
    (WBD_VEHICLES, vehicles.connect),
    *connections(),
)
ADAPTERS: Mapping[str, tuple[Source, Connect]] = {source.feed: (source, connect) for source, connect in _ALL}
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
