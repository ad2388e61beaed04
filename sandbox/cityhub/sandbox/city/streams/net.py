"""Free WLAN, charge points and real-time departures. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

from cityhub.sandbox.city.network import build_network
from cityhub.sandbox.city.streams.sensor import by_day, readings
from cityhub.sandbox.city.streams.story import BOROUGHS, Stream, Told, at, happens, iso, pick, tell
from cityhub.sandbox.city.traffic import lot

_ACCESS_POINTS, _CHARGE_POINTS = 60, 80
_REMOVED = 59
"""An access point that was taken down."""
_WITHOUT_SIGN = 9
"""Every ninth stop has no real-time information."""


def _access_points(seed: int, day: date) -> Iterator[Told]:
    """Each says every morning how it is, and tells of faults and of being back."""
    for number in range(_ACCESS_POINTS):
        name, chance = f"ap-{number:03d}", lot(seed, "access-point", number, day)
        covered = 1_500 + 100 * lot(seed, "covered", number).randrange(40)
        failing = happens(chance, 0.03)
        begin = 21_600 + number
        usual = "removed" if number == _REMOVED else "up"
        told = [(begin, usual), *(((begin + 7_200, "down"), (begin + 25_000, usual)) if failing else ())]
        for second, status in told:
            data = {"access_point": name, "status": status, "covered_m2": covered}
            moment = at(day, second)
            key, borough = (name, iso(moment)), BOROUGHS[number % 7]
            yield tell("dvv.wifi.ap-status-changed", moment, name, key, data, borough=borough)


def _sessions(seed: int, day: date) -> Iterator[Told]:
    """Sessions end during the day; some access points are busy, most are not."""
    for number in sorted(set(range(_ACCESS_POINTS)) - {_REMOVED}):
        name, chance = f"ap-{number:03d}", lot(seed, "sessions", number, day)
        for session in range(round(chance.lognormvariate(2.3, 0.6) * (1.3 if day.weekday() == 5 else 1.0))):  # noqa: PLR2004
            moment = at(day, chance.triangular(18_000, 86_399, 60_000))
            key, borough = (name, day, session), BOROUGHS[number % 7]
            yield tell("dvv.wifi.session-closed", moment, name, key, {"access_point": name}, borough=borough)


def _charging(seed: int, day: date) -> Iterator[Told]:
    """Each charge point says every hour what it does; faults last for the day."""
    usual = {"AVAILABLE": 0.6, "CHARGING": 0.33, "RESERVED": 0.03, "BLOCKED": 0.04}
    for number in range(_CHARGE_POINTS):
        name, fate = f"ladepunkt-{number:03d}", lot(seed, "charge-point", number, day)
        fault = pick(fate, {"": 0.94, "OUTOFORDER": 0.03, "INOPERATIVE": 0.02, "UNKNOWN": 0.01})
        fails_at = fate.uniform(0, 24)
        for moment, hour, told_at, chance in readings(seed, "charging", number, day, 3_600):
            status = fault if fault and hour >= fails_at else pick(chance, usual)
            data = {"charge_point": name, "status": status}
            key, borough = (name, iso(moment)), BOROUGHS[number % 7]
            type_ = "dvv.charging.status-changed"
            yield tell(type_, moment, name, key, data, borough=borough, told_at=told_at)


@lru_cache(maxsize=1)
def _stops() -> tuple[tuple[str, str], ...]:
    """Stop and one of its lines, in order of the stops' names."""
    found = {stop.id: line.name for line in build_network() for stop in line.stops}
    return tuple(sorted(found.items()))


def _predictions(seed: int, day: date) -> Iterator[Told]:
    """Signs at stops, every two hours of service; a real source says it every half minute."""
    for number, (stop, line) in enumerate(_stops()):
        if number % _WITHOUT_SIGN == 0:
            continue
        chance = lot(seed, "sign", number, day)
        for hour in range(5, 24, 2):
            if happens(chance, 0.25 + 0.7 * by_day(hour)):
                moment = at(day, hour * 3_600 + number)
                data = {"stop": stop, "line": None if happens(chance, 0.1) else line}
                yield tell("dvv.transit.prediction-published", moment, stop, (stop, iso(moment)), data)


STREAMS = (
    Stream("access-points", timedelta(days=29), _access_points),
    Stream("sessions", timedelta(hours=70), _sessions),
    Stream("charging", timedelta(hours=48), _charging),
    Stream("predictions", timedelta(hours=48), _predictions),
)
