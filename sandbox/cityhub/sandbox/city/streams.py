"""Partners whose adapters do not exist yet, simulated as events: lamps, bins, roadworks and more. Pure.

Everything is a function of (seed, local day, thing), so that two runs of the city tell the same story with the same
event ids. Every event is marked synthetic. The numbers are invented; only their order of magnitude is Duisburg's.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cityhub.sandbox.city.timetable import LOCAL
from cityhub.sandbox.city.traffic import lot
from cityhub.sdk.contract import Contract, Contracts
from cityhub.sdk.event import Event, make_event

BOROUGHS = tuple(f"STB{number:02d}" for number in range(1, 8))
OFFICES = (
    "buergerservice-walsum",
    "buergerservice-hamborn",
    "buergerservice-meiderich",
    "buergerservice-homberg",
    "buergerservice-mitte",
    "buergerservice-rheinhausen",
    "buergerservice-sued",
    "strassenverkehrsamt",
)
REFERENCES = {"lamps": 400, "leika_services": 1418, "population": 505_000, "flats": 12_000}
_LAMPS, _BINS, _SERVICES = REFERENCES["lamps"], 210, 300
_DAY = timedelta(days=1)
_LONGEST_CASE = timedelta(days=28)
_LONGEST_WORK = timedelta(days=45)
_CENTRES = (
    (51.5329, 6.7241),
    (51.5010, 6.7736),
    (51.4732, 6.7548),
    (51.4777, 6.6943),
    (51.4229, 6.7718),
    (51.4035, 6.6907),
    (51.3656, 6.7485),
)
"""Latitude and longitude of the middle of each borough."""
_APPLIED_FOR = ("bewohnerparkausweis", "schuelerfahrtkosten", "wohngeld", "urkunde", "hundesteuer")
_CHANNELS = ("online", "email", "post", "phone", "counter")


class Told(Struct, frozen=True):
    """What a stream says happened, before it becomes an event. `key` = natural key in the simulated source."""

    type: str
    time: datetime
    subject: str
    key: tuple[str, ...]
    data: dict[str, Any]
    borough: str = ""
    version: str = "1"


class Stream(Struct, frozen=True):
    """One simulated source. `backfill` = how far back its history begins at the first start."""

    name: str
    backfill: timedelta
    of_day: Callable[[int, date], Iterator[Told]]


def events_between(seed: int, stream: Stream, start: datetime, end: datetime, contracts: Contracts) -> list[Event]:
    """What a stream emits in [start, end), in order of time."""
    day = start.astimezone(LOCAL).date() - _DAY
    told: list[Told] = []
    while day <= end.astimezone(LOCAL).date():
        told += [one for one in stream.of_day(seed, day) if start <= one.time < end]
        day += _DAY
    return [_event(stream, one, contracts[one.type]) for one in sorted(told, key=lambda one: (one.time, one.key))]


def _event(stream: Stream, told: Told, contract: Contract) -> Event:
    key = told.subject if contract.key == "@subject" else str(told.data[contract.key[1:]])
    event = make_event(
        type_=told.type,
        source=f"//cityhub/simulated-city/{contract.partner}/{stream.name}",
        natural_key=told.key,
        version=told.version,
        subject=told.subject,
        time=told.time,
        recorded_at=told.time + timedelta(seconds=2),
        data=told.data,
        partitionkey=key,
        synthetic=True,
    )
    event = replace(event, recordedby="simulated-city/1")
    return replace(event, borough=told.borough, registerversion="simulated-1") if told.borough else event


def _at(day: date, seconds: float) -> datetime:
    """An instant of a local day, by wall clock seconds."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=LOCAL)
    return (midnight + timedelta(seconds=int(seconds))).astimezone(UTC)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _lamps(seed: int, day: date) -> Iterator[Told]:
    """The meters are read in the morning; winter nights are longer, LED lamps dim themselves after midnight."""
    dark_h = 12.0 + 4.2 * _winter(day)
    for number in range(_LAMPS):
        chance = lot(seed, "lamp", number, day)
        lamp = f"lamp-{number:04d}"
        if chance.random() < 0.01:  # noqa: PLR2004 - a meter that did not answer
            continue
        energy = int(dark_h * chance.gauss(24.0, 2.0))
        night = (day - _DAY).isoformat()
        data = {"energy_wh": max(0, energy), "night": night}
        yield Told(
            "de.duisburg.dvv.lamp.energy-metered.v1",
            _at(day, 6 * 3600 + number * 5),
            lamp,
            (lamp, night),
            data,
            BOROUGHS[number % 7],
        )


def _winter(day: date) -> float:
    """−1 at midsummer, +1 at midwinter; a triangle is good enough."""
    from_midwinter = abs((day.timetuple().tm_yday + 10) % 365 - 182.5)
    return from_midwinter / 91.25 - 1


def _bins(seed: int, day: date) -> Iterator[Told]:
    """Each bin reports hourly; it fills during the day and is emptied at six, unless its round fails."""
    for number in range(_BINS):
        name = f"bin-{number:04d}"
        chance = lot(seed, "bin", number, day)
        fill, rate = chance.uniform(0.05, 0.35), chance.uniform(0.010, 0.045)
        if chance.random() < 0.06:  # noqa: PLR2004 - not emptied
            fill = 0.8
        for hour in range(6, 30):
            minute = (number * 7) % 60
            if chance.random() < 0.02:  # noqa: PLR2004 - no radio contact
                continue
            level = min(1.0, fill + rate * (hour - 6) * (1.4 if 9 <= hour <= 21 else 0.5))  # noqa: PLR2004
            moment = _at(day, hour * 3600 + minute * 60)
            data = {"fill": round(level, 2)}
            yield Told(
                "de.duisburg.wbd.bin.level-observed.v1", moment, name, (name, _iso(moment)), data, BOROUGHS[number % 7]
            )


def _appointments(seed: int, day: date) -> Iterator[Told]:
    chance = lot(seed, "appointments", day)
    for number in range(_amount(chance, 160, day)):
        booked = _at(day, chance.triangular(6 * 3600, 23 * 3600, 10 * 3600))
        office = chance.choice(OFFICES)
        slot = _at(day + timedelta(days=1 + int(chance.expovariate(1 / 11))), 8 * 3600 + 900 * chance.randrange(36))
        data = {
            "office": office,
            "service": chance.choice(("personalausweis", "reisepass", "ummeldung", "kfz-zulassung", "fuehrerschein")),
            "booked_at": _iso(booked),
            "slot_start": _iso(slot),
        }
        yield Told("de.duisburg.city.appointment.booked.v1", booked, office, (day.isoformat(), str(number)), data)


def _applications(seed: int, day: date) -> Iterator[Told]:
    """Applications of this day, and decisions of this day about earlier ones."""
    for back in range(_LONGEST_CASE.days + 1):
        submitted_on = day - timedelta(days=back)
        chance = lot(seed, "applications", submitted_on)
        for number in range(_amount(chance, 60, submitted_on)):
            submitted = _at(submitted_on, chance.triangular(0, 86_399, 11 * 3600))
            took = timedelta(days=min(_LONGEST_CASE.days - 1, chance.lognormvariate(1.6, 0.7)), hours=2)
            channel = chance.choices(_CHANNELS, (55, 15, 15, 5, 10))[0]
            service = chance.choice(_APPLIED_FOR)
            answered = chance.random() < 0.97  # noqa: PLR2004 - some never are
            case = f"case-{submitted_on.isoformat()}-{number}"
            data = {"case_id": case, "service": service, "channel": channel}
            if back == 0:
                yield Told("de.duisburg.city.application.submitted.v1", submitted, case, (case, "submitted"), data)
            if (submitted + took).astimezone(LOCAL).date() == day and answered:
                yield Told("de.duisburg.city.application.decided.v1", submitted + took, case, (case, "decided"), data)


def _maturity(seed: int, day: date) -> Iterator[Told]:
    """Each service rises by a level now and then."""
    for number in range(_SERVICES):
        chance = lot(seed, "service", number)
        level = 0
        changed = date(2025, 11, 1) + timedelta(days=chance.randrange(60))
        while changed <= day and level < 3:  # noqa: PLR2004 - OZG maturity ends at 3
            level += 1
            if changed == day:
                service = f"991{number:05d}000000"
                data = {"leika_id": service, "level": level}
                type_ = "de.duisburg.city.service.maturity-changed.v1"
                yield Told(type_, _at(day, 9 * 3600 + number), service, (service, str(level)), data)
            changed += timedelta(days=30 + chance.randrange(300))


def _participation(seed: int, day: date) -> Iterator[Told]:
    chance = lot(seed, "participation", day)
    for number in range(_amount(chance, 35, day)):
        process = f"verfahren-{(day.toordinal() // 40) + chance.randrange(3)}"
        pseudonym = f"p-{process}-{int(chance.expovariate(1 / 120))}"
        data = {"pseudonym": pseudonym, "process": process}
        type_ = "de.duisburg.city.participation.contribution-submitted.v1"
        moment = _at(day, chance.triangular(7 * 3600, 86_399, 19 * 3600))
        yield Told(type_, moment, process, (day.isoformat(), str(number)), data)


def _flats(seed: int, day: date) -> Iterator[Told]:
    """Modernised flats; some records are corrected two days later, few are taken back."""
    for back in (0, 2):
        first_day = day - timedelta(days=back)
        chance = lot(seed, "flats", first_day)
        for number in range(chance.randrange(3)):
            flat = f"flat-{first_day.isoformat()}-{number}"
            area, fate = round(chance.uniform(35, 110), 2), chance.random()
            data: dict[str, Any] = {"flat_id": flat, "version": 1, "modernised": True, "area_m2": area}
            type_ = "de.duisburg.gebag.flat.status-changed.v1"
            if back == 0:
                yield Told(type_, _at(day, 14 * 3600), flat, (flat,), data)
            elif fate < 0.2:  # noqa: PLR2004
                data |= {"version": 2, "area_m2": round(area + 1.5, 2), "withdrawn": fate < 0.03}  # noqa: PLR2004
                yield Told(type_, _at(day, 10 * 3600), flat, (flat,), data, version="2")


def _roadworks(partner: str, seed: int, day: date) -> Iterator[Told]:
    """Works are announced weeks ahead, now and then moved, and closed, or forgotten; all dig in the same few places."""
    for back in range(_LONGEST_WORK.days + 1):
        announced_on = day - timedelta(days=back)
        chance = lot(seed, "roadworks", partner, announced_on)
        for number in range(_amount(chance, 2, announced_on)):
            work = f"{partner}-{announced_on.isoformat()}-{number}"
            place, begin = chance.randrange(42), announced_on + timedelta(days=chance.randrange(1, 26))
            end, moved = begin + timedelta(days=chance.randrange(1, 15)), chance.randrange(1, 40)
            spot = lot(seed, "place", place)
            (lat, lon), borough = _CENTRES[place % 7], BOROUGHS[place % 7]
            data = {
                "owner": partner,
                "mode": chance.choices(("car", "transit", "bike", "foot"), (60, 10, 15, 15))[0],
                "lat": round(lat + spot.uniform(-0.012, 0.012) + chance.uniform(-0.0012, 0.0012), 6),
                "lon": round(lon + spot.uniform(-0.015, 0.015) + chance.uniform(-0.0015, 0.0015), 6),
            }
            told = [("published", announced_on, 9, begin, end, "planned")]
            if (changed_on := announced_on + timedelta(days=moved)) < begin:
                begin, end = begin + timedelta(days=3), end + timedelta(days=3)
                told.append(("changed", changed_on, 11, begin, end, "planned"))
            told.append(("changed", begin, 7, begin, end, "active"))
            if chance.random() < 0.9:  # noqa: PLR2004 - some are forgotten
                told.append(("closed", end - _DAY, 15, begin, end, "closed"))
            for verb, on, hour, first, last, status in told:
                if on == day:
                    data |= {"status": status, "valid_from": _iso(_at(first, 0)), "valid_to": _iso(_at(last, 0))}
                    type_, moment = f"de.duisburg.{partner}.roadwork.{verb}.v1", _at(on, hour * 3600 + 600 * number)
                    yield Told(type_, moment, work, (work, verb, _iso(moment)), {**data}, borough)


def _references(_: int, day: date) -> Iterator[Told]:
    """Denominators, valid from the beginning of their year."""
    if day.month == 1 and day.day == 1:
        for name, value in REFERENCES.items():
            moment = _at(day, 0)
            data = {"name": name, "value": value, "unit": "1", "valid_from": _iso(moment)}
            yield Told("de.duisburg.city.reference.set.v1", moment, name, (name, day.isoformat()), data)


def _amount(chance: random.Random, usual: int, day: date) -> int:
    """How many on a day; few on Sundays."""
    share = (1.0, 1.1, 0.9, 1.0, 0.7, 0.25, 0.15)[day.weekday()]
    return max(0, round(chance.gauss(usual * share, usual**0.5)))


STREAMS = (
    Stream("references", timedelta(days=400), _references),
    Stream("lamps", timedelta(hours=100), _lamps),
    Stream("bins", timedelta(hours=48), _bins),
    Stream("appointments", timedelta(hours=70), _appointments),
    Stream("applications", timedelta(days=29), _applications),
    Stream("maturity", timedelta(days=399), _maturity),
    Stream("participation", timedelta(days=29), _participation),
    Stream("flats", timedelta(days=399), _flats),
    *(Stream(f"roadworks-{who}", timedelta(days=60), partial(_roadworks, who)) for who in ("city", "wbd", "dvv")),
)
