"""The hub's processes as the chart starts them: a Kafka with TLS, SCRAM and the chart's own rules, and a PostgreSQL."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePatternFilter,
    ResourceType,
)
from msgspec.structs import replace

from cityhub.bus.admin import administration
from cityhub.hub import acl
from cityhub.hub.access import kafka_access
from cityhub.hub.commands.partner import asked_for
from cityhub.hub.identity import partners
from cityhub.hub.probes import probes
from cityhub.hub.rooms import client
from cityhub.hub.secrets import generate, load_or_create
from cityhub.hub.settings import Settings, parse
from cityhub.sandbox.rooms.service import Wish
from cityhub.sandbox.rooms.tenants import Tenants
from tests.integration.broker import ExternalKafka, external_kafka
from tests.integration.hub_processes import until
from tests.integration.postgres import Postgres, postgres
from tests.integration.servers import LIMIT_S
from tests.ports import free_ports

__all__ = ["external_kafka", "postgres"]

PROCESSES = ("worker", "publisher", "gate", "bookkeeper", "rooms")


@pytest.fixture(scope="module")
def settings(
    tmp_path_factory: pytest.TempPathFactory, postgres: Postgres, external_kafka: ExternalKafka
) -> Mapping[str, str]:
    """The environment of the hub's processes; all servers run."""
    (rooms_port,), data = free_ports(1), tmp_path_factory.mktemp("hub")
    load_or_create(data)
    return {
        "CITYHUB_DATA": str(data),
        "CITYHUB_CITY": "false",
        "CITYHUB_KEYCLOAK_URL": "http://127.0.0.1:1",
        "CITYHUB_ROOMS_PORT": str(rooms_port),
        "CITYHUB_STORE_URL": postgres.create(),
        **external_kafka.settings,
    }


def cityhub(settings: Mapping[str, str], *words: str) -> subprocess.Popen[bytes]:
    others = {name: value for name, value in os.environ.items() if not name.startswith("CITYHUB_")}
    log = (Path(settings["CITYHUB_DATA"]) / f"{words[0]}.log").open("ab")
    with log:
        return subprocess.Popen(
            [sys.executable, "-m", "cityhub.hub", *words], env=others | settings, stdout=log, stderr=subprocess.STDOUT
        )


async def test_every_process_does_its_work_with_what_the_chart_gives(settings: Mapping[str, str]) -> None:
    for words in (["store", "migrate"], ["topics"]):
        assert cityhub(settings, *words).wait(LIMIT_S) == 0, tail(settings, words[0])
    known, started = parse(settings), dt.datetime.now(dt.UTC)
    tenants = Tenants(known.data / "sandbox")
    tenants.open_kafka(tenants.create("fremd", "startup-demo", 1, started), wanted=True)
    tenants.close()
    asked = probes(known, load_or_create(known.data), started)
    children = {name: cityhub(settings, name) for name in PROCESSES}
    try:
        end = time.monotonic() + LIMIT_S
        while waiting := {name: reason for name in PROCESSES if (reason := await asyncio.to_thread(asked[name]))}:
            assert time.monotonic() < end, waiting
            for name, child in children.items():
                assert child.poll() is None, tail(settings, name)
            await asyncio.sleep(0.2)
        assert (await refused(settings)).startswith(b"du.in.dvv.transit/")
        assert (await asyncio.wait_for(opened_and_closed(known), LIMIT_S))["writes"] == "sbx.fremd.in"
    finally:
        for child in children.values():
            child.terminate()
        codes = {name: await asyncio.to_thread(child.wait, LIMIT_S) for name, child in children.items()}
    assert codes == dict.fromkeys(PROCESSES, 0)


async def test_a_partner_is_let_in_and_out_with_the_charts_rules(settings: Mapping[str, str]) -> None:
    access, grant = kafka_access(parse(settings), generate()), asked_for("gebag", "", ["extra"])
    assert "du.in.gebag.extra" in partners.enforce(access, grant)
    with administration(access, "test") as admin:
        everything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
        of_partner = ACLFilter("User:ingest-gebag", None, ACLOperation.ANY, ACLPermissionType.ANY, everything)

        async def stands(*rules: ACL) -> bool:
            return set(admin.describe_acls(of_partner)[0]) == set(rules)

        await until(partial(stands, *acl.rules("ingest-gebag", "gebag")), [])
        partners.enforce(access, replace(grant, revoked="2026-11-26"))
        await until(stands, [])


async def opened_and_closed(settings: Settings) -> dict[str, Any]:
    """The door of a tenant, once the rooms have made topics, rules and quotas; then all of it is taken away."""
    async with httpx.AsyncClient(trust_env=False) as http:
        rooms = client(http, settings, load_or_create(settings.data))
        found: dict[str, Any] = {}
        while not found.get("ready"):
            found = json.loads(await rooms.wish(Wish(do="kafka", organisation=None, name="fremd")))
            await asyncio.sleep(0.2)
        await rooms.wish(Wish(do="kafka", organisation=None, name="fremd", open=False))
    with administration(kafka_access(settings, generate()), "test") as admin:

        async def gone() -> bool:
            return not any(topic.startswith("sbx.") for topic in admin.list_topics())

        await until(gone, [])
    return found


async def refused(settings: Mapping[str, str]) -> bytes:
    """Where a dead letter says it comes from: the gate reads a record that is no event, writes, commits and deletes."""
    words = kafka_access(parse(settings), generate()).aiokafka()
    async with AIOKafkaProducer(**words) as producer:
        await producer.send_and_wait("du.in.dvv.transit", b"no event")
    consumer = AIOKafkaConsumer(**words, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition("du.dlq.dvv", 0)])
        record = await asyncio.wait_for(consumer.getone(), LIMIT_S)
        return bytes(dict(record.headers)["dlq_origin"])
    finally:
        await consumer.stop()


async def test_a_broker_that_the_ca_did_not_sign_is_not_talked_to(settings: Mapping[str, str]) -> None:
    access = kafka_access(parse({**settings, "CITYHUB_KAFKA_CA": "system"}), generate())
    host, port = access.bootstrap.split(":")
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncio.open_connection(host, int(port), ssl=access.aiokafka()["ssl_context"])


def tail(settings: Mapping[str, str], name: str) -> str:
    """The end of a process's log."""
    return (Path(settings["CITYHUB_DATA"]) / f"{name}.log").read_text(errors="replace")[-3000:]
