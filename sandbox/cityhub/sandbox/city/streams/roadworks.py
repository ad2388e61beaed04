"""Roadworks of the city, WBD and DVV: announced, moved, begun and closed, or forgotten. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from typing import Any

from msgspec import Struct

from cityhub.sandbox.city.streams.story import (
    BOROUGHS,
    DAY,
    Stream,
    Told,
    amount,
    at,
    happens,
    iso,
    local_day,
    pick,
    tell,
)
from cityhub.sandbox.city.traffic import lot

_LONGEST_WORK = timedelta(days=45)
_LONGEST_SHORT_D = 14
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


class Work(Struct, frozen=True):
    """A site. Attributes: told = (verb, day, hour, first day, last day, status), what is said of it."""

    id: str
    number: int
    borough: str
    announced_on: date
    data: dict[str, Any]
    told: list[tuple[str, date, int, date, date, str]]


def _works(partner: str, seed: int, announced_on: date) -> Iterator[Work]:
    """Works are announced weeks ahead, now and then moved, and closed, or forgotten; all dig in the same few places."""
    chance = lot(seed, "roadworks", partner, announced_on)
    for number in range(amount(chance, 2, announced_on)):
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
        if happens(chance, 0.9):  # some are forgotten
            told.append(("closed", end - DAY, 15, begin, end, "closed"))
        yield Work(f"{partner}-{announced_on.isoformat()}-{number}", number, borough, announced_on, data, told)


def _known(partner: str, seed: int, day: date) -> Iterator[Work]:
    """Works that something may be said of on a day."""
    for back in range(_LONGEST_WORK.days + 1):
        yield from _works(partner, seed, day - timedelta(days=back))


def _roadworks(partner: str, seed: int, day: date) -> Iterator[Told]:
    for work in _known(partner, seed, day):
        for verb, on, hour, first, last, status in work.told:
            if on == day:
                data = work.data | {"status": status, "valid_from": iso(at(first, 0)), "valid_to": iso(at(last, 0))}
                moment = at(on, hour * 3600 + 600 * work.number)
                key = (work.id, verb, iso(moment))
                yield tell(f"{partner}.roadwork.{verb}", moment, work.id, key, data, borough=work.borough)


def _begun(partner: str, seed: int, day: date) -> Iterator[Told]:
    """Begin of the same works, with when they were first announced, as far as that is known."""
    for work in _known(partner, seed, day):
        for verb, on, _, first, last, status in work.told:
            if (verb, on, status) == ("changed", day, "active"):
                announced = at(work.announced_on, 9 * 3600 + 600 * work.number)
                known = happens(lot(seed, "announced", work.id), 0.96)
                data = work.data | {
                    "status": status,
                    "valid_from": iso(at(first, 0)),
                    "valid_to": iso(at(last, 0)),
                    "announced_at": iso(announced) if known else None,
                }
                moment = at(day, 7 * 3600 + 900 + 600 * work.number)
                key = (work.id, "started", iso(moment))
                yield tell(f"{partner}.roadwork.started", moment, work.id, key, data, borough=work.borough)


def _short_works(partner: str, seed: int, day: date) -> Iterator[Told]:
    """Sites of a few days, whose records name the planned and the actual end."""
    for back in range(_LONGEST_SHORT_D + 1):
        announced_on = day - timedelta(days=back)
        chance = lot(seed, "short-works", partner, announced_on)
        for number in range(amount(chance, 1, announced_on)):
            work, place = f"{partner}-kurz-{announced_on}-{number}", chance.randrange(7)
            begin = announced_on + timedelta(days=chance.choice((0, 1, 1, 2, 3, 5)))
            planned = begin + timedelta(days=1 + chance.randrange(4))
            ended = planned + timedelta(days=chance.choice((-1, 0, 0, 0, 0, 1, 3)))
            announced, ended_at = at(announced_on, 21_600 + 60 * number), at(ended, 50_400 + 60 * number)
            data = {
                "owner": partner,
                "mode": pick(chance, {"car": 0.6, "transit": 0.1, "bike": 0.15, "foot": 0.15}),
                "lat": round(_CENTRES[place][0] + chance.uniform(-0.02, 0.02), 6),
                "lon": round(_CENTRES[place][1] + chance.uniform(-0.025, 0.025), 6),
                "valid_from": iso(at(begin, 0)),
                "valid_to": iso(at(planned + DAY, 0)),
            }
            done = {"planned_end": iso(at(planned + DAY, 0)), "ended_at": iso(ended_at)}
            told = (
                ("published", announced, {"status": "planned"}),
                ("started", at(begin, 25_200 + 60 * number), {"status": "active", "announced_at": iso(announced)}),
                ("closed", ended_at, {"status": "closed"} | (done if happens(chance, 0.95) else {})),
            )
            for verb, moment, more in told:
                if local_day(moment) == day:
                    key = (work, verb)
                    type_ = f"{partner}.roadwork.{verb}"
                    yield tell(type_, moment, work, key, data | more, borough=BOROUGHS[place])


_OWNERS = ("city", "wbd", "dvv")
STREAMS = (
    *(Stream(f"roadworks-{who}", timedelta(days=60), partial(_roadworks, who)) for who in _OWNERS),
    *(Stream(f"roadworks-begun-{who}", timedelta(days=40), partial(_begun, who)) for who in _OWNERS),
    *(Stream(f"roadworks-short-{who}", timedelta(days=40), partial(_short_works, who)) for who in _OWNERS),
)
