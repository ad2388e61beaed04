"""Which client a control centre needs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import httpx

from cityhub.adapters.dvv.transit.client import Client, JsonClient
from cityhub.adapters.dvv.transit.gtfs_client import GtfsClient
from cityhub.adapters.dvv.transit.source import ControlCentre
from cityhub.adapters.dvv.transit.vdv453 import Vdv453Client


def connect(centre: ControlCentre, http: httpx.AsyncClient, clock: Callable[[], datetime]) -> Client:
    """One that speaks its format."""
    if centre.format == "vdv454-xml":
        return Vdv453Client(http, centre, clock)
    if centre.format == "gtfs":
        return GtfsClient(http, centre, clock)
    return JsonClient(http, centre.url)
