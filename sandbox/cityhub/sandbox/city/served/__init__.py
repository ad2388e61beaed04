"""Partners' systems as the simulated city plays them: each in its own format."""

from __future__ import annotations

from cityhub.sandbox.city.served.city import appointments
from cityhub.sandbox.city.served.dvv import lamp_energy, lamps
from cityhub.sandbox.city.served.endpoint import City, Served
from cityhub.sandbox.city.served.wbd import bins, sewer_levels

__all__ = ["SERVED", "City", "Served"]

SERVED: tuple[Served, ...] = (
    appointments.SERVED,
    lamp_energy.SERVED,
    lamps.SERVED,
    bins.SERVED,
    sewer_levels.SERVED,
)
