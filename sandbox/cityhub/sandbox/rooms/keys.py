"""Keys of tenants: what lets a program in, and for how long. Who makes them is the composition root's."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Literal, Protocol

from msgspec import Struct
from msgspec.structs import replace

from cityhub.sandbox.errors import SpecRefused

SOON = timedelta(days=7)
"""So long before its end a key is warned of."""
_PRECISION = timedelta(minutes=1)
_DAY = timedelta(days=1)


class KeyLife(Struct, frozen=True, kw_only=True):
    """From when until when a tenant's key is good, and whether it is used.

    Attributes:
        expires: then it is taken away. used: newest request with it, to the minute; None = there was none yet.
        state: when this was told; kept is only that it is `over`, taken away.
    """

    made: datetime
    expires: datetime
    used: datetime | None = None
    state: Literal["good", "ends-soon", "over"] = "good"

    def told(self, now: datetime) -> KeyLife:
        """The same with its state."""
        left = self.expires - now
        return replace(self, state="over" if left <= timedelta() else "ends-soon" if left <= SOON else "good")

    def due(self, now: datetime) -> bool:
        """Whether it has to be taken away."""
        return self.expires <= now and self.state != "over"

    def used_at(self, now: datetime) -> KeyLife:
        """The same after a request; itself where that is no news."""
        return self if self.used and now - self.used < _PRECISION else replace(self, used=now)


def life_of_key(days: int | None, tenant_ends: datetime, now: datetime) -> KeyLife:
    """Of a key that is made now. Args: days = None: as long as the tenant, which is the most.

    Raises:
        SpecRefused: too short or too long.
    """
    most = math.ceil((tenant_ends - now) / _DAY)
    if days is not None and not 1 <= days <= most:
        raise SpecRefused(f"key_days: {days} is not between 1 and {most}; the tenant ends {tenant_ends:%Y-%m-%d}")
    return KeyLife(made=now, expires=tenant_ends if days is None else min(tenant_ends, now + days * _DAY))


class Key(Struct, frozen=True):
    """Client credentials (RFC 6749 §4.4). Attributes: secret = shown once."""

    client: str
    secret: str


class Keys(Protocol):
    """Makes and takes away keys. All raise RoomUnavailable where the identity provider does not answer."""

    def issue(self, tenant: str, organisation: str, *, kafka: bool) -> Key:
        """A key of the tenant; one that it has gets another secret, and the old one ends.

        Args:
            kafka: it opens Kafka, too.
        """
        ...

    def renew(self, tenant: str, organisation: str, *, kafka: bool) -> None:
        """Let the key that there is open Kafka, or no longer; its secret stays."""
        ...

    def withdraw(self, tenant: str) -> None:
        """Take the key away; nothing happens where there is none."""
        ...
