"""Partners' systems as the simulated city plays them: each in its own format."""

from __future__ import annotations

from cityhub.sandbox.city.served import roadworks, tables
from cityhub.sandbox.city.served.city import (
    applications,
    appointments,
    cases,
    contacts,
    council,
    datasets,
    order_office,
    parking_sites,
    participation,
    permits,
    robots,
)
from cityhub.sandbox.city.served.duisport import containers, gauge, track_and_trace, vessels
from cityhub.sandbox.city.served.dvv import (
    charging,
    grid,
    lamp_energy,
    lamps,
    load_curves,
    school_tickets,
    water_feed,
    wifi,
)
from cityhub.sandbox.city.served.endpoint import City, Served
from cityhub.sandbox.city.served.gebag import dialogue_participation, flats, tickets
from cityhub.sandbox.city.served.ude import publications
from cityhub.sandbox.city.served.wbd import bins, collections, emptyings, sewer_levels, vehicles

__all__ = ["SERVED", "City", "Served"]

SERVED: tuple[Served, ...] = (
    applications.SERVED,
    appointments.SERVED,
    cases.SERVED,
    contacts.SERVED,
    council.SERVED,
    datasets.SERVED,
    order_office.SERVED,
    parking_sites.SERVED,
    participation.SERVED,
    permits.SERVED,
    robots.SERVED,
    containers.SERVED,
    gauge.SERVED,
    track_and_trace.SERVED,
    vessels.SERVED,
    school_tickets.SERVED,
    dialogue_participation.SERVED,
    flats.SERVED,
    tickets.SERVED,
    charging.SERVED,
    grid.SERVED,
    load_curves.SERVED,
    water_feed.SERVED,
    wifi.SERVED,
    lamp_energy.SERVED,
    lamps.SERVED,
    publications.SERVED,
    bins.SERVED,
    collections.SERVED,
    emptyings.SERVED,
    sewer_levels.SERVED,
    vehicles.SERVED,
    *roadworks.SERVED,
    *tables.SERVED,
)
