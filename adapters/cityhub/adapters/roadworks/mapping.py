"""Pure: what owners say of their roadworks in the contracts' words. Rules: docs/adapters/roadworks.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import partial

from msgspec.structs import replace

from cityhub.adapters.kit.fact import Reading, utc
from cityhub.adapters.kit.http_adapter import Read
from cityhub.adapters.kit.reject import Reject
from cityhub.adapters.kit.source import Source
from cityhub.adapters.roadworks import autobahn, datex, wzdx
from cityhub.adapters.roadworks.autobahn_words import period, place
from cityhub.adapters.roadworks.changes import reading
from cityhub.adapters.roadworks.site import Mode, Publication, Site

AREAS = "Stadtbezirke Duisburg"
"""System of external location codes `1` (Walsum) to `7` (Süd)."""
_BOROUGHS = {str(number): f"STB0{number}" for number in range(1, 8)}
_BESIDE: Mapping[str, Mode] = {"cycleTrack": "bike", "bike-lane": "bike", "footpath": "foot", "sidewalk": "foot"}
_AUTOBAHN_WORKS = frozenset({"ROADWORKS", "SHORT_TERM_ROADWORKS"})
_SOUTH, _NORTH, _WEST, _EAST = 51.33, 51.57, 6.62, 6.84
"""A box around Duisburg, WGS 84."""
_TRANSIT = frozenset({"busLane", "busStop"})


def reader(source: Source) -> Read:
    """How the answers of an owner are read."""
    return partial(_read, source.partner)


def _read(owner: str, body: bytes, memory: Mapping[str, bytes], now: datetime) -> Reading:
    """What an answer says; it is JSON when it looks so, else XML."""
    if not body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        return reading(of_datex(datex.parse(body)), memory, owner, now)
    if autobahn.speaks(body):
        found = reading(of_autobahn(autobahn.parse(body), now), memory, owner, now)
        return replace(found, cursor=None)  # a list of the present: there is none after it
    return reading(of_wzdx(wzdx.parse(body)), memory, owner, now)


def of_datex(said: datex.Datex) -> Publication:
    """A publication of DATEX II."""
    noted = Counter(said.noted)
    sites = _newest((_of_works(path, works, noted) for path, works in said.works), noted)
    whole = said.whole and "" not in said.unread
    refused = said.unread
    return Publication(at=said.at, whole=whole, sites=sites, refused=refused, rejects=said.rejects, noted=noted)


def of_wzdx(said: wzdx.Wzdx) -> Publication:
    """A work zone feed: all there is, always."""
    noted = Counter(said.noted)
    sites = _newest((_of_feature(path, feature, said.at) for path, feature in said.features), noted)
    whole = "" not in said.unread
    refused = said.unread
    return Publication(at=said.at, whole=whole, sites=sites, refused=refused, rejects=said.rejects, noted=noted)


def of_autobahn(said: autobahn.Autobahn, now: datetime) -> Publication:
    """All there is of one motorway, always; only what lies in the city is told. It does not say as of when it is."""
    noted: Counter[str] = Counter()
    rejects, refused, sites = [*said.rejects], set(said.unread), list[Site]()
    for path, work in said.works:
        try:
            site = _of_autobahn_work(path, work, now)
        except (ValueError, OverflowError) as error:
            rejects.append(Reject("value", path, str(error)))
            refused.add(work.identifier)
            continue
        if work.kind not in _AUTOBAHN_WORKS:
            noted["not_roadworks"] += 1
        elif not (_SOUTH <= site.lat <= _NORTH and _WEST <= site.lon <= _EAST):
            noted["elsewhere"] += 1
        else:
            sites.append(site)
    return Publication(
        at=now,
        whole="" not in refused,
        sites=_newest(sites, noted),
        refused=frozenset(refused),
        rejects=rejects,
        noted=noted,
        elsewhere=noted["elsewhere"],
    )


def _newest(sites: Iterable[Site], noted: Counter[str]) -> dict[str, Site]:
    """One version of each: the one that came last into being."""
    found: dict[str, Site] = {}
    for site in sites:
        other = found.get(site.id)
        noted.update(["repeated"] if other else [])
        if other is None or site.changed > other.changed:
            found[site.id] = site
    return found


def _of_works(path: str, works: datex.Works, noted: Counter[str]) -> Site:
    known = works.area_system == AREAS
    borough = _BOROUGHS.get(works.area, "") if known else ""
    noted.update(["unknown_borough"] if known and not borough else [])
    return Site(
        id=works.id,
        version=works.version,
        changed=works.changed,
        announced=works.first_told or works.created,
        start=works.start,
        end=works.end,
        lat=round(works.latitude, 6),
        lon=round(works.longitude, 6),
        mode=_mode(works.carriageways, works.lanes),
        active=works.status == "active",
        over=works.ended or works.cancelled,
        ended_at=works.changed if works.ended and not works.cancelled else None,
        first_end=works.first_end,
        borough=borough,
        path=path,
    )


def _of_feature(path: str, feature: wzdx.Feature, at: datetime) -> Site:
    said = feature.properties
    core = said.core_details
    changed = core.update_date or core.creation_date or at
    longitude, latitude = feature.geometry.coordinates[len(feature.geometry.coordinates) // 2][:2]
    over = said.is_end_date_verified and said.end_date <= at
    return Site(
        id=feature.id,
        version=utc(changed) or "",
        changed=changed,
        announced=core.creation_date,
        start=said.start_date,
        end=said.end_date,
        lat=round(latitude, 6),
        lon=round(longitude, 6),
        mode=_mode([lane.type for lane in said.lanes if lane.status != "open"], ()),
        over=over,
        ended_at=said.end_date if over else None,
        path=path,
    )


def _of_autobahn_work(path: str, work: autobahn.Work, now: datetime) -> Site:
    (start, end), (lat, lon) = period(work), place(work)
    return Site(
        id=work.identifier,
        version=f"{utc(start)}/{utc(end)}/{lat}/{lon}",
        changed=now,
        announced=None,
        start=start,
        end=end,
        lat=lat,
        lon=lon,
        mode="car",
        active=not work.future,
        owner="autobahn",
        path=path,
    )


def _mode(carriageways: Collection[str], lanes: Collection[str]) -> Mode:
    """Who is hindered most: cars, unless only what lies beside their lanes is named."""
    hindered = {_BESIDE.get(one, "car") for one in carriageways} or {"car"}
    if hindered == {"car"} and lanes and _TRANSIT.issuperset(lanes):
        return "transit"
    return min(hindered, key=("car", "bike", "foot").index)
