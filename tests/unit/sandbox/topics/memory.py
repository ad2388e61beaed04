"""Kafka as the sandbox sees it, in memory: topics of one partition, and what goes wrong when a test says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from cityhub.bus.errors import BusUnavailable
from cityhub.bus.publisher import Outgoing
from cityhub.bus.quarantine import Stretch
from cityhub.bus.topics import SandboxTopics
from cityhub.sandbox.rooms.keys import Key
from cityhub.sandbox.topics.broker import Door, Incoming

_QUIET_S = 0.01


class Record(NamedTuple):
    offset: int
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


class MemoryKeys:
    """Attributes: kafka = tenants whose key opens Kafka."""

    def __init__(self) -> None:
        self.kafka: set[str] = set()

    def issue(self, tenant: str, organisation: str, *, kafka: bool) -> Key:
        return Key(f"startup-sbx-{tenant}", "synthetic")

    def renew(self, tenant: str, organisation: str, *, kafka: bool) -> None:
        (self.kafka.add if kafka else self.kafka.discard)(tenant)

    def withdraw(self, tenant: str) -> None:
        self.kafka.discard(tenant)


class MemoryBroker:
    """Attributes:
    topics: records by name. away: every call fails. fail_after: so many more records are written, then one fails.
    made: how often topics were made anew. groups: names of consumer groups.
    """

    def __init__(self) -> None:
        self.topics: dict[str, list[Outgoing]] = {}
        self.away = False
        self.fail_after: int | None = None
        self.made = 0
        self.reader = MemoryReader(self)

    def make(self, tenant: str) -> None:
        self._answer()
        for spec in SandboxTopics(tenant).specs():
            self.topics.setdefault(spec.name, [])

    def make_anew(self, tenant: str) -> None:
        self.remove(tenant)
        self.make(tenant)
        self.made += 1

    def remove(self, tenant: str) -> None:
        self._answer()
        for spec in SandboxTopics(tenant).specs():
            self.topics.pop(spec.name, None)

    @asynccontextmanager
    async def writer(self) -> AsyncIterator[MemoryBroker]:
        self._answer()
        yield self

    async def send(self, topic: str, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        places = []
        for one in records:
            self._answer()
            if self.fail_after is not None:
                self.fail_after -= 1
                if self.fail_after < 0:
                    raise BusUnavailable("nobody knows what was written")
            self.topics[topic].append(one)
            places.append((0, len(self.topics[topic]) - 1))
            await asyncio.sleep(0)
        return places

    async def ends(self, tenant: str) -> Mapping[str, Mapping[str, bytes]]:
        self._answer()
        names = SandboxTopics(tenant).outgoing.values()
        return {name: dict(self.topics[name][-1][2]) for name in names if self.topics[name]}

    @asynccontextmanager
    async def incoming(self) -> AsyncIterator[Incoming]:
        self._answer()
        yield self.reader

    def door(self, tenant: str) -> Door:
        own = SandboxTopics(tenant)
        return Door(
            open=False,
            ready=False,
            client=f"startup-sbx-{tenant}",
            bootstrap="broker:9092",
            security_protocol="SASL_PLAINTEXT",
            sasl_mechanism="OAUTHBEARER",
            token_url="http://keycloak/token",
            reads=own.outgoing,
            writes=own.incoming,
            group_prefix=own.prefix,
            retention_days=7,
            writes_b_s=1,
            reads_b_s=1,
        )

    def _answer(self) -> None:
        if self.away:
            raise BusUnavailable("broker:9092 does not answer")


class MemoryReader:
    """One member of the group. Attributes: cursors = committed offset by topic."""

    def __init__(self, broker: MemoryBroker, size: int = 100) -> None:
        self._broker = broker
        self._size = size
        self._held: set[str] = set()
        self._positions: dict[str, int] = {}
        self.cursors: dict[str, int] = {}

    async def some(self) -> list[Stretch]:
        found = []
        for topic, records in self._broker.topics.items():
            at = self._positions.get(topic, 0)
            if topic.endswith(".in") and topic not in self._held and at < len(records):
                piece = records[at : at + self._size]
                self._positions[topic] = at + len(piece)
                found.append(
                    Stretch(topic, 0, [Record(at + n, value, headers) for n, (_, value, headers) in enumerate(piece)])
                )
        await asyncio.sleep(0 if found else _QUIET_S)
        return found

    async def done(self, stretch: Stretch) -> None:
        self._broker._answer()
        self.cursors[stretch.topic] = stretch.records[-1].offset + 1
        self._go(stretch.topic, self.cursors[stretch.topic])

    async def again(self, stretch: Stretch) -> None:
        self._go(stretch.topic, stretch.records[0].offset)

    def hold(self, stretch: Stretch) -> None:
        self._held.add(stretch.topic)

    def begin_again(self, topic: str) -> None:
        self._go(topic, 0)

    def rebalance(self) -> None:
        """Partitions come back where their cursors stand, and nothing is held."""
        self._held.clear()
        self._positions = dict(self.cursors)

    def _go(self, topic: str, offset: int) -> None:
        self._held.discard(topic)
        self._positions[topic] = offset
