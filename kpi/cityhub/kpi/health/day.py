"""The last day of a source, as the page of sources tells it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class SourceDay(Struct, frozen=True, kw_only=True):
    """One event type.

    Attributes:
        received: events that came in the last 24 hours, `rejected` of them refused.
        newest: append time of the newest one, or of the answer that there were none, when the hub looked last; None
            where it never looked.
        known, heard: as in `Observation`, when the hub looked last.
    """

    received: int = 0
    rejected: int = 0
    newest: datetime | None = None
    known: int | None = None
    heard: int | None = None
