"""What a feed's status says of its topics."""

from __future__ import annotations

from msgspec.structs import replace

from cityhub.adapters.status import answered
from tests.unit.api.world import NOW, feed


def test_a_feed_answers_for_the_topic_it_fills_as_far_as_kafka_has_it() -> None:
    told = replace(feed(), checkpoint_at=NOW)
    topics = ["du.evt.dvv.transit.v1", "du.evt.dvv.lamp.v1"]
    assert answered([told], topics) == {"du.evt.dvv.transit.v1": NOW}
    assert answered([replace(told, checkpoint_at=None)], topics) == {}
    assert answered([], topics) == {}
