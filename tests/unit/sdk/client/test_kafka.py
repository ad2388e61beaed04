"""The Kafka publisher's answers; tests/e2e/test_partner.py has the real broker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError, TopicAuthorizationFailedError
from msgspec import Struct

from cityhub.sdk import codec
from cityhub.sdk.client.kafka import KafkaPublisher
from cityhub.sdk.errors import HubRefused, NotAcknowledged
from tests.unit.adapters.doors.world import CONTRACTS, event
from tests.unit.sdk.client.local_hub import LocalHub, Time, publisher

TOPIC = "du.in.wbd.bin"


class _Place(Struct):
    topic: str
    partition: int
    offset: int


class _Producer:
    """What kafka-python's producer does; records whose value holds a key of `troubles` fail with its error."""

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {}
        self.sent: list[tuple[str, bytes, bytes]] = []
        self.troubles: dict[bytes, Exception] = {}
        self.at_once = False
        self.closed = False

    def __call__(self, **settings: Any) -> _Producer:
        self.settings = settings
        return self

    def send(self, topic: str, value: bytes, key: bytes) -> Any:
        trouble = next((error for text, error in self.troubles.items() if text in value), None)
        if trouble and self.at_once:
            raise trouble
        self.sent.append((topic, key, value))
        return _Future(_Place(topic, 0, len(self.sent) - 1), trouble)

    def close(self, timeout: float) -> None:
        self.closed = True


class _Future(Struct):
    place: _Place
    trouble: Exception | None

    def get(self, timeout: float) -> _Place:
        if self.trouble:
            raise self.trouble
        return self.place


def test_events_go_where_the_gate_reads_them(hub: LocalHub, time: Time) -> None:
    producer = _Producer()
    with publisher(hub, time) as http, KafkaPublisher("a:1,b:2", http, contracts=CONTRACTS, connect=producer) as one:
        results = one.publish([event(1), event(2, fill=7), event(3)])
        assert producer.settings["sasl_oauth_token_provider"].token() == hub.token()
    assert [(said.status, said.topic, said.offset) for said in results] == [
        ("accepted", TOPIC, 0),
        ("rejected", "", -1),
        ("accepted", TOPIC, 1),
    ]
    assert producer.sent == [(TOPIC, b"bin-1", codec.encode(event(1))), (TOPIC, b"bin-3", codec.encode(event(3)))]
    settings = producer.settings
    assert (settings["bootstrap_servers"], settings["acks"], settings["enable_idempotence"]) == (
        ["a:1", "b:2"],
        "all",
        True,
    )
    assert (settings["security_protocol"], producer.closed) == ("SASL_PLAINTEXT", True)


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize(
    ("trouble", "kind"),
    [(KafkaTimeoutError("slow"), NotAcknowledged), (TopicAuthorizationFailedError("no"), HubRefused)],
)
def test_trouble_is_told_with_what_was_acknowledged(
    hub: LocalHub, time: Time, trouble: Exception, kind: type[NotAcknowledged | HubRefused], at_once: bool
) -> None:
    producer = _Producer()
    producer.at_once = at_once
    producer.troubles = {b"bin-2": trouble}
    with (
        publisher(hub, time) as http,
        KafkaPublisher("a:1", http, contracts=CONTRACTS, connect=producer) as one,
        pytest.raises(kind, match="Kafka has not acknowledged all of it") as raised,
    ):
        one.publish([event(0, fill=7), event(1), event(2), event(3)])
    last = "unknown" if at_once else "accepted"
    assert [said.status for said in raised.value.results] == ["rejected", "accepted", "unknown", last]
    assert [said.id for said in raised.value.results] == [event(number).id for number in range(4)]


def test_a_type_that_nobody_knows_has_no_topic(hub: LocalHub, time: Time) -> None:
    strange = event(1, "de.duisburg.wbd.bin.painted.v1")
    connect: Callable[..., Any] = _Producer()
    with (
        publisher(hub, time, validate=False) as http,
        KafkaPublisher("a:1", http, contracts=CONTRACTS, connect=connect) as one,
    ):
        (said,) = one.publish([strange])
    assert (said.status, said.reason) == ("rejected", "unknown_type")
