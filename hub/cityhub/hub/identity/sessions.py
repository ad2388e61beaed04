"""Browser sessions: opened at log-in, looked at with every request, asked about at Keycloak every five minutes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from secrets import token_urlsafe
from weakref import WeakValueDictionary

import structlog
from msgspec.structs import replace

from cityhub.hub.identity.errors import KeycloakUnavailable
from cityhub.hub.identity.oidc import GrantEnded, OidcClient
from cityhub.hub.identity.session_store import Grant, Session, SessionStore
from cityhub.hub.identity.tokens import Ending
from cityhub.sdk.principal import Principal

IDLE_S = 8 * 3600
ABSOLUTE_S = 12 * 3600
RECHECK_S = 300
OUTAGE_S = 1800
_TOUCH_S = 60
_LONGEST_ID = 64

_log = structlog.get_logger()


class BrowserSessions:
    """The sessions of all browsers of this installation.

    Whoever is disabled, loses a role or logs out elsewhere loses it here within five minutes; while Keycloak does not
    answer, what it said last counts for at most 30 minutes.

    Args:
        clock: seconds since the epoch.
    """

    def __init__(self, store: SessionStore, oidc: OidcClient, clock: Callable[[], float]) -> None:
        self._store = store
        self._oidc = oidc
        self._clock = clock
        self._renewing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def open(self, grant: Grant) -> str:
        """Begin a session; returns its new random id (256 bits), which only the browser keeps."""
        session_id = token_urlsafe(32)
        now = self._clock()
        self._store.put(session_id, Session(grant, now, now))
        return session_id

    async def principal(self, session_id: str) -> Principal | None:
        """Who the session belongs to, None where it has ended. `expires_at` is when to ask again."""
        if len(session_id) > _LONGEST_ID:
            return None
        session = self._live(session_id)
        if session is None:
            return None
        grant = session.grant
        if self._clock() - grant.granted_at >= RECHECK_S:
            renewed = await self._renewed(session_id)
            if renewed is None:
                return None
            grant = renewed
        return replace(grant.principal, expires_at=int(max(grant.granted_at + RECHECK_S, self._clock() + _TOUCH_S)))

    async def close(self, session_id: str) -> None:
        """Log out: end the session here and, where Keycloak answers, there."""
        session = self._live(session_id)
        self._store.remove(session_id)
        if session is not None:
            try:
                await self._oidc.end(session.grant)
            except KeycloakUnavailable as error:
                _log.warning("logout_not_at_keycloak", reason=str(error))

    def end(self, ending: Ending) -> int:
        """End what Keycloak says has ended; returns how many sessions that were."""
        return self._store.remove_all(sid=ending.sid, subject=ending.subject)

    def sweep(self) -> int:
        """Forget sessions that have run out; returns how many."""
        now = self._clock()
        return self._store.sweep(opened_before=now - ABSOLUTE_S, seen_before=now - IDLE_S)

    def _live(self, session_id: str) -> Session | None:
        session = self._store.get(session_id)
        if session is None:
            return None
        now = self._clock()
        if now - session.opened_at >= ABSOLUTE_S or now - session.seen_at >= IDLE_S:
            self._store.remove(session_id)
            return None
        if now - session.seen_at >= _TOUCH_S:
            self._store.touch(session_id, now)
        return session

    async def _renewed(self, session_id: str) -> Grant | None:
        """One renewal at a time per session: a refresh token may be used once only."""
        lock = self._renewing.setdefault(session_id, asyncio.Lock())
        async with lock:
            session = self._store.get(session_id)
            if session is None:
                return None
            age_s = self._clock() - session.grant.granted_at
            if age_s < RECHECK_S:
                return session.grant
            try:
                grant = await self._oidc.renew(session.grant)
            except GrantEnded as error:
                _log.info("session_ended_by_keycloak", reason=str(error))
                self._store.remove(session_id)
                return None
            except KeycloakUnavailable as error:
                _log.warning("session_not_rechecked", reason=str(error), age_s=int(age_s))
                return session.grant if age_s < OUTAGE_S else None
            self._store.renew(session_id, grant)
            return grant
