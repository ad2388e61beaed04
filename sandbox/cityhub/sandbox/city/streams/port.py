"""The port: containers, vessels, the gauge. Pure. One visit in twenty-five is told, so that the hub stays small."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from cityhub.sandbox.city.streams.sensor import readings
from cityhub.sandbox.city.streams.story import DAY, Stream, Told, amount, at, happens, iso, local_day, pick, tell
from cityhub.sandbox.city.traffic import lot

_LONGEST_DWELL_D, _LONGEST_STAY_D = 20, 6
_MODES = {"truck": 0.42, "rail": 0.28, "barge": 0.3}


def _containers(seed: int, day: date) -> Iterator[Told]:
    """Containers that come on a day, and those that leave on it after some days; few are only planned to."""
    for back in range(_LONGEST_DWELL_D + 1):
        came_on = day - back * DAY
        chance = lot(seed, "containers", came_on)
        for number in range(amount(chance, 110, came_on)):
            visit = f"aufenthalt-{came_on}-{number}"
            arrived = at(came_on, chance.triangular(0, 86_399, 36_000))
            left = arrived + timedelta(days=min(_LONGEST_DWELL_D - 1.0, chance.lognormvariate(1.0, 0.7)), hours=1)
            teu, came_by, goes_by = chance.choice((1.0, 2.0, 2.0, 2.25)), pick(chance, _MODES), pick(chance, _MODES)
            data = {"visit": visit, "container": f"SIMU{chance.randrange(10**6):06d}", "teu": teu}
            planned = happens(chance, 0.04)
            if back == 0:
                verb = "discharged" if came_by == "barge" else "gated-in"
                yield _move(verb, arrived, data | {"mode": came_by, "classifier": "ACT"})
                if planned:
                    soon = arrived + timedelta(minutes=5)
                    yield _move("gated-out", soon, data | {"mode": "truck", "classifier": "PLN"})
            if local_day(left) == day:
                verb = "loaded" if goes_by == "barge" else "gated-out"
                yield _move(verb, left, data | {"mode": goes_by, "classifier": "ACT"})


def _move(verb: str, moment: datetime, data: dict[str, object]) -> Told:
    visit = str(data["visit"])
    return tell(f"duisport.container.{verb}", moment, visit, (visit, verb, data["classifier"]), data)


def _vessels(seed: int, day: date) -> Iterator[Told]:
    for back in range(_LONGEST_STAY_D + 1):
        came_on = day - back * DAY
        chance = lot(seed, "vessels", came_on)
        for number in range(18 + chance.randrange(12)):
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
        data = {"gauge": "ruhrort", "level_cm": level}
        yield tell("duisport.gauge.level-observed", moment, "ruhrort", ("ruhrort", iso(moment)), data, told_at=told_at)


STREAMS = (
    Stream("containers", timedelta(days=45), _containers),
    Stream("vessels", timedelta(days=29), _vessels),
    Stream("gauge", timedelta(hours=70), _gauge),
)
