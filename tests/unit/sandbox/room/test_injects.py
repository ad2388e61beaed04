"""Each inject does what it says, to the events that it means and to no others."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from cityhub.sandbox.errors import SpecRefused
from cityhub.sandbox.room.injects import Injects, read_inject
from cityhub.sandbox.room.story import Story, Timed
from cityhub.sdk import codec
from cityhub.sdk.errors import RejectedEvent
from cityhub.sdk.event import validate
from tests.unit.sandbox.room.rooms import CITY, DAY, START

HOUR_MS = 3_600_000
TOLD = list(Story(7, DAY, ("parking-slots", "sewer-levels", "containers"), CITY.contracts).events())
SEVEN, NINE = START + timedelta(hours=7), START + timedelta(hours=9)
WINDOW = {"from": SEVEN.isoformat(), "until": NINE.isoformat()}


def after(*trees: dict[str, Any], seed: int = 1) -> list[Timed]:
    injects = Injects(seed, [read_inject(tree, CITY.contracts) for tree in trees])
    return [out for one in TOLD for out in fate(injects, one)]


def fate(injects: Injects, coming: Timed, stage: int = 0) -> list[Timed]:
    """What becomes of an event until nothing acts on it any more."""
    acted = injects.acted(coming, stage)
    return [coming] if acted is None else [out for one in acted.found for out in fate(injects, one, acted.stage)]


def within(one: Timed) -> bool:
    return SEVEN.timestamp() * 1000 <= one.arrives_ms < NINE.timestamp() * 1000


def parking(one: Timed) -> bool:
    return "parking" in one.event.type


def test_late_ones_keep_their_time_and_others_stay() -> None:
    found = after({"kind": "late", "by": "2h", "where": {"types": ["dvv.lamp.parking-*"]}} | WINDOW)
    assert len(found) == len(TOLD)
    for was, now in zip(TOLD, found, strict=True):
        meant = parking(was) and within(was)
        assert now == (was._replace(arrives_ms=was.arrives_ms + 2 * HOUR_MS) if meant else was)


def test_duplicates_are_the_same_event_again() -> None:
    found = after({"kind": "duplicate", "by": "5min", "share": 0.3} | WINDOW)
    more = len(found) - len(TOLD)
    meant = sum(map(within, TOLD))
    assert 0.2 * meant < more < 0.4 * meant
    assert len({(one.event.source, one.event.id) for one in found}) == len(TOLD)


def test_disorder_shuffles_arrivals() -> None:
    found = after({"kind": "disorder", "by": "1h"} | WINDOW)
    assert [one.event for one in found] == [one.event for one in TOLD]
    moved = [now.arrives_ms - was.arrives_ms for was, now in zip(TOLD, found, strict=True) if within(was)]
    assert min(moved) >= 0
    assert HOUR_MS * 0.8 < max(moved) < HOUR_MS


def test_a_bad_schema_is_refused_by_the_door() -> None:
    found = after({"kind": "bad-schema", "where": {"subjects": ["stellplatz-003"]}} | WINDOW)
    bad = [one for one in found if one.raw]
    assert bad
    assert {one.event.subject for one in bad} == {"stellplatz-003"}
    with pytest.raises(RejectedEvent):
        codec.decode(bad[0].raw)


def test_an_outage_loses_or_catches_up() -> None:
    lost = after({"kind": "outage", "where": {"boroughs": ["STB02"]}} | WINDOW)
    meant = [one for one in TOLD if within(one) and one.event.borough == "STB02"]
    assert meant
    assert len(TOLD) - len(lost) == len(meant)
    late = after({"kind": "outage", "catch_up": True, "where": {"boroughs": ["STB02"]}} | WINDOW)
    assert len(late) == len(TOLD)
    assert sum(one.arrives_ms == NINE.timestamp() * 1000 for one in late) >= len(meant)


def test_a_silent_lamp_says_nothing() -> None:
    found = after({"kind": "silent", "where": {"subjects": ["stellplatz-017"]}, "from": SEVEN.isoformat()})
    gone = [one for one in TOLD if one not in found]
    assert gone
    assert all(one.event.subject == "stellplatz-017" and one.arrives_ms >= SEVEN.timestamp() * 1000 for one in gone)


def test_a_storm_fills_the_sewers() -> None:
    found = after({"kind": "storm"} | WINDOW)
    pairs = [(was, now) for was, now in zip(TOLD, found, strict=True) if was != now]
    assert {was.event.type for was, _ in pairs} == {"de.duisburg.wbd.sewer.level-observed.v1"}
    for was, now in pairs:
        assert now.event.data["level_ratio"] == pytest.approx(3 * was.event.data["level_ratio"], abs=0.06)
        validate(now.event)


def test_a_closed_bridge_is_published_and_trucks_wait_behind_each_other() -> None:
    evening = START + timedelta(hours=17)
    tree = {"kind": "bridge-closed", "from": SEVEN.isoformat(), "until": evening.isoformat()}
    (site,) = Injects(1, [read_inject(tree, CITY.contracts)]).told()
    assert site.event.type == "de.duisburg.city.roadwork.published.v1"
    validate(site.event)
    pairs = [(was, now) for was, now in zip(TOLD, after(tree), strict=True) if was != now]
    assert len(pairs) > 3
    for was, now in pairs:
        assert was.event.type.endswith("gated-out.v1")
        assert now.event.time == max(evening + (was.event.time - SEVEN) / 8, evening)
        validate(now.event)
    times = [now.event.time for _, now in sorted(pairs, key=lambda pair: pair[0].event.time)]
    assert times == sorted(times)


def test_which_events_are_hit_follows_from_the_seed_and_not_from_other_injects() -> None:
    share = {"kind": "silent", "share": 0.5, "where": {"subjects": ["stellplatz-*"]}} | WINDOW
    other = {"kind": "late", "where": {"types": ["wbd.*"]}} | WINDOW
    kept = {one.event.id for one in after(share)}
    assert {one.event.id for one in after(share, other)} == kept
    assert {one.event.id for one in after(share, seed=2)} != kept


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ({"kind": "earthquake"}, "Invalid enum value 'earthquake'"),
        ({"kind": "late", "by": "soon"}, "by: duration 'soon' is not a whole number"),
        ({"kind": "late", "by": "3d"}, "by: '3d' is more than a day"),
        ({"kind": "late", "share": 0}, "share: 0.0 is not above 0"),
        ({"kind": "late", "from": "2026-11-24T07:00:00"}, "has no offset"),
        ({"kind": "late", "from": NINE.isoformat(), "until": SEVEN.isoformat()}, "is not after from"),
        ({"kind": "outage"}, "until: is missing; outage has an end"),
        ({"kind": "silent"}, "name the things that are silent"),
        ({"kind": "late", "where": {"types": ["dvv.lamb.*"]}}, "'dvv.lamb.*' matches no event type"),
        ({"kind": "late", "where": {"boroughs": ["STB09"]}}, "'STB09' is no borough"),
        ({"kind": "late", "wheres": {}}, "unknown field `wheres`"),
        ([], "Expected `object`, got `array`"),
    ],
)
def test_what_is_wrong_is_said(tree: Any, said: str) -> None:
    with pytest.raises(SpecRefused, match=re.escape(said)):
        read_inject(tree, CITY.contracts)
