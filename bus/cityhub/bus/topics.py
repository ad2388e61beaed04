"""The hub's topics: names, settings, and making sure that they exist.

Event topics hold dense offsets (no transactions, no compaction) and carry the broker's append time, the engine's only
clock. A topic's partition count is frozen: changing it would send an entity's events to another partition.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kafka.admin import NewTopic
from kafka.errors import TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code
from msgspec import Struct

from cityhub.bus.access import KafkaAccess
from cityhub.bus.admin import Admin, administration
from cityhub.bus.errors import BusRefused

DAY_MS = 86_400_000
VALUES = "du.kpi.value.v1"
CLOCK = "du.hub.clock.v1"
AUDIT = "du.hub.audit.v1"
SANDBOX_DAYS = 7
_VISIBLE_MS = 60_000
PARTNERS = (
    "city",
    "imd",
    "dvv",
    "wbd",
    "gebag",
    "duisport",
    "startport",
    "ude",
    "kontor",
    "scdic",
    "wf",
    "ihk",
    "fraunhofer",
)


class TopicSpec(Struct, frozen=True):
    """A topic as it must be."""

    name: str
    partitions: int
    config: tuple[tuple[str, str], ...]


def events(partner: str, stream: str, major: int = 1, partitions: int = 8) -> TopicSpec:
    """`du.evt.<partner>.<stream>.v<major>`: checked events; only the hub writes it. Kept 35 days."""
    return event_log(f"du.evt.{partner}.{stream}.v{major}", partitions)


def event_log(name: str, partitions: int = 8) -> TopicSpec:
    """An event topic by its whole name."""
    return TopicSpec(name, partitions, _log(35 * DAY_MS))


def quarantine(partner: str, stream: str) -> TopicSpec:
    """`du.in.<partner>.<stream>`: what a partner's own Kafka client writes; only the gate reads it. Kept 7 days."""
    return TopicSpec(f"du.in.{partner}.{stream}", 4, _log(7 * DAY_MS))


def dead_letters(partner: str) -> TopicSpec:
    """`du.dlq.<partner>`: refused records with original bytes and the reason in headers. Kept 35 days."""
    return TopicSpec(f"du.dlq.{partner}", 1, _log(35 * DAY_MS))


def values() -> TopicSpec:
    """`du.kpi.value.v1`: published window values, compacted, keyed, ordered by revision."""
    return TopicSpec(VALUES, 4, (("cleanup.policy", "compact"), ("message.timestamp.type", "LogAppendTime")))


def clock() -> TopicSpec:
    """`du.hub.clock.v1`: empty records, written to learn the broker's time. Kept an hour."""
    return TopicSpec(CLOCK, 1, _log(DAY_MS // 24))


def audit() -> TopicSpec:
    """`du.hub.audit.v1`: who changed what by hand (`audit_trail`). Kept 10 years."""
    return TopicSpec(AUDIT, 1, _log(3_650 * DAY_MS))


class SandboxTopics(Struct, frozen=True):
    """A tenant's topics `sbx.<tenant>.…`, of one partition each: it writes `incoming` and reads the others.

    The dot behind the name keeps `sbx.demo.` apart from `sbx.demo-2.`; names of tenants hold none.
    """

    tenant: str

    @property
    def prefix(self) -> str:
        """Of its topics and consumer groups."""
        return f"sbx.{self.tenant}."

    @property
    def incoming(self) -> str:
        return f"{self.prefix}in"

    @property
    def outgoing(self) -> dict[str, str]:
        """Topic by kind of entry of the tenant's log."""
        return {kind: f"{self.prefix}{last}" for kind, last in _SANDBOX.items()}

    def specs(self) -> list[TopicSpec]:
        """Kept `SANDBOX_DAYS`, at most 256 MiB each."""
        small = ("max.message.bytes", str(128 << 10))  # see `wary_records`
        read = [TopicSpec(name, 1, _SANDBOX_LOG) for name in self.outgoing.values()]
        return [TopicSpec(self.incoming, 1, (*_SANDBOX_LOG, small)), *read]


def ensure(access: KafkaAccess, wanted: Iterable[TopicSpec]) -> list[str]:
    """Create the topics that do not exist yet.

    Returns:
        Names of the topics that were created.

    Raises:
        BusRefused: a topic exists with another partition count, or this log-in may not make topics.
        BusUnavailable: the broker does not answer.
    """
    specs = {spec.name: spec for spec in wanted}
    with administration(access, "cityhub-topics") as admin:
        existing = {
            topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics() if topic["name"] in specs
        }
        for name, count in existing.items():
            if count != specs[name].partitions:
                raise BusRefused(
                    f"topic {name} has {count} partitions, the hub expects {specs[name].partitions}: "
                    "partition counts are frozen, use a new major version of the topic"
                )
        missing = [spec for name, spec in specs.items() if name not in existing]
        for spec in missing:
            _create(admin, spec)
        return [spec.name for spec in missing]


def make_anew(access: KafkaAccess, specs: Iterable[TopicSpec]) -> None:
    """Delete these topics where they are, and create them empty. Raises: as `ensure`."""
    wanted = list(specs)
    with administration(access, "cityhub-topics") as admin:
        _delete(admin, [spec.name for spec in wanted])
        for spec in wanted:
            _create(admin, spec)
        admin.wait_for_topics([spec.name for spec in wanted], timeout_ms=_VISIBLE_MS)


def remove(access: KafkaAccess, names: Sequence[str]) -> None:
    """Delete topics; those that are not there are left out. Raises: as `ensure`."""
    with administration(access, "cityhub-topics") as admin:
        _delete(admin, names)


def _delete(admin: Admin, names: Sequence[str]) -> None:
    for topic in admin.delete_topics(list(names), raise_errors=False)["topics"]:
        error = for_code(topic["error_code"])
        if topic["error_code"] and error is not UnknownTopicOrPartitionError:
            raise error(f"topic {topic['name']}")


def _create(admin: Admin, spec: TopicSpec) -> None:
    topic = NewTopic(spec.name, num_partitions=spec.partitions, replication_factor=-1, topic_configs=dict(spec.config))
    try:
        admin.create_topics([topic])
    except TopicAlreadyExistsError:
        return  # another process of the hub was faster


def _log(retention_ms: int) -> tuple[tuple[str, str], ...]:
    return (
        ("cleanup.policy", "delete"),
        ("message.timestamp.type", "LogAppendTime"),
        ("retention.ms", str(retention_ms)),
    )


_SANDBOX = {"event": "events", "value": "values", "refused": "refused"}
_SANDBOX_LOG = (
    *_log(SANDBOX_DAYS * DAY_MS),
    ("retention.bytes", str(256 << 20)),
    ("segment.bytes", str(32 << 20)),
)
