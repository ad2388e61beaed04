"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

BOOKED = "de.duisburg.city.appointment.booked.v1"
CHECKED_IN = "de.duisburg.city.appointment.checked-in.v1"
CALLED = "de.duisburg.city.appointment.called.v1"
SERVED = "de.duisburg.city.appointment.served.v1"
NO_SHOW = "de.duisburg.city.appointment.no-show.v1"
SLOTS = "de.duisburg.city.appointment.slots-observed.v1"

CITY_APPOINTMENTS = Source(
    feed="city.appointments",
    system="//city/termine",
    format="journal of the appointment system as JSON",
    transport="http",
    event_types=(BOOKED, CHECKED_IN, CALLED, SERVED, NO_SHOW, SLOTS),
    interval_s=60,
    lateness_s=3600,
    licence="internal to the city administration; simulated data: EUPL-1.2",
    made_by=2,
)
