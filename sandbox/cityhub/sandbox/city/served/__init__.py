"""Partners' systems as the simulated city plays them: each in its own format."""

from __future__ import annotations

from cityhub.sandbox.city.served.city import appointments
from cityhub.sandbox.city.served.duisport import containers, gauge, track_and_trace, vessels
from cityhub.sandbox.city.served.endpoint import City, Served

__all__ = ["SERVED", "City", "Served"]

SERVED: tuple[Served, ...] = (
    appointments.SERVED,
    containers.SERVED,
    gauge.SERVED,
    track_and_trace.SERVED,
    vessels.SERVED,
)
