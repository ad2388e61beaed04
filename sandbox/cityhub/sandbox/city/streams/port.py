"""The port: containers, vessels, the gauge. Pure. One visit in twenty-five is told, so that the hub stays small."""

from __future__ import annotations

import hashlib
import math
import random
import string
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache

from msgspec import Struct

from cityhub.sandbox.city.streams.closures import passes
from cityhub.sandbox.city.streams.sensor import readings
from cityhub.sandbox.city.streams.story import DAY, Stream, Told, amount, at, iso, local_day, pick, tell
from cityhub.sandbox.city.traffic import lot

_LOW_WATER_CM = 233
_LONGEST_DWELL_D, _LONGEST_QUEUE_D, _LONGEST_STAY_D = 20, 3, 6
_MODES = {"truck": 0.42, "rail": 0.28, "barge": 0.3}
_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)
SEEN = timedelta(minutes=6)
"""A vessel has arrived or left when it has lain, or been away, for a while: so much later it is known."""


class Visit(Struct, frozen=True):
    """A container in the port.

    Attributes:
        id: container and booking. planned: classifier of its announced coming and leaving, None without one.
    """

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
        came_at = at(day, chance.triangular(0, 86_399, 36_000)).replace(second=0)
        dwell = timedelta(days=min(_LONGEST_DWELL_D - 1.0, chance.lognormvariate(1.0, 0.7)), hours=1)
        container, teu = _container(chance.randrange(10**6)), chance.choice((1.0, 2.0, 2.0, 2.25))
        came_by, left_by = pick(chance, _MODES), pick(chance, _MODES)
        planned = pick(chance, {"": 0.96, "PLN": 0.02, "EST": 0.02}) or None
        id_ = f"{container}/B{day:%y%m%d}{number:03d}"
        left_at = passes(seed, came_at + dwell) if left_by == "truck" else came_at + dwell
        found.append(Visit(id_, container, teu, came_at, came_by, _whole_minute(left_at), left_by, planned))
    return tuple(found)


def _whole_minute(moment: datetime) -> datetime:
    """The next one: the gate's clock has no seconds."""
    return moment.replace(second=0, microsecond=0) + (_MINUTE if moment.second or moment.microsecond else timedelta())


def _container(number: int) -> str:
    """A number of invented owner SIM with its check digit (ISO 6346)."""
    text = f"SIMU{number:06d}"
    letters = {one: 10 + place + (place + 9) // 10 for place, one in enumerate(string.ascii_uppercase)}
    values = (letters.get(one) or int(one) for one in text)
    return text + str(sum(value << place for place, value in enumerate(values)) % 11 % 10)


def _containers(seed: int, day: date) -> Iterator[Told]:
    """Containers that come on a day and those that leave on it; the terminal tells of an hour at its end."""
    for visit in _visits(seed, day):
        yield _move(_coming(visit), visit, visit.came_at, visit.came_by)
    for back in range(_LONGEST_DWELL_D + _LONGEST_QUEUE_D + 1):
        for visit in _visits(seed, day - back * DAY):
            if local_day(visit.left_at) == day:
                yield _move(_leaving(visit), visit, visit.left_at, visit.left_by)


def _announced(seed: int, day: date) -> Iterator[Told]:
    """What carriers plan or estimate of few containers: that they come, some hours before, and that they leave."""
    for visit in _visits(seed, day):
        if visit.planned:
            before, after = max(at(day, 0), visit.came_at - 6 * _HOUR), visit.came_at + 5 * _MINUTE
            yield _move(_coming(visit), visit, before, visit.came_by, visit.planned)
            yield _move(_leaving(visit), visit, after, visit.left_by, visit.planned)


def _coming(visit: Visit) -> str:
    return "discharged" if visit.came_by == "barge" else "gated-in"


def _leaving(visit: Visit) -> str:
    return "loaded" if visit.left_by == "barge" else "gated-out"


def _move(verb: str, visit: Visit, moment: datetime, mode: str, classifier: str = "ACT") -> Told:
    data = {
        "visit": visit.id,
        "container": visit.container,
        "teu": visit.teu,
        "mode": mode,
        "classifier": classifier,
    }
    told_at = moment.replace(minute=0) + _HOUR if classifier == "ACT" else None
    return tell(f"duisport.container.{verb}", moment, visit.id, (visit.id, verb, classifier), data, told_at=told_at)


def _vessels(seed: int, day: date) -> Iterator[Told]:
    for back in range(_LONGEST_STAY_D + 1):
        came_on = day - back * DAY
        chance = lot(seed, "vessels", came_on)
        for _ in range(14 + chance.randrange(10)):
            arrived = at(came_on, chance.uniform(0, 86_399))
            lies_h = min(24.0 * (_LONGEST_STAY_D - 1), 1 + chance.lognormvariate(2.3, 0.6))
            left = arrived + timedelta(seconds=int(lies_h * 3600))
            berth = _berth(chance)
            data = {"stay": _stay(berth, arrived), "berth": berth}
            for verb, moment in (("arrived", arrived), ("departed", left)):
                if local_day(moment) == day:
                    yield _seen(verb, moment, data)


def _seen(verb: str, moment: datetime, data: dict[str, str | None]) -> Told:
    subject = data["berth"] or "unbekannt"
    return tell(f"duisport.vessel.{verb}", moment, subject, (data["stay"], verb), data, told_at=moment + SEEN)


def _stay(berth: str | None, arrived: datetime) -> str:
    return hashlib.sha256(f"{berth or ''}/{iso(arrived)}".encode()).hexdigest()[:16]


def _berth(chance: random.Random) -> str | None:
    number = chance.randrange(21)
    return f"liegeplatz-{number:02d}" if number else None


def _gauge(seed: int, day: date) -> Iterator[Told]:
    """The Rhine at Ruhrort: low in autumn, and a little of its own will every day. A lock has no low water."""
    season = 330 + 170 * math.cos((day.timetuple().tm_yday - 45) / 365 * math.tau)
    today, tomorrow = (lot(seed, "rhine", one).gauss(0, 35) for one in (day, day + DAY))
    for moment, hour, told_at, chance in readings(seed, "gauge", 0, day, 900):
        level = round(season + today + (tomorrow - today) * hour / 24 + chance.gauss(0, 1))
        yield _level("ruhrort", moment, told_at, level, _LOW_WATER_CM)
    for moment, _, told_at, chance in readings(seed, "lock", 0, day, 3600):
        yield _level("sim-schleuse-uw", moment, told_at, round(chance.gauss(290, 4)), None)


def _level(gauge: str, moment: datetime, told_at: datetime | None, level: int, low: int | None) -> Told:
    data = {"gauge": gauge, "level_cm": level, "low_water_cm": low}
    return tell("duisport.gauge.level-observed", moment, gauge, (gauge, iso(moment)), data, told_at=told_at)


STREAMS = (
    Stream("containers", timedelta(days=45), _containers),
    Stream("announced-containers", timedelta(days=45), _announced),
    Stream("vessels", timedelta(days=65), _vessels),
    Stream("gauge", timedelta(hours=70), _gauge),
)
