"""What the sandbox needs of Kafka. Who is let in, and how, is the composition root's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from msgspec import Struct

from cityhub.adapters.doors.outcomes import RecordWriter
from cityhub.bus.quarantine import Stretch


class Door(Struct, frozen=True, kw_only=True):
    """How a tenant reaches its topics.

    Attributes:
        ready: topics and rules are there. client: whose token Kafka wants, and nobody else's.
        bootstrap: `host:port` of the partners' listener, "" where only the operator knows it. token_url: of the client.
        reads: topic by kind of entry. writes: topic of its own events. group_prefix: of its consumer groups.
        retention_days: of the topics. writes_b_s, reads_b_s: bytes per second and broker.
        to_do: what is still missing, and whose it is.
    """

    open: bool
    ready: bool
    client: str
    bootstrap: str
    security_protocol: str
    sasl_mechanism: str
    token_url: str
    reads: Mapping[str, str]
    writes: str
    group_prefix: str
    retention_days: int
    writes_b_s: int
    reads_b_s: int
    to_do: tuple[str, ...] = ()


class Broker(Protocol):
    """Kafka, for the sandbox. Methods raise BusUnavailable or BusRefused; all can be repeated."""

    def make(self, tenant: str) -> None:
        """Topics that are missing, rules and quotas."""
        ...

    def make_anew(self, tenant: str) -> None:
        """As `make`, with empty topics."""
        ...

    def remove(self, tenant: str) -> None:
        """Topics, rules, quotas and consumer groups."""
        ...

    def writer(self) -> AbstractAsyncContextManager[RecordWriter]:
        """Writes one tenant's topics."""
        ...

    async def ends(self, tenant: str) -> Mapping[str, Mapping[str, bytes]]:
        """Headers of the newest record of each of its topics that holds any."""
        ...

    def incoming(self) -> AbstractAsyncContextManager[Incoming]:
        """Reads what tenants write."""
        ...

    def door(self, tenant: str) -> Door:
        """How the tenant gets in; asks nobody. `open`, `ready` and `to_do` know only what is of the installation."""
        ...


class Incoming(Protocol):
    """What tenants have written; `bus.quarantine.Quarantine`."""

    async def some(self) -> Sequence[Stretch]: ...
    async def done(self, stretch: Stretch) -> None: ...
    async def again(self, stretch: Stretch) -> None: ...
    def hold(self, stretch: Stretch) -> None: ...
    def begin_again(self, topic: str) -> None: ...
