"""Appointments at the citizens' service: booked, kept or missed, and how many are left. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct

from cityhub.sandbox.city.streams.story import Stream, Told, amount, at, happens, iso, tell
from cityhub.sandbox.city.traffic import lot

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
_SERVICES = ("personalausweis", "reisepass", "ummeldung")
_SERVICES_OF = {"strassenverkehrsamt": ("kfz-zulassung", "fuehrerschein")}


def _appointments(seed: int, day: date) -> Iterator[Told]:
    chance = lot(seed, "appointments", day)
    for number in range(amount(chance, 160, day)):
        booked = at(day, chance.triangular(6 * 3600, 23 * 3600, 10 * 3600))
        office = chance.choice(OFFICES)
        slot = at(day + timedelta(days=1 + int(chance.expovariate(1 / 11))), 8 * 3600 + 900 * chance.randrange(36))
        data = {
            "office": office,
            "service": chance.choice(("personalausweis", "reisepass", "ummeldung", "kfz-zulassung", "fuehrerschein")),
            "booked_at": iso(booked),
            "slot_start": iso(slot),
        }
        yield Told("de.duisburg.city.appointment.booked.v1", booked, office, (day.isoformat(), str(number)), data)


class Visit(Struct, frozen=True):
    """Somebody at an office. Attributes: slot_start = None without an appointment; called_at = None, nobody came."""

    id: str
    office: str
    service: str
    slot_start: datetime | None
    checked_in_at: datetime
    called_at: datetime | None
    satisfaction: float | None


def _visits_of(seed: int, day: date) -> Iterator[Visit]:
    chance = lot(seed, "visits", day)
    for number in range(amount(chance, 100, day)):
        office = chance.choice(OFFICES)
        slot = at(day, 8 * 3600 + 900 * chance.randrange(36))
        walk_in = happens(chance, 0.15)
        checked_in = slot + timedelta(seconds=round(chance.gauss(-420, 400)))
        called = max(slot, checked_in) + timedelta(seconds=round(chance.expovariate(1 / 540)))
        missed = not walk_in and happens(chance, 0.11)
        satisfied = round(min(1.0, max(0.0, chance.gauss(0.78, 0.2))), 2)
        yield Visit(
            f"termin-{day}-{number}",
            office,
            chance.choice(_SERVICES_OF.get(office, _SERVICES)),
            None if walk_in else slot,
            slot if missed else checked_in,
            None if missed else called,
            satisfied if happens(chance, 0.4) else None,
        )


def _counters(seed: int, day: date) -> Iterator[Told]:
    for visit in _visits_of(seed, day):
        if visit.called_at is None:
            continue
        slot = iso(visit.slot_start) if visit.slot_start else None
        data = {"appointment": visit.id, "office": visit.office, "service": visit.service, "slot_start": slot}
        came = (visit.id, "checked-in")
        yield tell("city.appointment.checked-in", visit.checked_in_at, visit.office, came, data)
        data |= {"checked_in_at": iso(visit.checked_in_at), "called_at": iso(visit.called_at)}
        yield tell("city.appointment.called", visit.called_at, visit.office, (visit.id, "called"), data)


def _visits(seed: int, day: date) -> Iterator[Told]:
    for visit in _visits_of(seed, day):
        data: dict[str, Any] = {"appointment": visit.id, "office": visit.office, "service": visit.service}
        if visit.called_at is None:
            moment = visit.checked_in_at + timedelta(minutes=30)
            yield tell("city.appointment.no-show", moment, visit.office, (visit.id, "no-show"), data)
        else:
            moment = visit.called_at + timedelta(minutes=12)
            data |= {"satisfaction": visit.satisfaction}
            yield tell("city.appointment.served", moment, visit.office, (visit.id, "served"), data)


def _slots(seed: int, day: date) -> Iterator[Told]:
    """What the calendar of each office and service shows at every full hour of the working day."""
    if day.weekday() > 4:  # noqa: PLR2004 - closed at weekends
        return
    for office in OFFICES:
        for service in _SERVICES_OF.get(office, _SERVICES):
            chance = lot(seed, "slots", office, service, day)
            slots, booked = 20 + chance.randrange(30), 0.6 + chance.random() * 0.3
            next_free = None if happens(chance, 0.05) else chance.expovariate(1 / 6)
            for hour in range(7, 19):
                moment, subject = at(day, hour * 3600), f"{office}:{service}"
                free_at = None if next_free is None else iso(moment + timedelta(days=next_free))
                taken = min(slots, round(slots * (booked + 0.02 * (hour - 7))))
                data = {"office": office, "service": service, "slots": slots, "booked": taken, "next_free_at": free_at}
                yield tell("city.appointment.slots-observed", moment, subject, (subject, iso(moment)), data)


STREAMS = (
    Stream("appointments", timedelta(hours=70), _appointments),
    Stream("counters", timedelta(days=65), _counters),
    Stream("visits", timedelta(days=65), _visits),
    Stream("slots", timedelta(hours=70), _slots),
)
