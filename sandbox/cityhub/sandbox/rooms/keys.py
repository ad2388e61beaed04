"""Keys of tenants: what lets a program in. Who makes them is the composition root's."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct


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
