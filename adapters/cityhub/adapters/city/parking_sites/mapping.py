"""Pure: how full car parks are, in the contract's words. Rules: docs/adapters/city-parking-sites.md.

The table of car parks is asked for once a day and remembered; each status is told together with what it says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from cityhub.adapters.city.parking_sites import datex, table
from cityhub.adapters.city.parking_sites.source import LISTED, OBSERVED
from cityhub.adapters.city.parking_sites.wire import Parking, Site, Status
from cityhub.adapters.kit.fact import Fact, Reading, known, memory_key
from cityhub.adapters.kit.local_time import LOCAL
from cityhub.adapters.kit.reject import Reject

_READ_ON = "table"
"""Key of the local day on which the table was read last."""
_STAND = "stand"
"""Key of the time of the last status publication."""
_SITE = memory_key("site", "")
_LISTED = memory_key("listed", "")
_TOLD = memory_key("told", "")
_STATES = {"open": "open", "closed": "closed", "closedAbnormal": "closed", "FREI": "open", "GESCHLOSSEN": "closed"}
_PRESENT = timedelta(minutes=5)
"""A publication as young as this is taken for the newest: portals that make one for each question have no last one."""


class Cursor(Struct, frozen=True, array_like=True):
    """The next question. Attributes: stand: time of the last status publication, "" for the oldest there is."""

    table: bool = True
    stand: str = ""


class _Told(Struct, frozen=True, array_like=True):
    """What was last told of a car park, in JSON."""

    at: datetime
    says: str


def read(body: bytes, memory: Mapping[str, bytes], now: datetime) -> Reading:
    """What an answer says; it is XML when it looks so, else CSV."""
    is_xml = body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    said = datex.parse(body) if is_xml else table.parse(body)
    stand = memory.get(_STAND, b"").decode()
    if said.at is not None and said.status and stand and said.at <= datetime.fromisoformat(stand):
        return _read_before(said.at.isoformat(), stand, _is_due(memory, now))
    learnt = _learnt(said, memory, now)
    news = [*_listed(said, memory), *_observed(said, {**memory, **learnt})]
    learnt |= {fact.mark: told for fact, told in news if isinstance(fact, Fact)}
    rejects = [*said.rejects, *(one for one, _ in news if isinstance(one, Reject))]
    facts = [one for one, _ in news if isinstance(one, Fact)]
    reading = Reading(facts=facts, rejects=rejects, memory=learnt, noted=+said.noted)
    if said.at is None:
        return reading
    at = said.at.isoformat() if said.status else ""
    due = said.status and _is_due({**memory, **learnt}, now)
    cursor = _encode(Cursor(table=due, stand=at)).decode()
    more = due or not said.status or abs(now - said.at) > _PRESENT
    return msgspec.structs.replace(reading, cursor=cursor, more=more, as_of=said.at if said.status else None)


def _read_before(at: str, stand: str, due: bool) -> Reading:
    """Of a status publication no newer than the last one, such as the oldest, which is asked for after the table."""
    cursor = _encode(Cursor(table=due, stand=stand)).decode()
    older = Counter(["older_publication"] if at != stand else [])
    return Reading(cursor=cursor, more=due or at != stand, as_of=datetime.fromisoformat(stand), noted=older)


def _is_due(memory: Mapping[str, bytes | None], now: datetime) -> bool:
    """Whether the table is to be asked for again."""
    return memory.get(_READ_ON) != _day(now)


def _day(now: datetime) -> bytes:
    return now.astimezone(LOCAL).date().isoformat().encode()


def _learnt(said: Parking, memory: Mapping[str, bytes], now: datetime) -> dict[str, bytes | None]:
    """What to remember of the table, and of the publication's time."""
    learnt: dict[str, bytes | None] = {_SITE + site.id: _encode(site) for _, site in said.sites}
    if said.whole:
        gone = (key.removeprefix(_SITE) for key in memory if key.startswith(_SITE) and key not in learnt)
        learnt |= {start + id_: None for id_ in gone for start in (_SITE, _LISTED, _TOLD)}
    if said.at is not None and said.status:
        learnt[_STAND] = said.at.isoformat().encode()
    if said.sites or not said.status:
        learnt[_READ_ON] = _day(now)
    return learnt


def _listed(said: Parking, memory: Mapping[str, bytes]) -> Iterator[tuple[Fact, bytes]]:
    """Car parks that the table knows anew or otherwise, and what to remember of them.

    A table without a time is as young as the youngest status in it.
    """
    published = said.at or max((status.at for _, status in said.statuses), default=None)
    last = {site.id: (path, site) for path, site in said.sites}
    said.noted["repeated"] += len(said.sites) - len(last)
    for path, site in last.values():
        time, data = site.since or published, _place(site) | known({"capacity": site.capacity})
        told, mark = _encode(data), _LISTED + site.id
        if time is None:
            said.noted["undated"] += 1
        elif told != memory.get(mark):
            key, version = (site.id, "listed"), f"{time.isoformat()}/{told.decode()}"
            fact = Fact(
                type=LISTED, time=time, subject=site.id, key=key, version=version, data=data, path=path, mark=mark
            )
            yield fact, told


def _observed(said: Parking, memory: Mapping[str, bytes | None]) -> Iterator[tuple[Fact | Reject, bytes]]:
    """How full car parks are, where it was not told yet, and what to remember of it."""
    last = dict(memory)
    for path, status in said.statuses:
        known_as = last.get(_SITE + status.id)
        one = _fact(path, status, _site(known_as) if known_as else Site(id=status.id))
        if isinstance(one, Reject):
            yield one, b""
            continue
        if one.data.keys().isdisjoint({"free", "occupied", "state"}):
            said.noted["nothing_said"] += 1
            continue
        said.noted["unknown_state"] += status.state is not None and "state" not in one.data
        told, before = _Told(one.time, one.version), last.get(one.mark)
        was = _told(before) if before else None
        if was is not None and was.at > told.at:
            said.noted["outdated"] += 1
        elif was != told:
            last[one.mark] = _encode(told)
            yield one, _encode(told)


def _fact(path: str, status: Status, site: Site) -> Fact | Reject:
    capacity = site.capacity if status.capacity is None else status.capacity
    for name, spaces in (("free", status.free), ("occupied", status.occupied)):
        if spaces is not None and capacity is not None and spaces > capacity:
            return Reject("value", path, f"{spaces} {name} spaces of {capacity}; there cannot be more than there are")
    said = {"capacity": capacity, "free": status.free, "occupied": status.occupied}
    data = _place(site) | known(said | {"state": _STATES.get(status.state or "")})
    return Fact(
        type=OBSERVED,
        time=status.at,
        subject=status.id,
        key=(status.id, status.at.isoformat()),
        version=_encode(data).decode(),
        data=data,
        path=path,
        mark=_TOLD + status.id,
    )


def _place(site: Site) -> dict[str, Any]:
    """Which one it is, and where."""
    lat, lon = (None if degrees is None else round(degrees, 6) for degrees in (site.latitude, site.longitude))
    return known({"site": site.id, "name": site.name, "lat": lat, "lon": lon})


_encode = msgspec.json.Encoder().encode
_site = msgspec.json.Decoder(Site).decode
_told = msgspec.json.Decoder(_Told).decode
