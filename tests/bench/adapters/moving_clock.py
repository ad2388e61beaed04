"""A clock that stands, and then goes faster than ours."""

from __future__ import annotations

import time
from datetime import datetime, timedelta


class MovingClock:
    """Args: begin: where it stands, aware."""

    def __init__(self, begin: datetime, speed: float) -> None:
        self.speed = speed
        self._begin = begin
        self._since: float | None = None

    def go(self) -> None:
        """From now on."""
        self._since = time.monotonic()

    def __call__(self) -> datetime:
        """The present."""
        gone_s = 0.0 if self._since is None else time.monotonic() - self._since
        return self._begin + timedelta(seconds=gone_s * self.speed)
