"""What an owner's portal shows at an instant, and one publication after the other for whoever walks them.

There is a publication of each instant at which something was told, and one of the instant at which histories begin.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cityhub.sandbox.city.chronicle import Chronicle
from cityhub.sandbox.city.served.endpoint import Before, City, Serve, answer
from cityhub.sandbox.city.streams.roadworks import LONGEST_D
from cityhub.sandbox.city.streams.story import DAY, Told
from cityhub.sandbox.city.timetable import LOCAL
from cityhub.sandbox.city.traffic import lot

_KEPT = DAY
"""So long a site is shown that is over."""
_REACH = LONGEST_D * DAY + _KEPT
_SECOND = timedelta(seconds=1)


class Shown(Struct, frozen=True):
    """A site in a publication. Attributes: told: what was told of it so far, in order; at least one."""

    told: Sequence[Told]

    @property
    def last(self) -> Told:
        """Version of the record that is valid: a begin is none, it comes with its time."""
        return [one for one in self.told if not _is_begin(one)][-1]

    @property
    def first(self) -> Told:
        """The first version."""
        return self.told[0]

    @property
    def version(self) -> int:
        """Its number."""
        return sum(not _is_begin(one) for one in self.told)

    @property
    def data(self) -> dict[str, Any]:
        """What the valid version says."""
        return self.last.data

    @property
    def over(self) -> bool:
        """Whether it was closed."""
        return bool(self.data["status"] == "closed")

    @property
    def how_it_ended(self) -> str:
        """In the words of lifeCycleManagement."""
        return "end" if "ended_at" in self.data else "cancel"

    @property
    def number(self) -> int:
        """Of its record in the owner's system."""
        return zlib.crc32(self.last.subject.encode())

    def words(self, at: datetime) -> dict[str, object]:
        """What the formats write of it at an instant. Whether a site is said to have begun is up to the producer."""
        start, end = (datetime.fromisoformat(self.data[name]) for name in ("valid_from", "valid_to"))
        begun = start <= at and self.number % 3 == 0
        return {
            "id": self.last.subject,
            "version": self.version,
            "created": local(self.first.time),
            "changed": local(self.last.time),
            "status": "active" if begun else "definedByValidityTimeSpec",
            "start": local(start),
            "end": local(end),
            "first_end": local(datetime.fromisoformat(self.first.data["valid_to"])),
            "area": self.last.borough[-1],
            "lat": self.data["lat"],
            "lon": self.data["lon"],
        }


Render: TypeAlias = Callable[[Sequence[Shown], datetime], bytes]
"""A publication of an instant, in the owner's format."""


def publications(path: str, stream: str, render: Render) -> Serve:
    """`GET <path>?stand=<publicationTime>`: the next publication, or still that one; without it the oldest."""

    def serve(city: City) -> Sequence[Route]:
        async def publication(request: Request) -> Response:
            now = city.clock()
            stand = _instant(request.query_params.get("stand", ""))
            at = _next(city.chronicle, stream, stand, now)
            if at is None:
                return PlainTextResponse("stand: unbekannt oder zu alt; ohne stand neu beginnen", status_code=410)
            sites = _mixed(_at(city.chronicle, stream, at), city.seed, at)
            return answer(request, render(sites, at), "application/xml", now)

        return [Route(path, publication)]

    return serve


def remembered(stream: str) -> Before:
    """What the oldest publication says of sites that are there: their last version, and that they have begun."""

    def before(chronicle: Chronicle, start: datetime) -> list[Told]:
        found: list[Told] = []
        for site in _at(chronicle, stream, start - _SECOND):
            found.append(site.last)
            begun = [] if site.over else [one for one in site.told if _is_begin(one)]
            found += [replace(one, data=one.data | {"valid_to": site.data["valid_to"]}) for one in begun]
        return found

    return before


def _next(chronicle: Chronicle, stream: str, stand: datetime | None, now: datetime) -> datetime | None:
    oldest = (now - chronicle.history(stream)).replace(microsecond=0) - _SECOND
    if stand is None:
        return oldest
    if not oldest - DAY <= stand <= now:
        return None
    news = chronicle.between([stream], stand + _SECOND, now)
    return news[0].due if news else stand


def _at(chronicle: Chronicle, stream: str, at: datetime) -> list[Shown]:
    sites: dict[str, list[Told]] = {}
    for told in chronicle.between([stream], at - _REACH, at + _SECOND):
        sites.setdefault(told.subject, []).append(told)
    shown = map(Shown, sites.values())
    whole = (site for site in shown if site.first.type.endswith(".published.v1"))
    return [site for site in whole if not site.over or at - site.last.due < _KEPT]


def _mixed(sites: Sequence[Shown], seed: int, at: datetime) -> list[Shown]:
    """In no order, and one of them now and then twice, once as it was before."""
    chance, mixed = lot(seed, "portal", at), list(sites)
    if mixed and chance.random() < 0.2:  # noqa: PLR2004
        again = chance.choice(mixed)
        earlier = again.told[:1] if again.version > 1 else again.told
        mixed.append(Shown(earlier))
    chance.shuffle(mixed)
    return mixed


def _is_begin(told: Told) -> bool:
    return told.type.endswith(".started.v1")


def local(moment: datetime) -> str:
    """An instant as portals write it."""
    return moment.astimezone(LOCAL).isoformat()


def _instant(stand: str) -> datetime | None:
    try:
        return datetime.fromisoformat(stand).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
