"""The bridge of the A40 closed at a tenant's wish: a site of the city's, and trucks that wait at the port. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from cityhub.sandbox.city.streams.closures import freed
from cityhub.sandbox.city.streams.story import iso
from cityhub.sandbox.room.story import Timed, epoch_ms, saying
from cityhub.sdk.event import make_event

_SITE = {"owner": "city", "mode": "car", "lat": 51.4497, "lon": 6.7283, "status": "active"}
_PUBLISHED, _TOPIC = "de.duisburg.city.roadwork.published.v1", "du.evt.city.roadwork.v1"
_GATED_OUT = "de.duisburg.duisport.container.gated-out.v1"


def closure(number: int, begin: datetime, end: datetime) -> Timed:
    """The city publishes the site when the bridge is closed."""
    site = f"city-rheinbruecke-{number}"
    event = make_event(
        type_=_PUBLISHED,
        source="//cityhub/sandbox/inject",
        natural_key=(site,),
        version="1",
        subject=site,
        time=begin,
        recorded_at=begin + timedelta(seconds=2),
        data={**_SITE, "valid_from": iso(begin), "valid_to": iso(end)},
        synthetic=True,
    )
    event = replace(event, borough="STB05", registerversion="simulated-1")
    return Timed(epoch_ms(event.recordedtime), ("inject", number), _TOPIC, event)


def held_up(coming: Timed, begin: datetime, end: datetime) -> list[Timed]:
    """A truck that leaves meanwhile gets away behind all that have waited longer."""
    event = coming.event
    if event.type != _GATED_OUT or event.data.get("mode") != "truck" or event.data.get("classifier") != "ACT":
        return [coming]
    free = freed(max(event.time, begin), begin, end)
    if event.time >= free:
        return [coming]
    waited = free - event.time
    arrives_ms = coming.arrives_ms + waited // timedelta(milliseconds=1)
    return [coming._replace(arrives_ms=arrives_ms, event=saying(event, {}, free))]
