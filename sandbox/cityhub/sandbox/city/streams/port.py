"""The port: containers, vessels, the gauge. Pure. One visit in twenty-five is told, so that the hub stays small."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache

from msgspec import Struct

from cityhub.sandbox.city.streams.closures import passes
from cityhub.sandbox.city.streams.sensor import readings
from cityhub.sandbox.city.streams.story import DAY, Stream, Told, amount, at, happens, iso, local_day, pick, tell
from cityhub.sandbox.city.traffic import lot

_LOW_WATER_CM = 233
_LONGEST_DWELL_D, _LONGEST_QUEUE_D, _LONGEST_STAY_D = 20, 3, 6
_MODES = {"truck": 0.42, "rail": 0.28, "barge": 0.3}


class Visit(Struct, frozen=True):
    """A container in the port. Attributes: planned = classifier of an announced departure, None without one."""

    id: str
    container: str
    teu: float
    came_at: datetime
    came_by: str
    left_at: datetime
    left_by: str
    planned: str | None


@lru_cache(maxsize=64)
def _visits(seed: int, day: date) -> tuple[Visit, ...]:
    """Containers that come on a day."""
    chance = lot(seed, "containers", day)
    found = []
    for number in range(amount(chance, 110, day)):
        came_at = at(day, chance.triangular(0, 86_399, 36_000))
        dwell = timedelta(days=min(_LONGEST_DWELL_D - 1.0, chance.lognormvariate(1.0, 0.7)), hours=1)
        container, teu = f"SIMU{chance.randrange(10**6):06d}", chance.choice((1.0, 2.0, 2.0, 2.25))
        came_by, left_by = pick(chance, _MODES), pick(chance, _MODES)
        planned = pick(chance, {"": 0.96, "PLN": 0.02, "EST": 0.02}) or None
        id_ = f"aufenthalt-{day}-{number}"
        left_at = passes(seed, came_at + dwell) if left_by == "truck" else came_at + dwell
        found.append(Visit(id_, container, teu, came_at, came_by, left_at, left_by, planned))
    return tuple(found)


def _containers(seed: int, day: date) -> Iterator[Told]:
    """Containers that come on a day, those that leave on it, and few departures that are only announced."""
    for visit in _visits(seed, day):
        yield _move("discharged" if visit.came_by == "barge" else "gated-in", visit, visit.came_at, visit.came_by)
        if visit.planned:
            yield _move("gated-out", visit, visit.came_at + timedelta(minutes=5), "truck", visit.planned)
    for back in range(_LONGEST_DWELL_D + _LONGEST_QUEUE_D + 1):
        for visit in _visits(seed, day - back * DAY):
            if local_day(visit.left_at) == day:
                yield _move("loaded" if visit.left_by == "barge" else "gated-out", visit, visit.left_at, visit.left_by)


def _move(verb: str, visit: Visit, moment: datetime, mode: str, classifier: str = "ACT") -> Told:
    data = {
        "visit": visit.id,
        "container": visit.container,
        "teu": visit.teu,
        "mode": mode,
        "classifier": classifier,
    }
    return tell(f"duisport.container.{verb}", moment, visit.id, (visit.id, verb, classifier), data)


def _vessels(seed: int, day: date) -> Iterator[Told]:
    for back in range(_LONGEST_STAY_D + 1):
        came_on = day - back * DAY
        chance = lot(seed, "vessels", came_on)
        for number in range(14 + chance.randrange(10)):
            stay, arrived = f"liegezeit-{came_on}-{number}", at(came_on, chance.uniform(0, 86_399))
            left = arrived + timedelta(hours=min(24.0 * (_LONGEST_STAY_D - 1), 1 + chance.lognormvariate(2.3, 0.6)))
            berth = _berth(chance)
            data = {"stay": stay, "berth": berth}
            if back == 0:
                yield tell("duisport.vessel.arrived", arrived, berth or "unbekannt", (stay, "arrived"), data)
            if local_day(left) == day:
                yield tell("duisport.vessel.departed", left, berth or "unbekannt", (stay, "departed"), data)


def _berth(chance: random.Random) -> str | None:
    number = chance.randrange(21)
    return f"liegeplatz-{number:02d}" if number else None


def _gauge(seed: int, day: date) -> Iterator[Told]:
    """The Rhine at Ruhrort: low in autumn, and a little of its own will every day."""
    season = 330 + 170 * math.cos((day.timetuple().tm_yday - 45) / 365 * math.tau)
    today, tomorrow = (lot(seed, "rhine", one).gauss(0, 35) for one in (day, day + DAY))
    for moment, hour, told_at, chance in readings(seed, "gauge", 0, day, 900):
        level = round(season + today + (tomorrow - today) * hour / 24 + chance.gauss(0, 1))
        data = {"gauge": "ruhrort", "level_cm": level, "low_water_cm": None if happens(chance, 0.02) else _LOW_WATER_CM}
        yield tell("duisport.gauge.level-observed", moment, "ruhrort", ("ruhrort", iso(moment)), data, told_at=told_at)


STREAMS = (
    Stream("containers", timedelta(days=45), _containers),
    Stream("vessels", timedelta(days=65), _vessels),
    Stream("gauge", timedelta(hours=70), _gauge),
)
