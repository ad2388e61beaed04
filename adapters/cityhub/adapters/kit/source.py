"""What an adapter declares about its source."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cityhub.sdk.contract import load_contracts

SIMULATED = "//cityhub/simulated-city"
"""Event sources of simulations begin with it."""


class Source(Struct, frozen=True, kw_only=True):
    """The manifest of one adapter.

    Attributes:
        feed: its name in adapters.db and on screen, `<partner>.<source>`.
        system: event `source` of the partner's system, `//<partner>/<system>`.
        format: what the partner speaks, as a reader of the catalogue would look for it.
        transport: how it comes: asked for over `http`, pushed over `mqtt`, files in a `folder`, lines over `tcp`.
        event_types: what it emits; topics, owners and personal data are in their contracts.
        interval_s: how often the partner reports when all is well.
        lateness_s: how long after an occurrence the partner may still report it.
        licence: terms under which the data may be used. attribution: what these terms want to be said, "" for nothing.
        several: it may be read from more than one address.
        impersonal: its form has no place for persons, so that a refused item may be stored as it came.
        noisy: what it refuses is noise on its way, of a radio, and no record of its system: it is counted, and no dead
            letter.
        made_by: number of the mapping in `recordedby`; it grows when the mapping gives other events.
    """

    feed: str
    system: str
    format: str
    transport: Literal["http", "mqtt", "folder", "tcp"]
    event_types: tuple[str, ...]
    interval_s: int
    lateness_s: int
    licence: str
    attribution: str = ""
    several: bool = False
    impersonal: bool = False
    noisy: bool = False
    made_by: int = 1

    @property
    def partner(self) -> str:
        """As in event types and topics."""
        return self.feed.partition(".")[0]

    @property
    def recordedby(self) -> str:
        """What its events say made them."""
        return f"{self.feed}/{self.made_by}"

    @property
    def personal(self) -> bool:
        """Whether one of its event types holds personal data."""
        contracts = load_contracts()
        return any(contracts[type_].personal for type_ in self.event_types)

    def uri(self, *, synthetic: bool) -> str:
        """Event `source` of the real system, or of its simulation."""
        return f"{SIMULATED}/{self.feed.replace('.', '/')}" if synthetic else self.system


def topic_of(type_: str) -> str:
    """The topic that an event type's contract names."""
    return load_contracts()[type_].topic
