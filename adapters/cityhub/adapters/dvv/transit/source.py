"""Declaration of the feed."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from cityhub.adapters.kit.source import SIMULATED, Source

Format: TypeAlias = Literal["vdv454-json", "vdv454-xml", "gtfs"]

STOP_DEPARTED = "de.duisburg.dvv.transit.stop-departed.v1"
TRIP_CANCELLED = "de.duisburg.dvv.transit.trip-cancelled.v1"
PREDICTED = "de.duisburg.dvv.transit.prediction-published.v1"

DVV_TRANSIT = Source(
    feed="dvv.transit",
    system="//dvv/vdv454",
    format="VDV-454 AUS and REF-AUS as JSON, or as XML over VDV-453; GTFS with GTFS-RT TripUpdates",
    transport="http",
    event_types=(STOP_DEPARTED, TRIP_CANCELLED, PREDICTED),
    interval_s=30,
    lateness_s=600,
    licence="agreement with DVV; simulated data: EUPL-1.2",
    impersonal=True,
)
SIMULATION_URI = f"{SIMULATED}/dvv/vdv454"


class ControlCentre(Struct, frozen=True, kw_only=True):
    """Where departures are asked for.

    Attributes:
        url: its address without trailing slash; of GTFS the zip's.
        name: its agreed Leitstellenkennung, part of every event's source.
        sender: our Leitstellenkennung, agreed for VDV-453.
        trip_updates_url: of GTFS-RT. agencies: `agency_id`s or names of GTFS that are read, empty for all.
    """

    url: str
    name: str = "dvg"
    format: Format = "vdv454-json"
    sender: str = "cityhub"
    trip_updates_url: str = ""
    agencies: frozenset[str] = frozenset()

    @property
    def origin(self) -> str:
        """What is remembered of another one does not hold here."""
        if self.format == "vdv454-json":
            return self.url
        return " ".join([self.format, self.url, self.trip_updates_url, self.sender, *sorted(self.agencies)])

    @property
    def system_uri(self) -> str:
        """Event `source`."""
        return f"{'//dvv/gtfs' if self.format == 'gtfs' else DVV_TRANSIT.system}/{self.name}"
