"""What an adapter declares about its source."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Source(Struct, frozen=True, kw_only=True):
    """The manifest of one adapter.

    Attributes:
        feed: its name in adapters.db and on screen, `<partner>.<source>`.
        partner: as in event types and topics.
        topic: where its events go. `event_types`: what it emits.
        interval_s: how often the partner reports when all is well.
        lateness_s: how long after an occurrence the partner may still report it.
        licence: terms under which the data may be used.
        personal_data: the class that privacy rules know.
    """

    feed: str
    partner: str
    topic: str
    event_types: tuple[str, ...]
    interval_s: int
    lateness_s: int
    licence: str
    personal_data: Literal["none", "pseudonymous"]
