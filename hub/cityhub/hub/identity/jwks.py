"""The realm's signing keys, kept close: a token is verified without a question to Keycloak."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import structlog
from jwt import PyJWK, PyJWTError

from cityhub.hub.identity.errors import KeycloakUnavailable

ALGORITHMS = ("RS256", "ES256")
FRESH_S = 600.0
RETRY_S = 30.0
STALE_S = 86_400.0
TIMEOUT_S = 5.0

_log = structlog.get_logger()


class KeyCache:
    """Keys by `kid`, from one pinned address.

    Fetched again when older than 10 minutes or when a `kid` is unknown, for callers at most once in 30 seconds, so that
    junk tokens cannot drive requests to Keycloak. While Keycloak does not answer, the last keys serve for 24 hours.

    Args:
        url: the realm's certs address on the back channel; addresses in tokens (`jku`, `x5u`) are never followed.
        clock: monotonic seconds.
    """

    def __init__(self, url: str, http: httpx.AsyncClient, clock: Callable[[], float]) -> None:
        self._url = url
        self._http = http
        self._clock = clock
        self._keys: Mapping[str, PyJWK] = {}
        self._fetched_at = float("-inf")
        self._asked_at = float("-inf")
        self._lock = asyncio.Lock()

    async def key(self, kid: str) -> PyJWK | None:
        """The key of that id; None where the realm has no such key.

        Raises:
            KeycloakUnavailable: no keys are known, or they are older than 24 hours.
        """
        if self._wanting(kid):
            async with self._lock:
                if self._wanting(kid) and self._clock() - self._asked_at >= RETRY_S:
                    self._asked_at = self._clock()
                    try:
                        await self.refresh()
                    except KeycloakUnavailable as error:
                        _log.warning("keys_not_refreshed", reason=str(error))
        if self._age() > STALE_S:
            raise KeycloakUnavailable(
                "tokens cannot be verified: Keycloak has given no keys yet; try again in a minute"
            )
        return self._keys.get(kid)

    async def refresh(self) -> None:
        """Fetch now. Keys that the realm has withdrawn are forgotten; on an error the old ones stay.

        Raises:
            KeycloakUnavailable: no answer, or not a set of usable keys.
        """
        try:
            answer = await self._http.get(self._url, timeout=TIMEOUT_S)
            answer.raise_for_status()
            keys = _usable(answer.json())
        except (httpx.HTTPError, ValueError) as error:
            raise KeycloakUnavailable(f"{self._url} gives no keys: {error or type(error).__name__}") from error
        if not keys:
            raise KeycloakUnavailable(f"{self._url} lists no key for {' or '.join(ALGORITHMS)}")
        self._keys, self._fetched_at = keys, self._clock()

    def _wanting(self, kid: str) -> bool:
        return kid not in self._keys or self._age() > FRESH_S

    def _age(self) -> float:
        return self._clock() - self._fetched_at


def _usable(key_set: Any) -> dict[str, PyJWK]:
    """Signing keys for our algorithms; a realm also lists keys for encryption."""
    listed = key_set.get("keys", []) if isinstance(key_set, dict) else []
    keys = {}
    for entry in listed:
        if isinstance(entry, dict) and entry.get("use", "sig") == "sig" and entry.get("alg") in ALGORITHMS:
            try:
                keys[str(entry.get("kid"))] = PyJWK(entry)
            except PyJWTError as error:
                _log.warning("key_unusable", kid=entry.get("kid"), reason=type(error).__name__)
    return keys
