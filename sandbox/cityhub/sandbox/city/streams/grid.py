"""Grids of power, gas, heat and water: alarms, outages, meters, loads, water fed in and billed. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from cityhub.sandbox.city.streams.ladder import Ladder
from cityhub.sandbox.city.streams.story import (
    BOROUGHS,
    DAY,
    Stream,
    Told,
    at,
    happens,
    iso,
    local_day,
    pick,
    tell,
    winter,
)
from cityhub.sandbox.city.traffic import lot

_MEDIA = {"power": 0.6, "gas": 0.15, "water": 0.25}
_AREAS, _ZONES = 46, 5
_METERS = {"power": 6_000, "gas": 1_500, "water": 2_300}
"""Meters of an area on average."""
_LOADS = (
    ("zone-1", "power", 15, 9_000_000),
    ("zone-2", "power", 15, 6_000_000),
    ("zone-1", "gas", 60, 80_000_000),
    ("zone-2", "heat", 15, 7_000_000),
)
"""Zone, medium, minutes of a measuring period and its usual energy in Wh."""
_SMART = {medium: Ladder(f"meters-{medium}", _AREAS, 24, date(2024, 5, 1), 300, 90) for medium in _METERS}


def _alarms(seed: int, day: date) -> Iterator[Told]:
    """Alarms raised on a day and alarms acknowledged on it; few are overlooked."""
    for raised_on in (day - DAY, day):
        chance = lot(seed, "alarms", raised_on)
        for number in range(12 + chance.randrange(14)):
            alarm, raised = f"netzalarm-{raised_on}-{number}", at(raised_on, chance.uniform(0, 86_399))
            done = raised + timedelta(seconds=30 + round(chance.lognormvariate(5.4, 0.9)))
            data = {"alarm": alarm, "medium": pick(chance, _MEDIA)}
            seen = happens(chance, 0.98)
            if raised_on == day:
                yield tell("dvv.grid.alarm-raised", raised, alarm, (alarm, "raised"), data)
            if seen and local_day(done) == day:
                yield tell("dvv.grid.alarm-acknowledged", done, alarm, (alarm, "acknowledged"), data)


def _outages(seed: int, day: date) -> Iterator[Told]:
    """Interruptions of a day; some are corrected after five days, few are taken back."""
    for back in (0, 5):
        ended_on = day - back * DAY
        chance = lot(seed, "outages", ended_on)
        for number in range(pick(chance, {"": 0.45, "x": 0.35, "xx": 0.15, "xxx": 0.05}).count("x")):
            outage, fate = f"ausfall-{ended_on}-{number}", chance.random()
            minutes, customers = 5 + round(chance.lognormvariate(3.7, 0.7)), 1 + round(chance.lognormvariate(4.6, 1.1))
            moment = at(ended_on, chance.uniform(3_600, 86_000))
            data = {
                "outage": outage,
                "version": 1,
                "medium": pick(chance, _MEDIA),
                "minutes": minutes,
                "customers": min(customers, 50_000),
            }
            if back == 0:
                yield tell("dvv.grid.outage-ended", moment, outage, (outage,), data)
            elif fate < 0.15:  # noqa: PLR2004
                data |= {"version": 2, "minutes": minutes + 4, "withdrawn": True if fate < 0.02 else None}  # noqa: PLR2004
                told_at = at(day, 32_400)
                yield tell("dvv.grid.outage-ended", moment, outage, (outage,), data, version=2, told_at=told_at)


def _meters(seed: int, day: date) -> Iterator[Told]:
    """Each area says how many meters it has now; old ones go, smart ones come."""
    for medium, ladder in _SMART.items():
        for number, step in ladder.news(seed, day):
            meters = round(_METERS[medium] * lot(seed, "area", medium, number).uniform(0.4, 1.6))
            area, verb = f"gebiet-{number + 1:02d}", "removed" if step % 6 == 0 else "installed"
            subject = f"{area}:{medium}"
            data = {"area": area, "medium": medium, "meters": meters - 3 * step, "smart": meters * step // 40}
            moment, borough = at(day, 40_000 + number), BOROUGHS[number % 7]
            yield tell(f"dvv.meter.{verb}", moment, subject, (subject, day), data, borough=borough)


_LAST_QUARTER = 85_500
"""When the last quarter of an hour of a day begins, by the clock."""


def _fed_in(seed: int, zone: int, day: date) -> int:
    return round(
        17_000 * (0.7 + 0.15 * zone) * lot(seed, "fed-in", zone, day).uniform(0.93, 1.07) * (1 - 0.08 * winter(day))
    )


def _water(seed: int, day: date) -> Iterator[Told]:
    """Fed in: known on the next morning; of few days substitute values are replaced, or taken back, two days later."""
    for number in range(_ZONES):
        zone, chance = f"zone-{number + 1}", lot(seed, "water", number, day - 3 * DAY)
        volume = {"zone": zone, "volume_m3": _fed_in(seed, number, day)}
        data = volume | {"period": day.isoformat(), "version": 1}
        told_at = at(day + DAY, 19_800)
        yield tell("dvv.water.fed-in", at(day, _LAST_QUARTER), zone, (zone, day), data, told_at=told_at)
        if happens(chance, 0.04):
            before = day - 3 * DAY
            withdrawn, fed_in = happens(chance, 0.2), _fed_in(seed, number, before)
            data = {
                "zone": zone,
                "period": before.isoformat(),
                "version": 2,
                "withdrawn": True if withdrawn else None,
                "volume_m3": fed_in if withdrawn else round(1.01 * fed_in),
            }
            moment, told_at = at(before, _LAST_QUARTER), at(day, 30_000)
            yield tell("dvv.water.fed-in", moment, zone, (zone, before), data, version=2, told_at=told_at)


def _loads(seed: int, day: date) -> Iterator[Told]:
    """Of the day before, known in the morning; substitute values are replaced, or taken back, a day later."""
    for back, told_at in ((1, at(day, 20_700)), (2, at(day, 31_500))):
        measured_on = day - back * DAY
        begin, end = at(measured_on, 0), at(measured_on + DAY, 0)
        for zone, medium, minutes, usual_wh in _LOADS:
            chance = lot(seed, "loads", zone, medium, measured_on)
            level = usual_wh * (1 + (0.1 if medium == "power" else 0.7) * winter(measured_on))
            for number in range((end - begin) // timedelta(minutes=minutes)):
                moment = begin + number * timedelta(minutes=minutes)
                energy_wh, substitute = round(level * chance.uniform(0.6, 1.4)), happens(chance, 0.03)
                if back > 1 and not substitute:
                    continue
                withdrawn = back > 1 and happens(chance, 0.2)
                key = zone, medium, f"{moment:%Y-%m-%dT%H:%MZ}"
                data = {
                    **dict(zip(("zone", "medium", "period"), key, strict=True)),
                    "minutes": minutes,
                    "created": iso(told_at),
                    "withdrawn": True if withdrawn else None,
                    "energy_wh": None if withdrawn else round(energy_wh * (1 if back == 1 else 1.02)),
                    "quality": None if withdrawn else "substitute" if back == 1 and substitute else "measured",
                }
                yield tell("dvv.load.measured", moment, zone, key, data, version=back, told_at=told_at)


def _water_bills(seed: int, day: date) -> Iterator[Told]:
    """What a month's meters say, on the 20th of the next month and, where values were estimated, of the one after."""
    if day.day != 20:  # noqa: PLR2004
        return
    last = day.replace(day=1) - DAY
    for version, month_end in ((1, last), (2, last.replace(day=1) - DAY)):
        for number in range(_ZONES):
            zone, chance = f"zone-{number + 1}", lot(seed, "billed", number, month_end)
            fed = sum(_fed_in(seed, number, month_end.replace(day=1 + one)) for one in range(month_end.day))
            estimated, share = happens(chance, 0.4), chance.uniform(0.9, 0.95)
            if version == 1 or estimated:
                data = {
                    "zone": zone,
                    "period": month_end.isoformat()[:7],
                    "version": version,
                    "withdrawn": True if version > 1 and happens(chance, 0.08) else None,
                    "meters": 20_000 + 900 * number,
                    "volume_m3": round(fed * share * (1 if version == 1 else 1.004)),
                }
                moment, told_at, key = at(month_end, 43_200), at(day, 36_000 + number), (zone, month_end)
                yield tell("dvv.water.billed", moment, zone, key, data, version=version, told_at=told_at)


STREAMS = (
    Stream("alarms", timedelta(days=6), _alarms),
    Stream("outages", timedelta(days=390), _outages),
    Stream("meters", timedelta(days=399), _meters),
    Stream("loads", timedelta(hours=70), _loads),
    Stream("water", timedelta(days=86), _water),
    Stream("water-bills", timedelta(days=335), _water_bills),
)
