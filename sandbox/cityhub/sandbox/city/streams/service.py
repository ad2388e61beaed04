"""The city's service: maturity of services, robots, the order office, parking tickets. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import chain

from cityhub.sandbox.city.streams.lamps import sounds
from cityhub.sandbox.city.streams.story import DAY, Stream, Told, amount, at, happens, iso, local_day, pick, tell
from cityhub.sandbox.city.traffic import lot

_SERVICES = 300
_PROCESSES = (("rechnungseingang", 420), ("meldebestaetigung", 300), ("stammdaten", 180), ("aktenablage", 0))
"""Name and seconds that a person needs; 0 = nobody measured."""


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
                yield Told(type_, at(day, 9 * 3600 + number), service, (service, str(level)), data)
            changed += timedelta(days=30 + chance.randrange(300))


def _robots(seed: int, day: date) -> Iterator[Told]:
    """Jobs of software robots, round the clock; some processes are not timed."""
    chance = lot(seed, "robots", day)
    for number in range(amount(chance, 260, day)):
        process, manual_s = chance.choice(_PROCESSES)
        data = {
            "process": process,
            "outcome": pick(chance, {"ok": 0.91, "exception": 0.09}),
            "manual_s": round(manual_s * chance.uniform(0.8, 1.3)) if manual_s else None,
            "robot_s": round(manual_s * chance.uniform(0.1, 0.3)) if manual_s else None,
        }
        yield tell("city.rpa.job-finished", at(day, chance.uniform(0, 86_399)), process, (day, number), data)


def _dispatches(seed: int, day: date) -> Iterator[Told]:
    """The order office sends somebody to most alerts of the lamps."""
    for sound in chain(sounds(seed, day - DAY), sounds(seed, day)):
        if sound.dispatched_at and local_day(sound.dispatched_at) == day:
            received = sound.raised_at + timedelta(seconds=4)
            known = happens(lot(seed, "received", sound.id), 0.95)
            data = {
                "alert": sound.id,
                "received_at": iso(received) if known else None,
                "dispatched_at": iso(sound.dispatched_at),
                "sounded_at": iso(sound.sounded_at) if known or sound.confirmed else None,
            }
            key = (sound.id, "dispatched")
            yield tell("city.order.alert-dispatched", sound.dispatched_at, sound.id, key, data)


def _closings(seed: int, day: date) -> Iterator[Told]:
    for sound in chain(sounds(seed, day - DAY), sounds(seed, day)):
        if local_day(sound.closed_at) == day:
            data = {"alert": sound.id, "confirmed": sound.confirmed}
            yield tell("city.order.alert-closed", sound.closed_at, sound.id, (sound.id, "closed"), data)


def _parking_tickets(seed: int, day: date) -> Iterator[Told]:
    """Paid parking of a month, settled on the third of the next one; nobody says more than the zone."""
    if day.day != 3:  # noqa: PLR2004
        return
    paid_on = (day.replace(day=1) - DAY).replace(day=1)
    while paid_on < day.replace(day=1):
        chance = lot(seed, "tickets", paid_on)
        for number in range(amount(chance, 110, paid_on)):
            zone = chance.randrange(12)
            data = {
                "method": pick(chance, {"cashless": 0.58, "cash": 0.42}),
                "amount_eur": chance.choice((0.5, 1.0, 1.5, 2.0, 3.0, 4.5, 6.0)),
                "zone": f"zone-{zone}" if zone else None,
            }
            moment, told_at = at(paid_on, chance.triangular(25_200, 79_200, 43_200)), at(day, 21_600)
            yield tell("city.parking.ticket-paid", moment, f"automat-{zone}", (paid_on, number), data, told_at=told_at)
        paid_on += DAY


STREAMS = (
    Stream("maturity", timedelta(days=399), _maturity),
    Stream("robots", timedelta(days=6), _robots),
    Stream("dispatches", timedelta(days=6), _dispatches),
    Stream("closings", timedelta(days=28), _closings),
    Stream("parking-tickets", timedelta(days=55), _parking_tickets),
)
