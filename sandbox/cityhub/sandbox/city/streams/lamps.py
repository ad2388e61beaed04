"""Smart lamps: energy, air, traffic, parking, sounds. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from msgspec import Struct

from cityhub.sandbox.city.streams.references import REFERENCES
from cityhub.sandbox.city.streams.sensor import by_day, readings
from cityhub.sandbox.city.streams.story import BOROUGHS, DAY, Stream, Told, at, happens, iso, pick, tell, winter
from cityhub.sandbox.city.traffic import lot

_LAMPS = REFERENCES["lamps"]
_CLIMATE, _CAMERAS, _SLOTS = 24, 8, 30


def _lamps(seed: int, day: date) -> Iterator[Told]:
    """The meters are read in the morning; winter nights are longer, LED lamps dim themselves after midnight."""
    dark_h = 12.0 + 4.2 * winter(day)
    for number in range(_LAMPS):
        chance = lot(seed, "lamp", number, day)
        lamp = f"lamp-{number:04d}"
        if chance.random() < 0.01:  # noqa: PLR2004 - a meter that did not answer
            continue
        energy = int(dark_h * chance.gauss(24.0, 2.0))
        night = (day - DAY).isoformat()
        data = {"energy_wh": max(0, energy), "night": night}
        yield Told(
            "de.duisburg.dvv.lamp.energy-metered.v1",
            at(day, 6 * 3600 + number * 5),
            lamp,
            (lamp, night),
            data,
            BOROUGHS[number % 7],
        )


def _environment(seed: int, day: date) -> Iterator[Told]:
    """Air at every smart lamp with a climate sensor; here and there a probe fails for a day."""
    mean_c = 10.5 - 9.0 * winter(day) + lot(seed, "weather", day).gauss(0, 3)
    for number in range(_CLIMATE):
        lamp = f"lamp-{number:04d}"
        faulty = pick(
            lot(seed, "probe", number, day), {"": 0.88, "co2_ppm": 0.06, "humidity": 0.03, "temperature_c": 0.03}
        )
        for moment, hour, told_at, chance in readings(seed, "environment", number, day, 900):
            warm = -4.0 * math.cos((hour - 3) / 24 * math.tau)
            data = {
                "co2_ppm": round(415 + 60 * by_day(hour) + chance.gauss(0, 8)),
                "temperature_c": round(mean_c + warm + chance.gauss(0, 0.3), 1) + 0.0,  # never -0.0
                "humidity": round(min(100.0, max(15.0, 76 + 8 * winter(day) - 3 * warm + chance.gauss(0, 2))), 1),
            } | ({faulty: None} if faulty else {})
            key, borough = (lamp, iso(moment)), BOROUGHS[number % 7]
            yield tell("dvv.lamp.environment-observed", moment, lamp, key, data, borough=borough, told_at=told_at)


def _traffic(seed: int, day: date) -> Iterator[Told]:
    """Vehicles passing some lamps, by class; slower when there are many."""
    for number in range(_CAMERAS):
        lamp, road = f"lamp-{number:04d}", lot(seed, "road", number).uniform(60, 180)
        for moment, hour, told_at, chance in readings(seed, "traffic", number, day, 900):
            for kind, share in (("car", 0.9), ("truck", 0.1)):
                usual = road * share * by_day(hour) * (0.7 if day.weekday() > 4 else 1.0)  # noqa: PLR2004
                vehicles = max(0, round(chance.gauss(usual, usual**0.5)))
                speed = round(max(8.0, chance.gauss(46 - 14 * by_day(hour), 3)), 1)
                data = {"vehicles": vehicles, "mean_speed": speed if vehicles else None, "vehicle_class": kind}
                key, borough = (lamp, kind, iso(moment)), BOROUGHS[number % 7]
                yield tell("dvv.lamp.traffic-observed", moment, lamp, key, data, borough=borough, told_at=told_at)


def _parking(seed: int, day: date) -> Iterator[Told]:
    """Parking slots seen from lamps: taken by day, and a car stays for a while."""
    for number in range(_SLOTS):
        slot, occupied = f"stellplatz-{number:03d}", number % 3 == 0
        for moment, hour, told_at, chance in readings(seed, "parking", number, day, 900):
            if happens(chance, 0.3):
                occupied = happens(chance, 0.25 + 0.68 * by_day(hour))
            data = {"slot": slot, "occupied": occupied}
            key, borough = (slot, iso(moment)), BOROUGHS[number % 7]
            yield tell("dvv.lamp.parking-observed", moment, slot, key, data, borough=borough, told_at=told_at)


class Sound(Struct, frozen=True):
    """An audio alert and what became of it. Attributes: dispatched_at = None, when nobody was sent."""

    id: str
    lamp: int
    sounded_at: datetime
    raised_at: datetime
    dispatched_at: datetime | None
    closed_at: datetime
    confirmed: bool


def sounds(seed: int, day: date) -> Iterator[Sound]:
    """The alerts of a day."""
    chance = lot(seed, "sounds", day)
    for number in range(4 + chance.randrange(6)):
        sounded_at = at(day, chance.triangular(0, 86_000, 79_000))
        raised_at = sounded_at + timedelta(seconds=2 + chance.randrange(20))
        sent_at = raised_at + timedelta(seconds=round(chance.lognormvariate(5.6, 0.6)))
        sent = happens(chance, 0.9)
        closed_at = sent_at + timedelta(minutes=15 + chance.randrange(240))
        confirmed = sent and happens(chance, 0.55)
        lamp = chance.randrange(_LAMPS)
        yield Sound(
            f"alarm-{day}-{number}", lamp, sounded_at, raised_at, sent_at if sent else None, closed_at, confirmed
        )


def _audio_alerts(seed: int, day: date) -> Iterator[Told]:
    for sound in sounds(seed, day):
        chance = lot(seed, "sound", sound.id)
        data = {
            "alert": sound.id,
            "lamp": f"lamp-{sound.lamp:04d}",
            "sound": pick(chance, {"glass": 0.4, "scream": 0.3, "bang": 0.3}),
            "confidence": round(chance.uniform(0.6, 0.99), 2),
            "sounded_at": iso(sound.sounded_at),
        }
        lamp, borough = data["lamp"], BOROUGHS[sound.lamp % 7]
        yield tell("dvv.lamp.audio-alert-raised", sound.raised_at, str(lamp), (sound.id,), data, borough=borough)


STREAMS = (
    Stream("lamps", timedelta(hours=100), _lamps),
    Stream("environment", timedelta(hours=48), _environment),
    Stream("traffic", timedelta(hours=48), _traffic),
    Stream("parking-slots", timedelta(hours=48), _parking),
    Stream("audio-alerts", timedelta(days=6), _audio_alerts),
)
