"""What the declarations of all adapters say together."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from cityhub.adapters.catalogue import SOURCES, answered, feed_of
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


def test_every_event_type_comes_from_one_source_that_its_contract_allows() -> None:
    contracts = load_contracts()
    types = [type_ for source in SOURCES.values() for type_ in source.event_types]
    assert len(types) == len(set(types))
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
