"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

DISPATCHED = "de.duisburg.city.order.alert-dispatched.v1"
CLOSED = "de.duisburg.city.order.alert-closed.v1"

CITY_ORDER_OFFICE = Source(
    feed="city.order-office",
    system="//city/ordnungsamt",
    format="journal of the order office as JSON",
    transport="http",
    event_types=(DISPATCHED, CLOSED),
    interval_s=86400,
    lateness_s=86400,
    licence="internal to the city administration; simulated data: EUPL-1.2",
)
