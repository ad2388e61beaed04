"""Sewers, irrigation and autonomous vehicles of WBD. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from cityhub.sandbox.city.streams.ladder import Ladder
from cityhub.sandbox.city.streams.sensor import by_day, readings
from cityhub.sandbox.city.streams.story import BOROUGHS, Stream, Told, amount, at, happens, iso, pick, tell, winter
from cityhub.sandbox.city.traffic import lot

_GAUGES, _VEHICLES = 24, 6
_SEGMENTS = Ladder("segment", 300, 2, date(2024, 1, 1), 2_400, 1_500)


def _levels(seed: int, day: date) -> Iterator[Told]:
    """Levels follow the town's day; on some days a shower fills the sewers within minutes."""
    rain = lot(seed, "rain", day)
    shower_at = rain.uniform(0, 24) if happens(rain, 0.35) else 99.0
    strength = rain.expovariate(1 / 0.45)
    for number in range(_GAUGES):
        name, basin = f"pegel-{number:02d}", lot(seed, "basin", number).uniform(0.5, 1.2)
        for moment, hour, told_at, chance in readings(seed, "sewer", number, day, 900):
            since = hour - shower_at - 0.1 * (number % 5)
            storm = strength * max(0.0, 1 - since / 3) if since >= 0 else 0.0
            level = max(0.02, basin * (0.12 + 0.15 * by_day(hour) + storm) + chance.gauss(0, 0.01))
            flow = -round(20 * level, 1) if level > 1 else round(210 * level * basin, 1)
            data = {"level_ratio": round(min(level, 3.0), 3), "flow": None if number % 8 == 0 else flow}
            key, borough = (name, iso(moment)), BOROUGHS[number % 7]
            yield tell("wbd.sewer.level-observed", moment, name, key, data, borough=borough, told_at=told_at)


def _segments(seed: int, day: date) -> Iterator[Told]:
    """Segments get sensors; few lose them again, at their second step."""
    for number, step in _SEGMENTS.news(seed, day):
        name = f"haltung-{number:03d}"
        lasting = number % 10 != 0
        data = {"segment": name, "length_m": 60 + number * 37 % 900, "instrumented": step == 1 or lasting}
        moment, borough = at(day, 36_000 + number), BOROUGHS[number % 7]
        yield tell("wbd.sewer.segment-instrumented", moment, name, (name, day), data, borough=borough)


def _cleanings(seed: int, day: date) -> Iterator[Told]:
    chance = lot(seed, "cleaning", day)
    for number in range(amount(chance, 7, day)):
        borough = chance.randrange(7)
        data = {
            "length_m": 40 + round(chance.lognormvariate(5, 0.6)),
            "trigger": pick(chance, {"other": 0.72, "sensor": 0.28}),
        }
        moment, name = at(day, 25_200 + chance.randrange(30_000)), f"haltung-{chance.randrange(3_000):04d}"
        yield tell("wbd.sewer.cleaned", moment, name, (day, number), data, borough=BOROUGHS[borough])


def _irrigation(seed: int, day: date) -> Iterator[Told]:
    """Many sites in summer, young trees in winter."""
    chance = lot(seed, "irrigation", day)
    for number in range(max(1, round(12 - 11 * winter(day)))):
        site = f"anlage-{number:02d}"
        baseline = 400 + 100 * chance.randrange(40)
        data = {"litres": round(baseline * min(1.1, chance.gauss(0.68, 0.15))), "baseline_litres": baseline}
        moment = at(day, 14_400 + number * 300)
        yield tell("wbd.irrigation.run-finished", moment, site, (site, day), data, borough=BOROUGHS[number % 7])


def _missions(seed: int, day: date) -> Iterator[Told]:
    for number in range(_VEHICLES):
        vehicle, chance = f"fahrzeug-{number}", lot(seed, "mission", number, day)
        for mission in range(chance.choice((0, 1, 2, 2)) if day.weekday() < 6 else 0):  # noqa: PLR2004
            km = round(chance.uniform(2, 18), 1)
            alone = round(km * chance.uniform(0.5, 0.98), 1)
            data = {"km": km, "autonomous_km": alone, "interventions": int(chance.expovariate(1 / 2))}
            moment = at(day, 32_400 + mission * 16_000 + chance.randrange(9_000))
            yield tell("wbd.vehicle.mission-finished", moment, vehicle, (vehicle, day, mission), data)


STREAMS = (
    Stream("sewer-levels", timedelta(hours=48), _levels),
    Stream("segments", timedelta(days=399), _segments),
    Stream("cleanings", timedelta(days=89), _cleanings),
    Stream("irrigation", timedelta(days=29), _irrigation),
    Stream("missions", timedelta(days=29), _missions),
)
