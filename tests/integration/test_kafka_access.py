"""Who may do what on the embedded Kafka."""

from __future__ import annotations

import asyncio
import contextlib
import stat
import time
from collections.abc import Callable
from typing import Any

import jwt
import psutil
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import (
    ClusterAuthorizationFailedError,
    KafkaTimeoutError,
    TopicAuthorizationFailedError,
)

from cityhub.bus import topics
from cityhub.hub import acl
from cityhub.hub.embedded import kafka as embedded
from cityhub.hub.embedded import partner_keys
from tests.integration.partner_clients import bearer_login, partner_producer
from tests.integration.servers import Kafka, Keycloak
from tests.integration.wire import Wire, bearer, plain, token_accepted

UNSUPPORTED_MECHANISM = 33
AUTHENTICATION_FAILED = 58
OWN, FOREIGN = topics.quarantine("dvv", "probe"), topics.quarantine("wbd", "probe")
HUB_ONLY = (topics.events("dvv", "probe"), topics.events("wbd", "probe"), topics.values(), topics.dead_letters("dvv"))


@pytest.fixture(scope="session")
def ruled(kafka: Kafka) -> Kafka:
    """The broker with topics of every kind and the partners' rules."""
    topics.ensure(kafka.access, [OWN, FOREIGN, *HUB_ONLY])
    acl.ensure(kafka.access)
    return kafka


def listeners(kafka: Kafka) -> dict[str, str]:
    return {
        "INTERNAL": kafka.access.bootstrap,
        "CONTROLLER": kafka.controller_bootstrap,
        "PARTNER": kafka.partner_bootstrap,
    }


def test_hub_logs_in_and_is_answered(kafka: Kafka) -> None:
    with Wire(kafka.access.bootstrap) as wire:
        assert wire.log_in("PLAIN", plain("hub", kafka.access.password)).accepted
        assert wire.brokers() == 1


@pytest.mark.parametrize("listener", ["INTERNAL", "CONTROLLER", "PARTNER"])
def test_without_log_in_every_listener_hangs_up(kafka: Kafka, listener: str) -> None:
    with Wire(listeners(kafka)[listener]) as wire:
        assert wire.brokers() is None


@pytest.mark.parametrize(
    ("listener", "mechanism", "proof"),
    [
        ("INTERNAL", "PLAIN", plain("", "")),
        ("INTERNAL", "PLAIN", plain("hub", "")),
        ("INTERNAL", "PLAIN", plain("hub", "wrong")),
        ("INTERNAL", "PLAIN", plain("ANONYMOUS", "")),
        ("CONTROLLER", "PLAIN", plain("", "")),
        ("CONTROLLER", "PLAIN", plain("broker", "wrong")),
        ("PARTNER", "OAUTHBEARER", b""),
        ("PARTNER", "OAUTHBEARER", bearer("")),
        ("PARTNER", "OAUTHBEARER", bearer("rubbish")),
        ("PARTNER", "OAUTHBEARER", bearer("a.b.c")),
        ("PARTNER", "OAUTHBEARER", b"\x00\xff" * 1000),
    ],
)
def test_wrong_or_no_credentials_are_refused(kafka: Kafka, listener: str, mechanism: str, proof: bytes) -> None:
    with Wire(listeners(kafka)[listener]) as wire:
        verdict = wire.log_in(mechanism, proof)
        assert (verdict.accepted, verdict.error) == (False, AUTHENTICATION_FAILED)


def test_hub_may_not_log_in_as_the_controller(kafka: Kafka) -> None:
    with Wire(kafka.controller_bootstrap) as wire:
        assert not wire.log_in("PLAIN", plain("hub", kafka.access.password)).accepted


@pytest.mark.parametrize(
    ("listener", "mechanism"), [("INTERNAL", "OAUTHBEARER"), ("CONTROLLER", "OAUTHBEARER"), ("PARTNER", "PLAIN")]
)
def test_each_listener_has_one_way_to_log_in(kafka: Kafka, listener: str, mechanism: str) -> None:
    with Wire(listeners(kafka)[listener]) as wire:
        verdict = wire.log_in(mechanism, plain("hub", kafka.access.password))
        assert verdict.error == UNSUPPORTED_MECHANISM


def test_writing_to_an_unknown_topic_does_not_make_it(kafka: Kafka) -> None:
    producer = KafkaProducer(**kafka.access.kafka_python(), max_block_ms=3000)
    with contextlib.closing(producer), pytest.raises(KafkaTimeoutError):
        producer.send("du.evt.dvv.unknown.v1", b"x").get(60)
    assert "du.evt.dvv.unknown.v1" not in _topics(kafka)


def test_passwords_are_neither_on_the_command_line_nor_in_the_log(kafka: Kafka) -> None:
    secrets = kafka.installation.secrets
    seen = "\n".join([*psutil.Process(kafka.pid).cmdline(), kafka.log.read_text()])
    assert "kafka.Kafka" in seen
    assert secrets.kafka_hub_password not in seen
    assert secrets.kafka_broker_password not in seen


def test_second_start_needs_no_network(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    capsys.readouterr()
    assert Kafka(kafka.installation).spec.argv == kafka.spec.argv
    assert capsys.readouterr().out == ""


def test_only_the_owner_can_read_the_configuration(kafka: Kafka) -> None:
    folder = kafka.installation.settings.data / "kafka"
    files = [path for path in folder.iterdir() if path.is_file()]
    assert folder / "server.properties" in files
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_acknowledged_records_survive_a_kill(ruled: Kafka) -> None:
    with contextlib.closing(KafkaProducer(**ruled.access.kafka_python(), acks="all")) as producer:
        sent = [producer.send(HUB_ONLY[0].name, str(number).encode(), partition=0) for number in range(500)]
        last = max(record.get(120).offset for record in sent)
    ruled.kill9()
    ruled.restart()
    with contextlib.closing(_consumer(ruled, HUB_ONLY[0].name)) as consumer:
        partition = next(part for part in consumer.assignment() if part.partition == 0)
        assert consumer.end_offsets([partition])[partition] == last + 1


# -- partners


def test_partner_writes_its_own_topic(ruled: Kafka, keycloak: Keycloak) -> None:
    with contextlib.closing(
        partner_producer(ruled.partner_bootstrap, keycloak.machine_token("ingest-dvv"))
    ) as producer:
        stored = producer.send(OWN.name, b"from dvv").get(120)
    with contextlib.closing(_consumer(ruled, OWN.name)) as consumer:
        partition = next(part for part in consumer.assignment() if part.partition == stored.partition)
        consumer.seek(partition, stored.offset)
        found = _polled(consumer)
    assert found[0].value == b"from dvv"


@pytest.mark.parametrize("topic", [FOREIGN, *HUB_ONLY], ids=lambda spec: spec.name)
def test_partner_is_refused_everywhere_else(ruled: Kafka, keycloak: Keycloak, topic: topics.TopicSpec) -> None:
    producer = partner_producer(ruled.partner_bootstrap, keycloak.machine_token("ingest-dvv"))
    with contextlib.closing(producer), pytest.raises(TopicAuthorizationFailedError):
        producer.send(topic.name, b"x", partition=0).get(120)


def test_partner_neither_reads_nor_makes_topics_and_sees_only_its_own(ruled: Kafka, keycloak: Keycloak) -> None:
    login = bearer_login(ruled.partner_bootstrap, keycloak.machine_token("ingest-dvv"))
    with contextlib.closing(KafkaAdminClient(**login)) as admin:
        seen = admin.list_topics()
        assert OWN.name in seen
        assert {name for name in seen if not name.startswith("du.in.dvv.")} == set()
        with pytest.raises((ClusterAuthorizationFailedError, TopicAuthorizationFailedError)):
            admin.create_topics([NewTopic("du.evt.dvv.mine.v1", num_partitions=1, replication_factor=1)])
    with contextlib.closing(KafkaConsumer(**login)) as consumer:
        consumer.assign([_partition(OWN.name)])
        with pytest.raises(TopicAuthorizationFailedError):
            _polled(consumer)


def test_token_without_kafkas_audience_is_refused(ruled: Kafka, keycloak: Keycloak) -> None:
    assert not token_accepted(ruled.partner_bootstrap, keycloak.machine_token("startup-demo"))
    assert not token_accepted(ruled.partner_bootstrap, keycloak.user_tokens("leitung")["access_token"])
    assert token_accepted(ruled.partner_bootstrap, keycloak.machine_token("ingest-wbd"))


def test_connection_ends_with_its_token(ruled: Kafka, keycloak: Keycloak) -> None:
    with Wire(ruled.partner_bootstrap) as wire:
        assert 200 < wire.log_in("OAUTHBEARER", bearer(keycloak.machine_token("ingest-dvv"))).session_s <= 300


async def test_new_signing_key_is_known_without_a_restart(ruled: Kafka, keycloak: Keycloak) -> None:
    old = keycloak.machine_token("ingest-dvv")
    with keycloak.new_signing_key():
        new = keycloak.machine_token("ingest-dvv")
        assert jwt.get_unverified_header(new)["kid"] != jwt.get_unverified_header(old)["kid"]
        assert not token_accepted(ruled.partner_bootstrap, new)
        keys = embedded.keys_file(ruled.installation.settings)
        mirroring = asyncio.create_task(partner_keys.mirror(keycloak.endpoints.certs, keys, every_s=0.2))
        try:
            await _until(lambda: token_accepted(ruled.partner_bootstrap, new))
            assert token_accepted(ruled.partner_bootstrap, old)
        finally:
            mirroring.cancel()
    keycloak.reconcile()


# -- how the hub's clients are made


def _consumer(kafka: Kafka, topic: str) -> Any:
    consumer = KafkaConsumer(**kafka.access.kafka_python(), auto_offset_reset="earliest")
    consumer.assign([_partition(topic, number) for number in consumer.partitions_for_topic(topic)])
    return consumer


def _partition(topic: str, number: int = 0) -> Any:
    return TopicPartition(topic, number)


def _polled(consumer: Any) -> list[Any]:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        for records in consumer.poll(timeout_ms=1000).values():
            return list(records)
    raise AssertionError("no record within 2 minutes")


def _topics(kafka: Kafka) -> list[str]:
    with contextlib.closing(KafkaAdminClient(**kafka.access.kafka_python())) as admin:
        return list(admin.list_topics())


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 - a server's state, nobody can set an event
            await asyncio.sleep(0.1)
