"""Car parks: how full they are, as the parking guidance system has it each quarter of an hour. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from msgspec import Struct

from cityhub.sandbox.city.streams.sensor import by_day
from cityhub.sandbox.city.streams.story import BOROUGHS, DAY, Stream, Told, at, happens, iso, tell
from cityhub.sandbox.city.traffic import lot

EVERY_S = 900
_LISTED_S = 6 * 3600
_LATE_S = 240
"""A counter's reading is at most as old as this when the system publishes it."""
_NEAR = ((51.4321, 6.7702), (51.4301, 6.7648), (51.4349, 6.7631), (51.4297, 6.7755))
"""Latitude and longitude of the first ones."""
_UNKNOWN = {2: "state", 5: "spaces", 6: "name", 7: "place"}


class CarPark(Struct, frozen=True, kw_only=True):
    """Attributes:
    lat, lon: None where the system does not know. in_table: it knows how many spaces there are.
    counts_out: it knows the occupied ones, too. says_open: and whether it is open.
    """

    id: str
    name: str | None
    lat: float | None
    lon: float | None
    spaces: int
    borough: str
    in_table: bool
    counts_out: bool
    says_open: bool
    hours: tuple[int, int]


def _car_park(number: int) -> CarPark:
    """Few are whole: of each thing that a system may not know one does not."""
    (lat, lon), row = _NEAR[number % 4], number // 4
    unknown = _UNKNOWN.get(number)
    on_map = unknown != "place"
    return CarPark(
        id=f"parkhaus-{number:02d}",
        name=None if unknown == "name" else f"Parkhaus {number}",
        lat=round(lat + 0.0011 * row, 6) if on_map else None,
        lon=round(lon - 0.0013 * row, 6) if on_map else None,
        spaces=120 + 83 * number % 560,
        borough=BOROUGHS[number % 7],
        in_table=unknown != "spaces",
        counts_out=number % 3 != 0,
        says_open=unknown != "state",
        hours=(7, 22) if number % 4 == 1 else (0, 24),
    )


CAR_PARKS = tuple(map(_car_park, range(8)))


def _observed(seed: int, day: date) -> Iterator[Told]:
    """Each time what has been counted since: now and then a counter is silent, and some days a part is closed."""
    midnight = at(day, 0)
    length_s = int((at(day + DAY, 0) - midnight).total_seconds())
    for number, park in enumerate(CAR_PARKS):
        chance = lot(seed, "car-park", number, day)
        offered = park.spaces - (40 if happens(chance, 0.1) else 0)
        rush = chance.uniform(0.5, 1.1) * (1.0 if day.weekday() < 6 else 0.4)  # noqa: PLR2004
        for second in range(EVERY_S, length_s, EVERY_S):
            late_s, noise, silent = chance.randrange(_LATE_S), chance.gauss(0, 0.02), happens(chance, 0.03)
            moment, hour = midnight + timedelta(seconds=second - late_s), second / 3600
            if silent:
                continue
            state = "open" if park.hours[0] <= hour < park.hours[1] else "closed"
            occupied = round(offered * min(1.0, max(0.0, rush * by_day(hour) + noise)))
            data = {
                "site": park.id,
                "name": park.name,
                "lat": park.lat,
                "lon": park.lon,
                "capacity": offered if park.in_table else None,
                "free": None if happens(chance, 0.01) else offered - occupied,
                "occupied": occupied if park.counts_out else None,
                "state": state if park.says_open else None,
            }
            told_at, key = midnight + timedelta(seconds=second), (park.id, iso(moment))
            yield tell("city.parking-site.observed", moment, park.id, key, data, borough=park.borough, told_at=told_at)


def _listed(seed: int, day: date) -> Iterator[Told]:
    """The register is looked through as each month begins, and now and then spaces are counted anew."""
    if day.day != 1:
        return
    for number, park in enumerate(CAR_PARKS):
        moment, counted = at(day, _LISTED_S + number), lot(seed, "register", number, day).choice((0, 0, 0, 2, -3))
        data = {
            "site": park.id,
            "name": park.name,
            "lat": park.lat,
            "lon": park.lon,
            "capacity": park.spaces + counted if park.in_table else None,
        }
        yield tell("city.parking-site.listed", moment, park.id, (park.id, day), data, borough=park.borough)


STREAMS = (
    Stream("parking-sites", timedelta(hours=24), _observed),
    Stream("parking-register", timedelta(days=40), _listed),
)
