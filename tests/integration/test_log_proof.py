"""What the broker says of topics, as a worker asks for it before it reads anything."""

from __future__ import annotations

import time
from collections.abc import Mapping
from uuid import uuid4

import pytest

from cityhub.bus.access import KafkaAccess
from cityhub.bus.errors import BusUnavailable
from cityhub.bus.log_proof import TopicState, topic_states
from cityhub.bus.topics import TopicSpec, ensure, events
from tests.integration.servers import LIMIT_S


def made(access: KafkaAccess, *specs: TopicSpec) -> Mapping[str, TopicState]:
    """New topics, once the broker knows what its controller has made."""
    ensure(access, specs)
    end = time.monotonic() + LIMIT_S
    while True:
        try:
            return topic_states(access, [spec.name for spec in specs])
        except BusUnavailable:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def test_topics_have_ids_of_their_own_and_partitions(kafka_access: KafkaAccess) -> None:
    specs = [events("dvv", f"p{uuid4().hex[:8]}", partitions=count) for count in (1, 3)]
    found = made(kafka_access, *specs)
    one, other = (found[spec.name] for spec in specs)
    assert (one.partitions, other.partitions) == (1, 3)
    assert one.id != other.id


def test_a_topic_that_is_not_there_is_named_with_what_to_do(kafka_access: KafkaAccess) -> None:
    there = events("dvv", f"p{uuid4().hex[:8]}")
    made(kafka_access, there)
    with pytest.raises(BusUnavailable, match=r"topic du\.evt\.dvv\.nowhere\.v1 does not exist; `cityhub topics`"):
        topic_states(kafka_access, [there.name, "du.evt.dvv.nowhere.v1"])
