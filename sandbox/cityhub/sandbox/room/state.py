"""What a room remembers, and how it is shown to its tenant."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from cityhub.sandbox.room.clock import Clock
from cityhub.sandbox.room.injects import Inject


class Play(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is replayed.

    Attributes:
        day: local day. source: of the simulated city, or of the city's archive, which knows neither seed nor streams.
        streams: of `STREAM_NAMES`, empty = all. loop: again when it is over.
    """

    day: date
    source: Literal["simulated", "archived"] = "simulated"
    seed: int = 2026
    streams: tuple[str, ...] = ()
    loop: bool = False


class RoomState(Struct, frozen=True, kw_only=True):
    """What a room remembers.

    Attributes:
        position: up to here everything has happened. specs: texts of own KPIs. lap: how often a story has begun.
        taken_away: when, of the first so many injects; what they did is a part of the day until it begins anew.
    """

    clock: Clock
    position: datetime
    play: Play | None = None
    injects: tuple[Inject, ...] = ()
    taken_away: tuple[datetime, ...] = ()
    specs: tuple[str, ...] = ()
    lap: int = 1

    @property
    def acting(self) -> tuple[Inject, ...]:
        """Injects that nobody has taken away."""
        return self.injects[len(self.taken_away) :]


class Standing(Struct, frozen=True, kw_only=True):
    """A room as its tenant sees it.

    Attributes:
        now: virtual time up to which everything has happened. behind_s: virtual seconds behind the clock.
        ends: of the day that is replayed. events: in the log. cursor: number of the log's newest entry.
        injects: that nobody has taken away.
    """

    now: datetime
    speed: float
    frozen_at: datetime | None
    rushing_to: datetime | None
    behind_s: float
    lap: int
    play: Play | None
    ends: datetime | None
    events: int
    injects: tuple[Inject, ...]
    kpis: tuple[str, ...]
    cursor: int
