"""Tenants' Kafka doors as a whole: opened and closed, shown, emptied with a room, and gone with a tenant."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager

from msgspec.structs import replace

from cityhub.bus.errors import BusError
from cityhub.sandbox.errors import RoomUnavailable
from cityhub.sandbox.rooms.child import Answer
from cityhub.sandbox.rooms.commands import Command
from cityhub.sandbox.rooms.keys import Keys
from cityhub.sandbox.rooms.tenants import Tenant, Tenants
from cityhub.sandbox.topics.arriving import Arriving
from cityhub.sandbox.topics.broker import Broker, Door
from cityhub.sandbox.topics.passing import Passing


class KafkaDoors:
    """All tenants'. Without Kafka everything else of the sandbox goes on.

    Args:
        ask: says something to a tenant's room.

    Attributes:
        keys: those of the tenants, which open these doors, too.
    """

    def __init__(
        self, tenants: Tenants, keys: Keys, broker: Broker, ask: Callable[[str, Command], Awaitable[Answer]]
    ) -> None:
        self._tenants = tenants
        self._broker = broker
        self.keys = keys
        self._passing = Passing(tenants, keys, broker)
        self._arriving = Arriving(broker, ask, self._passing.settled)
        self._passing.made_anew = self._arriving.made_anew

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._passing.run(stop))
            both.create_task(self._arriving.run(stop))

    def put(self, tenant: Tenant, *, wanted: bool) -> Door:
        """Open or close it; what that takes on Kafka is done within seconds, or when Kafka answers again."""
        tenant = self._tenants.open_kafka(tenant, wanted=wanted)
        self._passing.look()
        return self.door(tenant)

    def door(self, tenant: Tenant) -> Door:
        """How the tenant gets in, and what is still missing."""
        found, ready = self._broker.door(tenant.name), self._passing.settled(tenant.name)
        to_do = list(found.to_do) if tenant.kafka else ['closed: open it by PUT with {"open": true}']
        if trouble := self._passing.trouble.get(tenant.name):
            to_do.append(f"the hub cannot finish its part and tries again: {trouble}")
        elif tenant.kafka and not ready:
            to_do.append("the hub makes the topics: look again in a few seconds")
        return replace(found, open=tenant.kafka, ready=ready, to_do=tuple(to_do))

    def emptied(self, name: str) -> AbstractContextManager[None]:
        """Around whatever empties a tenant's room."""
        return self._passing.emptied(name)

    async def remove(self, name: str) -> None:
        """Nothing of a tenant stays on Kafka.

        Raises:
            RoomUnavailable: Kafka does not answer or refuses.
        """
        try:
            await self._passing.remove(name)
        except BusError as error:
            raise RoomUnavailable(f"topics of the tenant cannot be deleted, which is tried again: {error}") from error
