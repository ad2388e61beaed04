"""Whether Keycloak is there: asked all the time, so that nobody who logs in has to wait for a time-out."""

from __future__ import annotations

import asyncio
from typing import Literal

import structlog

from cityhub.bus.vitals import KEYS, Vitals
from cityhub.hub.identity.errors import KeycloakUnavailable
from cityhub.hub.identity.jwks import KeyCache

LogInState = Literal["starting", "ready"]

_log = structlog.get_logger()


class KeycloakWatch:
    """Fetches the realm's keys on a beat, which also keeps them fresh.

    Args:
        vitals: told of fresh keys, as `KEYS`.
        starting_s, ready_s: seconds between two questions, by the last answer.
    """

    def __init__(
        self, keys: KeyCache, vitals: Vitals | None = None, *, starting_s: float = 2.0, ready_s: float = 30.0
    ) -> None:
        self._vitals = vitals or Vitals()
        self._keys = keys
        self._pause_s: dict[LogInState, float] = {"starting": starting_s, "ready": ready_s}
        self._state: LogInState = "starting"

    def state(self) -> LogInState:
        """Whether people can log in now."""
        return self._state

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            await self.ask()
            await asyncio.sleep(self._pause_s[self._state])

    async def ask(self) -> None:
        """Ask once."""
        former = self._state
        try:
            await self._keys.refresh()
        except KeycloakUnavailable as error:
            self._state = "starting"
            if former == "ready":
                _log.warning("keycloak_gone", reason=str(error))
        else:
            self._state = "ready"
            self._vitals.well(KEYS)
            if former == "starting":
                _log.info("keycloak_ready")
