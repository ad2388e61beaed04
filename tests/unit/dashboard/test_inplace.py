"""A live change reaches the page without building it anew: focus, scroll and open details stay."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from msgspec import structs

from cityhub.dashboard.inplace import Drawn, Sheet, drawn_of
from cityhub.kpi.values import WindowKind
from tests.unit.dashboard.reading import ids, page
from tests.unit.dashboard.world import NOW, World, feed, value

PAGES = ("/", "/kpi/M01", "/field/mobilitaet", "/data")


def moved(world: World) -> None:
    """Ten seconds and a few departures later."""
    for kind in (WindowKind.HOUR, WindowKind.DAY):
        world.reader.put(
            [value(kind, NOW, (4_000, 5_001), revision=4), value(kind, NOW, (40, 51), line="901", revision=4)]
        )
    world.now = NOW + timedelta(seconds=10)
    world.feeds = [feed(world.now, checkpoint_at=NOW + timedelta(seconds=9))]


@pytest.mark.parametrize("path", PAGES)
def test_a_live_change_is_made_in_place(world: World, path: str) -> None:
    before = Sheet.of(page(world, path).body)
    moved(world)
    changes = Sheet.of(page(world, path).body).changes(before.drawn)
    assert changes is not None, "the page would be built anew"
    expected = {
        "/": "partners-state",
        "/kpi/M01": "kpi-running",
        "/field/mobilitaet": "tile-M01-state",
        "/data": "sources-rows",
    }
    assert expected[path] in changes


def test_only_what_changed_is_sent(world: World) -> None:
    before = Sheet.of(page(world, "/kpi/M01").body)
    assert Sheet.of(page(world, "/kpi/M01").body).changes(before.drawn) == {}
    moved(world)
    changes = Sheet.of(page(world, "/kpi/M01").body).changes(before.drawn)
    assert changes is not None
    assert changes["kpi-running"]["children"].replace("\u00a0", " ") == "80,0 %"
    assert not {"kpi-value", "lines-rows", "definition-hash"} & set(changes), "yesterday stands"


@pytest.mark.parametrize("query", ["span=14d", "lines=-value", "series=n"])
def test_sorting_and_spans_keep_the_focus_too(world: World, query: str) -> None:
    before = Sheet.of(page(world, "/kpi/M01").body)
    assert Sheet.of(page(world, "/kpi/M01", query).body).changes(before.drawn)


def test_another_page_or_state_replaces_the_page(world: World) -> None:
    before = Sheet.of(page(world, "/").body)
    assert Sheet.of(page(world, "/kpi/M01").body).changes(before.drawn) is None
    assert Sheet.of(page(World(hours=0), "/").body).changes(before.drawn) is None
    world.with_definition(structs.replace(world.kpi, id="M02"))
    assert Sheet.of(page(world, "/").body).changes(before.drawn) is None


@pytest.mark.parametrize(
    "claim", [None, 3, [], {"skeleton": 1}, {"skeleton": "x", "parts": [1]}, {"parts": {"a": None}}]
)
def test_a_browser_that_claims_nonsense_gets_the_whole_page(world: World, claim: object) -> None:
    assert drawn_of(claim) == Drawn()
    assert Sheet.of(page(world, "/").body).changes(drawn_of(claim)) is None


@pytest.mark.parametrize("path", [*PAGES, "/accessibility", "/nope"])
def test_ids_are_unique(world: World, path: str) -> None:
    assert [key for key, n in Counter(ids(page(world, path).body)).items() if n > 1] == []
