"""A partner's real token at every topic that the broker has: it writes its own `du.in` topics, and reads nothing."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import TopicAuthorizationFailedError

from cityhub.bus import topics
from cityhub.hub import acl
from cityhub.hub.run.topics import wanted
from tests.integration.partner_clients import bearer_login, partner_producer
from tests.integration.servers import Kafka, Keycloak

KINDS = {"in", "evt", "dlq", "hub", "kpi"}


@pytest.fixture(scope="module")
def names(kafka: Kafka) -> list[str]:
    """Topics of every kind and of both partners."""
    specs = [*wanted(), topics.quarantine("wbd", "probe"), topics.quarantine("dvv", "probe")]
    topics.ensure(kafka.access, specs)
    acl.ensure(kafka.access)
    found = set[str]()
    while not found >= {spec.name for spec in specs}:  # a broker tells of new topics when it has made them
        with contextlib.closing(KafkaAdminClient(**kafka.access.kafka_python())) as admin:
            found = {name for name in admin.list_topics() if name.startswith("du.")}
    assert {name.split(".")[1] for name in found} == KINDS
    return sorted(found)


@pytest.mark.parametrize("partner", ["dvv", "wbd"])
def test_it_writes_its_own_and_nothing_else(kafka: Kafka, keycloak: Keycloak, names: list[str], partner: str) -> None:
    token = keycloak.machine_token(f"ingest-{partner}")
    with contextlib.closing(partner_producer(kafka.partner_bootstrap, token)) as producer:
        written = [name for name in names if _writes(producer, name)]
    assert written == [name for name in names if name.startswith(f"du.in.{partner}.")]


@pytest.mark.parametrize("partner", ["dvv", "wbd"])
def test_it_reads_nothing(kafka: Kafka, keycloak: Keycloak, names: list[str], partner: str) -> None:
    login = bearer_login(kafka.partner_bootstrap, keycloak.machine_token(f"ingest-{partner}"))
    for name in names:
        with contextlib.closing(KafkaConsumer(**login, auto_offset_reset="earliest")) as consumer:
            consumer.assign([TopicPartition(name, 0)])
            with pytest.raises(TopicAuthorizationFailedError):
                _answered(consumer)


def _writes(producer: Any, name: str) -> bool:
    try:
        producer.send(name, b"x", partition=0).get(120)
    except TopicAuthorizationFailedError:
        return False
    return True


def _answered(consumer: Any) -> None:
    """Until the broker has said something; records are none, an empty topic says nothing."""
    while not consumer.poll(timeout_ms=50):
        assert consumer.position(TopicPartition(*next(iter(consumer.assignment()))), timeout_ms=60_000) >= 0
