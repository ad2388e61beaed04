"""Free WLAN and charge points. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from cityhub.sandbox.city.streams.sensor import readings
from cityhub.sandbox.city.streams.story import BOROUGHS, Stream, Told, at, happens, iso, pick, tell
from cityhub.sandbox.city.traffic import lot

_ACCESS_POINTS, _CHARGE_POINTS = 60, 80
_REMOVED = 59
"""An access point that was taken down."""


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


STREAMS = (
    Stream("access-points", timedelta(days=29), _access_points),
    Stream("sessions", timedelta(hours=70), _sessions),
    Stream("charging", timedelta(hours=48), _charging),
)
