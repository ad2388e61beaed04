"""What the declarations of all adapters say together."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from cityhub.adapters.catalogue import FEEDS_OF_TYPE, SOURCES, answered, feed_of
from cityhub.adapters.duisport.box import GATED_OUT
from cityhub.adapters.dvv.transit.source import PREDICTED, STOP_DEPARTED, TRIP_CANCELLED
from cityhub.sdk.contract import load_contracts
from tests.unit.api.world import NOW, feed

LAMP = "de.duisburg.dvv.lamp.energy-metered.v1"


def test_a_feed_answers_for_its_types_as_far_as_kafka_has_them() -> None:
    told = replace(feed(), checkpoint_at=NOW)
    assert answered([told]) == {STOP_DEPARTED: NOW, TRIP_CANCELLED: NOW, PREDICTED: NOW}
    assert answered([replace(told, checkpoint_at=None)]) == {}
    assert answered([]) == {}


def test_a_type_knows_its_feed() -> None:
    assert feed_of(STOP_DEPARTED, [feed()]) == feed()
    assert feed_of(STOP_DEPARTED, []) is None
    assert feed_of("de.duisburg.hub.letters.counted.v1", [feed()]) is None


def test_a_type_of_two_feeds_is_as_far_as_the_slower_one() -> None:
    ahead = replace(feed(), feed="duisport.containers", checkpoint_at=NOW)
    behind = replace(ahead, feed="duisport.track-and-trace", checkpoint_at=NOW - timedelta(hours=1))
    for feeds in ([ahead, behind], [behind, ahead]):
        assert feed_of(GATED_OUT, feeds) == behind
        assert answered(feeds)[GATED_OUT] == behind.checkpoint_at
    silent = replace(behind, checkpoint_at=None)
    assert feed_of(GATED_OUT, [ahead, silent]) == silent
    assert answered([ahead, silent]) == {}


def test_every_event_type_comes_from_sources_that_its_contract_allows() -> None:
    """From one, but for moves of containers: terminals tell what happened, carriers what is planned."""
    contracts = load_contracts()
    assert {type_ for type_, feeds in FEEDS_OF_TYPE.items() if len(feeds) > 1} == {
        f"de.duisburg.duisport.container.{verb}.v1" for verb in ("gated-in", "gated-out", "discharged", "loaded")
    }
    for name, source in SOURCES.items():
        assert name == source.feed
        assert source.system.startswith(f"//{source.partner}/")
        assert {contracts[type_].partner for type_ in source.event_types} == {source.partner}


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "good"),
        ({"data_at": NOW - timedelta(seconds=90)}, "good"),
        ({"data_at": NOW - timedelta(seconds=91)}, "late"),
        ({"data_at": None}, "silent"),
        ({"data_at": None, "error": "HTTP 500"}, "failing"),
        ({"error": "HTTP 500", "delivery_error": "no broker"}, "undelivered"),
    ],
)
def test_the_state_of_a_feed_is_its_worst_trouble(changes: dict[str, object], state: str) -> None:
    well = replace(feed(), data_at=NOW, error="")
    assert replace(well, **changes).state(NOW) == state
