"""Applications, cases and permits of the city. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

from cityhub.sandbox.city.streams.story import DAY, Stream, Told, amount, at, happens, local_day, pick, tell
from cityhub.sandbox.city.timetable import LOCAL
from cityhub.sandbox.city.traffic import lot

_LONGEST_CASE = timedelta(days=28)
_LONGEST_PERMIT_D, _LONGEST_ISSUE_D = 70, 4
_APPLIED_FOR = ("bewohnerparkausweis", "schuelerfahrtkosten", "wohngeld", "urkunde", "hundesteuer")
_CHANNELS = ("online", "email", "post", "phone", "counter")


def _applications(seed: int, day: date) -> Iterator[Told]:
    """Applications of this day, and decisions of this day about earlier ones."""
    for back in range(_LONGEST_CASE.days + 1):
        submitted_on = day - timedelta(days=back)
        chance = lot(seed, "applications", submitted_on)
        for number in range(amount(chance, 60, submitted_on)):
            submitted = at(submitted_on, chance.triangular(0, 86_399, 11 * 3600))
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


@lru_cache(maxsize=16)
def _ways_to_school(seed: int, day: date) -> tuple[Told, ...]:
    """Decisions of a day about the costs of ways to school."""
    decided = (one for one in _applications(seed, day) if one.type.endswith("decided.v1"))
    return tuple(one for one in decided if one.data["service"] == "schuelerfahrtkosten")


def _school_tickets(seed: int, day: date) -> Iterator[Told]:
    """For most ways to school that the city pays, DVV issues a ticket within days; it knows the case by the same id."""
    for back in range(_LONGEST_ISSUE_D + 1):
        for told in _ways_to_school(seed, day - back * DAY):
            chance = lot(seed, "ticket", told.subject)
            issued = told.time + timedelta(hours=1 + chance.randrange(24 * _LONGEST_ISSUE_D - 1))
            if happens(chance, 0.94) and local_day(issued) == day:
                data = {"case_id": told.subject}
                yield tell("dvv.ticket.issued", issued, told.subject, (told.subject,), data)


def _cases(seed: int, day: date) -> Iterator[Told]:
    """Cases completed in the service portal."""
    chance = lot(seed, "cases", day)
    for number in range(amount(chance, 55, day)):
        case = f"vorgang-{day}-{number}"
        breaks = int(pick(chance, {"0": 0.58, "1": 0.27, "2": 0.1, "3": 0.05}))
        data = {
            "case_id": case,
            "service": chance.choice((*_APPLIED_FOR, "gewerbeanmeldung")),
            "media_breaks": breaks,
            "paid_online": None if happens(chance, 0.4) else happens(chance, 0.7),
            "assurance": None if breaks > 1 else pick(chance, {"basic": 0.5, "substantial": 0.4, "high": 0.1}),
        }
        moment = at(day, chance.triangular(0, 86_399, 13 * 3600))
        yield tell("city.case.completed", moment, case, (case,), data)


def _contacts(seed: int, day: date) -> Iterator[Told]:
    """Contacts of the service centre; after seven days each is told again, with whether it was reopened."""
    for back in (0, 7):
        closed_on = day - back * DAY
        chance = lot(seed, "contacts", closed_on)
        for number in range(amount(chance, 70, closed_on)):
            contact = f"anliegen-{closed_on}-{number}"
            bot = happens(chance, 0.45)
            moment = at(closed_on, chance.triangular(0, 86_399, 11 * 3600))
            handover, reopened = bot and happens(chance, 0.3), happens(chance, 0.09)
            data = {"contact": contact, "version": 1, "handled_by": "bot" if bot else "person", "handover": handover}
            if back == 0:
                yield tell("city.contact.closed", moment, contact, (contact,), data)
            else:
                data |= {"version": 2, "reopened_7d": reopened}
                told_at = at(day, 86_399)
                yield tell("city.contact.closed", moment, contact, (contact,), data, version=2, told_at=told_at)


def _permits(seed: int, day: date) -> Iterator[Told]:
    """Permits for residents' parking at once, for trenches some weeks after the file was complete."""
    chance = lot(seed, "permits", day)
    for number in range(amount(chance, 6, day)):
        permit = f"genehmigung-{day}-{number}"
        kind = pick(chance, {"resident-parking": 0.85, "other": 0.15})
        channel = pick(
            chance, {"online-e2e": 0.36, "online": 0.24, "email": 0.1, "post": 0.1, "phone": 0.05, "counter": 0.15}
        )
        data = {"permit": permit, "kind": kind, "office": "city", "channel": channel}
        yield tell("city.permit.issued", at(day, chance.uniform(28_800, 61_200)), permit, (permit, "issued"), data)
    for back in range(_LONGEST_PERMIT_D + 1):
        yield from _trench_permits(seed, day - back * DAY, day)


def _trench_permits(seed: int, complete_on: date, day: date) -> Iterator[Told]:
    """What is told on `day` of trenches whose files were complete on `complete_on`."""
    chance = lot(seed, "trench-permits", complete_on)
    for number in range(amount(chance, 1.5, complete_on)):
        permit = f"aufbruch-{complete_on}-{number}"
        complete = at(complete_on, chance.uniform(28_800, 57_600))
        issued = complete + timedelta(days=min(_LONGEST_PERMIT_D - 1.0, chance.lognormvariate(3.0, 0.5)))
        data = {"permit": permit, "kind": "trench", "office": pick(chance, {"city": 0.8, "wbd": 0.2})}
        channel, granted = pick(chance, {"online-e2e": 0.5, "email": 0.5}), happens(chance, 0.94)
        if complete_on == day:
            yield tell("city.permit.file-completed", complete, permit, (permit, "file-completed"), data)
        if granted and local_day(issued) == day:
            yield tell("city.permit.issued", issued, permit, (permit, "issued"), data | {"channel": channel})


STREAMS = (
    Stream("applications", timedelta(days=65), _applications),
    Stream("school-tickets", timedelta(days=65), _school_tickets),
    Stream("cases", timedelta(days=65), _cases),
    Stream("contacts", timedelta(days=65), _contacts),
    Stream("permits", timedelta(days=399), _permits),
)
