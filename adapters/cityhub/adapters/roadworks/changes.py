"""Pure: what has happened between two publications. Rules: docs/adapters/roadworks.md.

A publication shows how things stand. Each site is remembered as it was last told; what it is now and was not then is an
event.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cityhub.adapters.kit.fact import Fact, Reading, memory_key, utc
from cityhub.adapters.roadworks.site import Publication, Site
from cityhub.adapters.roadworks.source import roadwork

_PUBLICATION = "publication"
_SITE = memory_key("site", "")
_AHEAD = timedelta(minutes=5)
_PRESENT = timedelta(minutes=5)
"""A publication as young as this is taken for the newest: portals that make one for each question have no last one."""
_ONCE = frozenset({"published", "started"})
_FORGOTTEN_AFTER = timedelta(days=30)
_BELIEVED = timedelta(days=85)
"""Nobody believes an older event: the contracts' horizon is 90 days."""


class Told(Struct, frozen=True, array_like=True):
    """What was last told of a site.

    Attributes:
        site: as it was. started: its begin was told. closed_at: when it was over, None while it is not.
        first_end: end of the works as it was first announced, None where that was before our time.
    """

    site: Site
    started: bool
    closed_at: datetime | None
    first_end: datetime | None


def reading(publication: Publication, memory: Mapping[str, bytes], owner: str, now: datetime) -> Reading:
    """What a publication says that those before did not."""
    at, noted, rejects = publication.at, publication.noted, publication.rejects
    before = _decode_instant(memory[_PUBLICATION]) if _PUBLICATION in memory else None
    if before is not None and at < before <= now + _AHEAD:
        noted["older_publication"] += 1
        return Reading(rejects=rejects, noted=noted)
    known = {key.removeprefix(_SITE): _decode(body) for key, body in memory.items() if key.startswith(_SITE)}
    facts: list[Fact] = []
    learnt: dict[str, bytes | None] = {_PUBLICATION: _encode(at)}
    for site in publication.sites.values():
        now_and_then = _Story(owner, at, site, known.get(site.id))
        facts += now_and_then.facts()
        noted.update(["long_ago"] if now_and_then.long_ago else [])
        if (after := now_and_then.after()) != known.get(site.id):
            learnt[_SITE + site.id] = _encode(after)
    noted.update([] if publication.judges_absence else ["absence_not_judged"])
    for told in _absent(publication, known):
        if told.closed_at is None:
            facts.append(_fact(owner, "closed", told.site, at, "closed", "absent", at.isoformat()))
            learnt[_SITE + told.site.id] = _encode(replace(told, closed_at=at))
        elif at - told.closed_at > _FORGOTTEN_AFTER:
            learnt[_SITE + told.site.id] = None
    more = abs(now - at) > _PRESENT
    return Reading(facts=facts, rejects=rejects, cursor=at.isoformat(), more=more, as_of=at, memory=learnt, noted=noted)


def _absent(publication: Publication, known: Mapping[str, Told]) -> list[Told]:
    """Who is not in a whole publication any more is over; nobody says since when."""
    if not publication.judges_absence:
        return []
    there = publication.sites.keys() | publication.refused
    return [told for id_, told in known.items() if id_ not in there]


class _Story(Struct, frozen=True):
    """A site now, and as it was last told."""

    owner: str
    at: datetime
    site: Site
    told: Told | None

    def after(self) -> Told:
        """What is to be remembered."""
        site, told = self.site, self.told
        over_at = (told.closed_at if told else None) or site.ended_at or site.changed
        return Told(
            site=replace(site, path=""),
            started=bool(told and told.started) or (self._begun_at is not None and not site.over),
            closed_at=over_at if site.over else None,
            first_end=site.first_end or (told.first_end if told else site.end if self._is_first else None),
        )

    def facts(self) -> Iterator[Fact]:
        """What is new."""
        site, told = self.site, self.told
        if site.over:
            if not self.long_ago and (told is None or told.closed_at is None):
                yield self._closed()
            return
        if told is None and self.at - site.changed > _BELIEVED:
            yield self._said("changed", self.at, "long", self.at.isoformat())
        elif told is None and self._is_first:
            yield self._said("published", site.announced or site.changed)
        elif told is not None and told.closed_at is not None:  # it is back
            yield self._said("changed", self.at, "again", self.at.isoformat())
        elif told is None or _says(told.site) != _says(site):
            yield self._said("changed", site.changed)
        begun_at = self._begun_at
        if begun_at is not None and not self.long_ago and not (told and told.started):
            announced_at = site.announced if site.announced is not None and site.announced < begun_at else None
            yield _fact(self.owner, "started", site, begun_at, "active", announced_at=announced_at)

    @property
    def long_ago(self) -> bool:
        """Whether its begin or end is unseen by us and nobody would believe it any more."""
        moment = (self.site.ended_at or self.site.changed) if self.site.over else self._begun_at
        return self.told is None and moment is not None and self.at - moment > _BELIEVED

    @property
    def _is_first(self) -> bool:
        """Whether this version is the one that announced the site."""
        return self.site.announced is None or self.site.changed <= self.site.announced

    @property
    def _begun_at(self) -> datetime | None:
        """By the calendar, or ahead of it because the owner says so."""
        site = self.site
        return site.start if site.start <= self.at else site.changed if site.active else None

    def _said(self, verb: str, moment: datetime, *key: str) -> Fact:
        begun_at = self._begun_at
        begun = (self.told is not None and self.told.started) or (begun_at is not None and begun_at <= moment)
        return _fact(self.owner, verb, self.site, moment, "active" if begun else "planned", *key)

    def _closed(self) -> Fact:
        site = self.site
        if site.ended_at is None:
            return _fact(self.owner, "closed", site, site.changed, "closed")
        ends = {"ended_at": site.ended_at, "planned_end": self.after().first_end}
        return _fact(self.owner, "closed", site, site.ended_at, "closed", **ends)


def _fact(owner: str, verb: str, site: Site, moment: datetime, status: str, *key: str, **more: datetime | None) -> Fact:
    """Of a site; it is announced and begins once, whatever the version of its record."""
    data: dict[str, Any] = {
        "owner": site.owner or owner,
        "mode": site.mode,
        "lat": site.lat,
        "lon": site.lon,
        "status": status,
        "valid_from": utc(site.start),
        "valid_to": utc(site.end),
    }
    return Fact(
        type=roadwork(owner, verb),
        time=moment,
        subject=site.id,
        key=(site.id, verb, *key),
        version="1" if verb in _ONCE else site.version,
        data=data | {name: utc(value) for name, value in more.items() if value is not None},
        borough=site.borough,
        path=site.path,
    )


def _says(site: Site) -> tuple[object, ...]:
    return site.mode, site.lat, site.lon, site.start, site.end, site.borough


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Told).decode
_decode_instant = msgspec.json.Decoder(datetime).decode
