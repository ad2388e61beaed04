"""The sandbox's process beside real servers, and programs of tenants with their own keys."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import msgspec
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import (
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.protocol.admin import DescribeClientQuotasRequest

from cityhub.hub.rooms import client
from cityhub.sandbox.rooms.commands import Command
from cityhub.sandbox.rooms.service import Wish
from tests.integration.hub_processes import LIMIT_S, HubProcess
from tests.integration.partner_clients import bearer_login, partner_producer
from tests.integration.servers import Kafka, Keycloak


class Sandbox:
    """The process `rooms`, asked as the web process asks it."""

    def __init__(self, kafka: Kafka, keycloak: Keycloak) -> None:
        self.kafka = kafka
        self.keycloak = keycloak
        self.process = HubProcess(kafka.installation, "rooms")

    async def wish(self, do: Any, name: str, **more: Any) -> Any:
        """What the operator wishes, of any tenant."""
        async with httpx.AsyncClient(trust_env=False) as http:
            rooms = client(http, self.kafka.installation.settings, self.kafka.installation.secrets)
            wish = Wish(do=do, organisation=more.pop("organisation", None), name=name, **more)
            return json.loads(await rooms.wish(wish))

    async def ask(self, name: str, command: Command) -> Any:
        async with httpx.AsyncClient(trust_env=False) as http:
            rooms = client(http, self.kafka.installation.settings, self.kafka.installation.secrets)
            return json.loads(await rooms.ask(name, None, command))

    async def made(self, name: str) -> Tenant:
        """A tenant with a key and open doors."""
        await self.wish("create", name, organisation="startup-demo")
        await self.wish("kafka", name, open=True)
        await self.ready(name)
        key = (await self.wish("rotate", name))["key"]
        return Tenant(self, name, key["client"], key["secret"])

    async def ready(self, name: str) -> None:
        end = time.monotonic() + LIMIT_S
        while not (door := await self.wish("kafka", name))["ready"]:
            assert self.process.lives(), "the rooms ended by themselves"
            assert time.monotonic() < end, door


class Tenant:
    """A program of a tenant."""

    def __init__(self, sandbox: Sandbox, name: str, client: str, secret: str) -> None:
        self._sandbox = sandbox
        self.key = client, secret
        self.name = name

    def token(self) -> str:
        address = self._sandbox.keycloak.endpoints.token
        form = {"grant_type": "client_credentials"}
        answer = httpx.post(address, data=form, auth=self.key, timeout=60, trust_env=False)
        return str(answer.raise_for_status().json()["access_token"])

    def login(self) -> dict[str, Any]:
        """Keyword arguments of kafka-python's clients."""
        return bearer_login(self._sandbox.kafka.partner_bootstrap, self.token())

    def producer(self) -> Any:
        return partner_producer(self._sandbox.kafka.partner_bootstrap, self.token())

    def write(self, *values: bytes | None) -> None:
        with contextlib.closing(self.producer()) as producer:
            for sent in [producer.send(f"sbx.{self.name}.in", value, key=b"k") for value in values]:
                sent.get(LIMIT_S)

    def read(self, kind: str, enough: Callable[[list[Any]], object]) -> list[Any]:
        """Records of one of its topics, from the first on, until there are enough."""
        found: list[Any] = []
        with contextlib.closing(KafkaConsumer(**self.login(), auto_offset_reset="earliest")) as consumer:
            consumer.assign([TopicPartition(f"sbx.{self.name}.{kind}", 0)])
            end = time.monotonic() + LIMIT_S
            while not enough(found):
                assert time.monotonic() < end, f"{len(found)} records"
                for records in consumer.poll(timeout_ms=500).values():
                    found += records
        return found


def cursors(records: list[Any]) -> list[int]:
    return [int(dict(one.headers)["cursor"]) for one in records]


def everything(kafka: Kafka) -> Iterator[tuple[str, bytes]]:
    """What the broker tells the hub, and every record of every topic."""
    told = list(known(kafka))
    yield from told
    yield from _held(kafka, [name.decode() for where, name in told if where == "topics"])


def known(kafka: Kafka) -> Iterator[tuple[str, bytes]]:
    """Topics, groups, rules and quotas."""
    with contextlib.closing(KafkaAdminClient(**kafka.access.kafka_python())) as admin:
        for name in admin.list_topics():
            yield "topics", name.encode()
        for group in admin.list_groups():
            yield "groups", repr(group).encode()
        yield "rules", repr(_rules(admin)).encode()
        request = DescribeClientQuotasRequest(components=[], strict=False)
        yield "quotas", repr(admin._manager.run(admin._manager.send, request)).encode()


def _rules(admin: Any) -> Any:
    whole = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    return admin.describe_acls(ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, whole))


def _held(kafka: Kafka, names: list[str]) -> Iterator[tuple[str, bytes]]:
    """Every record; of a topic that keeps the newest of each key, what stands behind no newer one."""
    held = dict[Any, tuple[str, bytes]]()
    with contextlib.closing(KafkaConsumer(**kafka.access.kafka_python(), exclude_internal_topics=False)) as consumer:
        tps = [TopicPartition(name, part) for name in names for part in consumer.partitions_for_topic(name) or ()]
        consumer.assign(tps)
        consumer.seek_to_beginning(*tps)
        ends = consumer.end_offsets(tps)
        while any((at := consumer.position(tp)) is not None and at < ends[tp] for tp in tps):  # None: just deleted
            for tp, records in consumer.poll(timeout_ms=500).items():
                compacted = tp.topic.startswith(("__", "du.kpi."))
                for one in records:
                    key = (tp, one.key if compacted else one.offset)
                    held[key] = tp.topic, repr((one.key, one.value, one.headers)).encode()
                    if compacted and one.value is None:
                        del held[key]
    yield from held.values()


def events(values: list[Any]) -> list[Any]:
    """Records as JSON."""
    return [msgspec.json.decode(one.value) for one in values]
