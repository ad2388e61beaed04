"""A tenant's clock: frozen, running at a speed, or on its way to an instant. Pure; real time is a parameter."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

FASTEST = 1000.0


class Clock(Struct, frozen=True):
    """Attributes:
    at: virtual time at `since_s`.
    since_s: real time, seconds since the epoch.
    speed: virtual seconds per real second, 0 = frozen.
    rush_to: as fast as possible to this instant, then on as before.
    """

    at: datetime
    since_s: float
    speed: float = 0.0
    rush_to: datetime | None = None

    @property
    def stands(self) -> bool:
        """Whether it neither runs nor is on its way."""
        return self.speed == 0 and self.rush_to is None

    def now(self, real_s: float) -> datetime:
        """What the clock shows."""
        if self.rush_to is not None:
            return self.rush_to
        return self.at + timedelta(seconds=max(0.0, real_s - self.since_s) * self.speed)

    def frozen_at(self, moment: datetime, real_s: float) -> Clock:
        """Standing still at an instant."""
        return Clock(moment, real_s)

    def arrived(self, real_s: float) -> Clock:
        """The way is done: on from there as before."""
        return Clock(self.rush_to or self.now(real_s), real_s, self.speed)
