"""Work zone feeds, by hand and as recorded."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.fact import Reading
from cityhub.adapters.kit.feed import Stamp
from cityhub.adapters.kit.register import Register
from cityhub.adapters.kit.reject import Reject
from cityhub.adapters.roadworks.mapping import reader
from cityhub.adapters.roadworks.source import DVV_ROADWORKS
from cityhub.sdk.contract import load_contracts
from tests.unit.adapters.roadworks.portal import NOW, brief, data

_ROOT = Path(__file__).parents[4]


def zone(id_: str = "Z1", **said: Any) -> dict[str, Any]:
    """A work zone of November."""
    core = {"event_type": "work-zone", "data_source_id": "1", "road_names": ["Königstraße"], "direction": "undefined"}
    times = {"creation_date": "2026-11-01T06:00:00Z", "update_date": "2026-11-01T06:00:00Z"}
    properties = {
        "core_details": core | times,
        "start_date": "2026-11-10T06:00:00Z",
        "end_date": "2026-11-15T06:00:00Z",
    }
    line = {"type": "LineString", "coordinates": [[6.70, 51.40], [6.71, 51.41, 30.0], [6.72, 51.42]]}
    return {"id": id_, "type": "Feature", "properties": properties | said, "geometry": line}


def feed(at: str, *zones: object) -> bytes:
    """Of an instant."""
    info = {"update_date": at, "publisher": "DVV", "version": "4.2"}
    return msgspec.json.encode({"feed_info": info, "type": "FeatureCollection", "features": zones})


def read(body: bytes, memory: dict[str, bytes] | None = None) -> Reading:
    return reader(DVV_ROADWORKS)(body, memory or {}, NOW)


def test_a_work_zone_in_the_words_of_the_contracts() -> None:
    published, started = read(feed("2026-11-12T06:00:00Z", zone())).facts
    assert published.data | {"status": "planned"} == {
        "owner": "dvv",
        "mode": "car",
        "lat": 51.41,
        "lon": 6.71,
        "status": "planned",
        "valid_from": "2026-11-10T06:00:00Z",
        "valid_to": "2026-11-15T06:00:00Z",
    }
    assert started.data["announced_at"] == "2026-11-01T06:00:00Z"


def test_an_end_that_was_verified_is_an_end() -> None:
    memory = {key: body for key, body in read(feed("2026-11-01T06:00:00Z", zone())).memory.items() if body}
    late = {"end_date": "2026-11-16T06:00:00Z", "is_end_date_verified": True}
    before = read(feed("2026-11-15T12:00:00Z", zone(**late)), memory)
    assert [brief(fact)[1] for fact in before.facts] == ["changed", "started"]
    (closed,) = read(feed("2026-11-17T06:00:00Z", zone(**late)), memory).facts
    assert data(closed, "ended_at", "planned_end") == {
        "ended_at": "2026-11-16T06:00:00Z",
        "planned_end": "2026-11-15T06:00:00Z",
    }


@pytest.mark.parametrize(
    ("lanes", "mode"),
    [
        ([("sidewalk", "closed"), ("general", "open")], "foot"),
        ([("bike-lane", "closed"), ("sidewalk", "closed")], "bike"),
        ([("bike-lane", "closed"), ("general", "shift-left")], "car"),
        ([("general", "open")], "car"),
    ],
)
def test_who_is_hindered_most(lanes: list[tuple[str, str]], mode: str) -> None:
    said = [{"order": 1, "type": type_, "status": status} for type_, status in lanes]
    assert read(feed("2026-11-02T06:00:00Z", zone(lanes=said))).facts[0].data["mode"] == mode


def test_a_bad_feature_is_refused_by_name_and_closes_nobody() -> None:
    memory = {key: body for key, body in read(feed("2026-11-01T06:00:00Z", zone(), zone("Z2"))).memory.items() if body}
    bad = zone(start_date="soon")
    reading = read(feed("2026-11-02T06:00:00Z", bad, zone("Z2"), zone("Z3"), 7), memory)
    assert [brief(fact)[:2] for fact in reading.facts] == [("Z3", "published")]
    assert [(one.reason, one.path) for one in reading.rejects] == [
        ("schema", "features[0].properties.start_date"),
        ("schema", "features[3]"),
    ]


@pytest.mark.parametrize("body", [b"{}", b'{"features": []}', b"[", feed("soon")])
def test_what_is_no_feed_cannot_be_used(body: bytes) -> None:
    with pytest.raises(FeedFault, match="is not a work zone feed"):
        read(body)


RECORDED = {
    "scenario1_simple_linestring": ({"published": 4, "changed": 1, "started": 5}, 0),
    "scenario2_laneshift_linestring": ({"published": 1, "started": 1}, 0),
    "scenario4_detour_linestring": ({"changed": 1, "started": 1}, 3),
    "scenario6_multi_lane_closure_linestring": ({"published": 1, "started": 1}, 0),
}
"""Counted with jq: 5, 1, 1 and 1 work zones that began in January 2010, of which two were updated after their creation;
three detours. All lie in Iowa, west of any longitude that Duisburg's contracts know. The feeds are of June 2020: by
then all of them began long ago."""


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_feeds_are_read_and_lie_elsewhere(name: str) -> None:
    folder = Path(os.environ.get("CITYHUB_RECORDINGS", _ROOT.parent / "shared" / "recordings")) / "roadworks"
    if not folder.is_dir():
        pytest.skip(f"no recordings at {folder}; set CITYHUB_RECORDINGS to their folder")
    facts, detours = RECORDED[name]
    recorded = (folder / f"wzdx-{name}.geojson").read_bytes()
    then = recorded.replace(b'"update_date": "2020-06-18T15:00:00Z"', b'"update_date": "2010-02-01T00:00:00Z"')
    reading = read(then)
    assert (reading.rejects, reading.noted["not_roadworks"]) == ([], detours)
    assert Counter(brief(fact)[1] for fact in reading.facts) == facts
    zones, late = facts["started"], read(recorded)
    assert Counter(brief(fact)[1] for fact in late.facts) == {"changed": zones}
    assert (late.rejects, late.noted["long_ago"]) == ([], zones)
    register = Register(httpx.AsyncClient(), "", lambda: NOW)
    stamp = Stamp(DVV_ROADWORKS, load_contracts(), register, synthetic=False)
    judged = [stamp.event(fact, NOW) for fact in reading.facts]
    assert [one.reason for one in judged if isinstance(one, Reject)] == ["contract"] * sum(facts.values())
    assert all("data.lon" in one.detail for one in judged if isinstance(one, Reject))
