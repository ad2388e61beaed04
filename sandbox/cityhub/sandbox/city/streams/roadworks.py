"""Roadworks of the city, WBD and DVV: announced, moved, begun, prolonged, closed or forgotten. Pure.

All dig in the same few places. Some of it is known beforehand: each month WBD and DVV dig in the same street at once,
and now and then the bridge of the A40 is closed over a weekend.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cityhub.sandbox.city.streams.closures import closure
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

LONGEST_D = 48
"""From its announcement to its end a site takes less."""
_LEAD_D = 25
_BRIDGE_LEAD_D = 14
_NEIGHBOURS = {"wbd": (51.432540, 6.766190), "dvv": (51.432810, 6.766900)}
"""58 m apart."""
_BRIDGE = (51.443750, 6.724310)
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
_MODES = {"car": 0.6, "transit": 0.1, "bike": 0.15, "foot": 0.15}


class Site(Struct, frozen=True, kw_only=True):
    """Roadworks and how they go.

    Attributes:
        begin, end: as announced. moved: when both were put off by three days. prolonged: when the end was, then.
        over: when they were closed. done: they were, else the record was only taken away.
    """

    id: str
    borough: str
    mode: str
    lat: float
    lon: float
    announced: datetime
    begin: datetime
    end: datetime
    moved: datetime | None = None
    prolonged: datetime | None = None
    over: datetime
    done: bool = True


@lru_cache(maxsize=1024)
def _of_day(partner: str, seed: int, day: date) -> tuple[Told, ...]:
    """All that is ever told of the sites announced on a day."""
    sites = (*_long(partner, seed, day), *_short(partner, seed, day), *_known(partner, seed, day))
    return tuple(told for site in sites for told in _story(partner, site))


def _long(partner: str, seed: int, day: date) -> Iterator[Site]:
    """Weeks ahead, now and then put off, and done, or given up, or forgotten and taken away later."""
    chance = lot(seed, "roadworks", partner, day)
    for number in range(amount(chance, 2, day)):
        place, lead, length = chance.randrange(42), chance.randrange(1, _LEAD_D + 1), chance.randrange(1, 15)
        begin = at(day + lead * DAY, 25_200 + 600 * number)
        end = at(day + (lead + length) * DAY, 61_200)
        moved_on, late = at(day + chance.randrange(1, 80) * DAY, 39_600), chance.choice((-1, 0, 0, 0, 0, 0, 1, 3))
        how = pick(chance, {"": 0.8, "unexpected": 0.08, "given up": 0.03, "forgotten": 0.09})
        put_off = 3 * DAY if moved_on < begin and how != "unexpected" else timedelta()
        site = Site(
            id=f"{partner}-{day.isoformat()}-{number}",
            **_place(seed, place, chance),
            announced=at(day, 32_400 + 600 * number),
            begin=begin,
            end=end,
            moved=moved_on if put_off else None,
            prolonged=end + put_off - timedelta(hours=8) if late > 0 and happens(chance, 0.5) else None,
            over=end + put_off + late * DAY - timedelta(hours=2),
        )
        yield _gone_wrong(site, how)


def _gone_wrong(site: Site, how: str) -> Site:
    if how == "unexpected":
        return replace(site, announced=site.begin)
    if how == "given up":
        return replace(site, over=site.begin - timedelta(hours=12), prolonged=None, done=False)
    if how == "forgotten":
        return replace(site, over=site.end + 6 * DAY, prolonged=None, done=False)
    return site


def _short(partner: str, seed: int, day: date) -> Iterator[Site]:
    """A few days ahead, for a few days."""
    chance = lot(seed, "short-works", partner, day)
    for number in range(amount(chance, 1, day)):
        place, lead = chance.randrange(7), chance.choice((0, 1, 1, 2, 3, 5))
        planned = day + (lead + 1 + chance.randrange(4)) * DAY
        yield Site(
            id=f"{partner}-kurz-{day}-{number}",
            borough=BOROUGHS[place],
            mode=pick(chance, _MODES),
            lat=round(_CENTRES[place][0] + chance.uniform(-0.02, 0.02), 6),
            lon=round(_CENTRES[place][1] + chance.uniform(-0.025, 0.025), 6),
            announced=at(day, 21_600 + 60 * number),
            begin=at(day + lead * DAY, 25_200 + 60 * number),
            end=at(planned, 64_800),
            over=at(planned + chance.choice((-1, 0, 0, 0, 0, 1, 3)) * DAY, 50_400 + 60 * number),
            done=happens(chance, 0.95),
        )


def _known(partner: str, seed: int, day: date) -> Iterator[Site]:
    """The street in which two dig at once, announced on the third of the month, and the bridge."""
    if day.day == 3 and partner in _NEIGHBOURS:  # noqa: PLR2004
        lat, lon = _NEIGHBOURS[partner]
        begin, end = at(day + 7 * DAY, 25_200), at(day + 19 * DAY, 61_200)
        yield Site(
            id=f"{partner}-nachbarn-{day:%Y-%m}",
            borough="STB05",
            mode="car",
            lat=lat,
            lon=lon,
            announced=at(day, 36_000),
            begin=begin,
            end=end,
            over=end - timedelta(hours=1),
        )
    friday = day + _BRIDGE_LEAD_D * DAY
    if partner == "city" and (weekend := closure(seed, friday)):
        begin, end = weekend
        yield Site(
            id=f"city-rheinbruecke-{friday}",
            borough="STB05",
            mode="car",
            lat=_BRIDGE[0],
            lon=_BRIDGE[1],
            announced=at(day, 36_600),
            begin=begin,
            end=end,
            over=end,
        )


def _place(seed: int, place: int, chance: random.Random) -> dict[str, Any]:
    spot = lot(seed, "place", place)
    lat, lon = _CENTRES[place % 7]
    return {
        "borough": BOROUGHS[place % 7],
        "mode": pick(chance, _MODES),
        "lat": round(lat + spot.uniform(-0.012, 0.012) + chance.uniform(-0.0012, 0.0012), 6),
        "lon": round(lon + spot.uniform(-0.015, 0.015) + chance.uniform(-0.0015, 0.0015), 6),
    }


def _story(partner: str, site: Site) -> Iterator[Told]:
    begin, end = site.begin, site.end
    yield _tell(partner, site, "published", site.announced, (begin, end))
    if site.moved and site.moved < site.over:
        begin, end = begin + 3 * DAY, end + 3 * DAY
        yield _tell(partner, site, "changed", site.moved, (begin, end))
    if begin < site.over:
        announced = iso(site.announced) if site.announced < begin else None
        yield _tell(partner, site, "started", begin, (begin, end), announced_at=announced)
    if site.prolonged:
        end += 3 * DAY
        yield _tell(partner, site, "changed", site.prolonged, (begin, end))
    ends = {"planned_end": iso(site.end), "ended_at": iso(site.over)} if site.done else {}
    yield _tell(partner, site, "closed", site.over, (begin, end), **ends)


def _tell(
    partner: str, site: Site, verb: str, moment: datetime, works: tuple[datetime, datetime], **more: str | None
) -> Told:
    """Args: works: begin and end as they are planned then."""
    begin, end = works
    data = {
        "owner": partner,
        "mode": site.mode,
        "lat": site.lat,
        "lon": site.lon,
        "status": "closed" if verb == "closed" else "active" if begin <= moment else "planned",
        "valid_from": iso(begin),
        "valid_to": iso(end),
    }
    key = (site.id, verb, iso(moment))
    return tell(f"{partner}.roadwork.{verb}", moment, site.id, key, data | more, borough=site.borough)


def _roadworks(partner: str, seed: int, day: date) -> Iterator[Told]:
    for back in range(LONGEST_D):
        for told in _of_day(partner, seed, day - back * DAY):
            if local_day(told.due) == day:
                yield told


STREAMS = tuple(
    Stream(f"roadworks-{who}", timedelta(days=40), partial(_roadworks, who)) for who in ("city", "wbd", "dvv")
)
