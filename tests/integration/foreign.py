"""Every operation of Kafka's protocol that matters, tried by a tenant on topics and groups that are not its own."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ConfigResource,
    ConfigResourceType,
    NewPartitions,
    NewTopic,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.errors import KafkaError

from cityhub.bus.admin import Admin
from tests.integration.tenants import Tenant

_NO = re.compile(r"AuthorizationFailed|error_code'?[:=] ?(29|30|31)\b|_AUTHORIZATION_FAILED")
_HIDDEN = re.compile(r"error_code'?[:=] ?(3|29)\b|UnknownTopicOrPartition|AuthorizationFailed")
Call = Callable[[], object]


def refused_everywhere(mine: Tenant, names: list[str], groups: list[str]) -> int:
    """Asserts that nothing is let through; how many things were tried."""
    tried = 0
    with opened(mine) as (admin, consumer, producer):
        for name in names:
            for what, call in _changes(admin, name):
                said = _said(call)
                assert _NO.search(said) or _HIDDEN.search(said), (mine.name, what, name, said)
                tried += 1
            for what, call in _uses(consumer, producer, name):
                said = _said(call)
                assert _NO.search(said), (mine.name, what, name, said)
                tried += 1
            assert name not in admin.list_topics()
            assert _HIDDEN.search(_said(lambda name=name: admin.describe_topics([name]))), name  # type: ignore[misc]
            tried += 2
        for group in groups:
            for what, call in _groups(admin, mine, group):
                said = _said(call)
                assert _NO.search(said), (mine.name, what, group, said)
                tried += 1
        for what, call in _cluster(admin):
            said = _said(call)
            assert _NO.search(said), (mine.name, what, said)
            tried += 1
        assert {one["group_id"] for one in admin.list_groups()} <= {f"sbx.{mine.name}.app"}
    return tried


def only_reads_and_writes(mine: Tenant, names: list[str]) -> int:
    """Its own topics: what it may do, and that it may do nothing else."""
    tried = 0
    with opened(mine) as (admin, consumer, producer):
        for name in names:
            for what, call in _changes(admin, name):
                assert _NO.search(_said(call)), (what, name)
                tried += 1
            for what, call in _uses(consumer, producer, name):
                may = what == "list offsets" or (what == "write") is name.endswith(".in")
                assert bool(_NO.search(_said(call))) is not may, (what, name)
                tried += 1
    return tried


@contextlib.contextmanager
def opened(mine: Tenant) -> Iterator[tuple[Any, Any, Any]]:
    """Clients with the tenant's token."""
    login = mine.login()
    with contextlib.ExitStack() as stack:
        admin = stack.enter_context(contextlib.closing(Admin(**login)))
        consumer = stack.enter_context(contextlib.closing(KafkaConsumer(**login, auto_offset_reset="earliest")))
        yield admin, consumer, stack.enter_context(contextlib.closing(mine.producer()))


def _said(call: Call) -> str:
    try:
        return repr(call())
    except KafkaError as error:
        return repr(error)


def _changes(admin: Any, name: str) -> Iterator[tuple[str, Call]]:
    tp = TopicPartition(name, 0)

    def described() -> object:
        """The client hides why it was told nothing; each of these topics has settings of its own."""
        told = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
        return told if told["topic"].get(name) else "AuthorizationFailed"

    yield "create topic", lambda: admin.create_topics([NewTopic(name, 1, 1)])
    yield "delete topic", lambda: admin.delete_topics([name])
    yield (
        "alter configs",
        lambda: admin.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, name, {"retention.ms": "1"})], raise_on_unknown=False
        ),
    )
    yield "describe configs", described
    yield "create partitions", lambda: admin.create_partitions({name: NewPartitions(9)})
    yield "delete records", lambda: admin.delete_records({tp: 0})


def _uses(consumer: Any, producer: Any, name: str) -> Iterator[tuple[str, Call]]:
    tp = TopicPartition(name, 0)

    def read() -> object:
        consumer.assign([tp])
        for _ in range(4):
            if found := consumer.poll(timeout_ms=250):
                return found
            consumer.position(tp, timeout_ms=60_000)
        return "nothing there"

    yield "read", read
    yield "list offsets", lambda: consumer.end_offsets([tp])
    yield "write", lambda: producer.send(name, b"x", partition=0).get(60)


def _groups(admin: Any, mine: Tenant, group: str) -> Iterator[tuple[str, Call]]:
    def join() -> object:
        with contextlib.closing(KafkaConsumer(f"sbx.{mine.name}.events", group_id=group, **mine.login())) as consumer:
            return consumer.poll(timeout_ms=10_000)

    yield "join group", join
    yield "describe group", lambda: admin.describe_groups([group])
    yield "read offsets", lambda: admin.list_group_offsets(group)
    yield "delete group", lambda: admin.delete_groups([group])


def _cluster(admin: Any) -> Iterator[tuple[str, Call]]:
    everything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    topic = ResourcePattern(ResourceType.TOPIC, "sbx.", ACLResourcePatternType.PREFIXED)
    rule = ACL("User:startup-sbx-demo", "*", ACLOperation.ALL, ACLPermissionType.ALLOW, topic)
    yield (
        "describe acls",
        lambda: admin.describe_acls(ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, everything)),
    )
    yield "create acls", lambda: admin.create_acls([rule])
    yield "delete acls", lambda: admin.delete_acls([rule])
    yield "quotas", lambda: admin.limit("startup-sbx-demo", produced=1e9)
