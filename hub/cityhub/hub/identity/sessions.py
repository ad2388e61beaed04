"""Browser sessions: opened at log-in, looked at with every request, asked about at Keycloak every five minutes.

Any web process of an installation answers any request of a browser: what one does to a session, all see at once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from secrets import token_urlsafe
from typing import Any, ParamSpec, TypeVar
from weakref import WeakValueDictionary

import structlog
from anyio import CapacityLimiter, to_thread
from msgspec.structs import replace

from cityhub.hub.identity.errors import KeycloakUnavailable, SessionsUnavailable
from cityhub.hub.identity.oidc import GrantEnded, OidcClient
from cityhub.hub.identity.session_store import Grant, Session, SessionStore
from cityhub.hub.identity.tokens import Ending
from cityhub.sdk.principal import Principal

IDLE_S = 8 * 3600
ABSOLUTE_S = 12 * 3600
RECHECK_S = 300
OUTAGE_S = 1800
CLAIM_S = 60.0
"""Longer than Keycloak's answer may take: a claim as old was left by a process that died."""
_PATIENCE_S, _LOOK_S = 12.0, 0.1
"""As long a request waits while another process renews its session, and looks so often."""
_AGAIN_S = 1.0
_TOUCH_S = 60
_LONGEST_ID = 64
_AT_ONCE = 8
"""Threads that wait for the database of sessions; others work on meanwhile."""
_P = ParamSpec("_P")
_T = TypeVar("_T")

_log = structlog.get_logger()


class BrowserSessions:
    """The sessions of all browsers of this installation.

    Whoever is disabled, loses a role or logs out elsewhere loses it here within five minutes; while Keycloak does not
    answer, what it said last counts for at most 30 minutes.

    Args:
        clock: seconds since the epoch.

    Raises:
        SessionsUnavailable: from every method: the database of sessions is away.
    """

    def __init__(self, store: SessionStore, oidc: OidcClient, clock: Callable[[], float]) -> None:
        self._store = store
        self._oidc = oidc
        self._clock = clock
        self._renewing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._threads = CapacityLimiter(_AT_ONCE)
        self._working: set[asyncio.Task[Any]] = set()

    async def open(self, grant: Grant) -> str:
        """Begin a session; returns its new random id (256 bits), which only the browser keeps."""
        session_id = token_urlsafe(32)
        now = self._clock()
        await self._aside(self._store.put, session_id, Session(grant, now, now))
        return session_id

    async def principal(self, session_id: str) -> Principal | None:
        """Who the session belongs to, None where it has ended. `expires_at` is when to ask again."""
        if len(session_id) > _LONGEST_ID:
            return None
        session = await self._aside(self._live, session_id)
        if session is None:
            return None
        grant = session.grant
        if self._is_old(grant):
            renewed = await self._renewed(session_id)
            if renewed is None:
                return None
            grant = renewed
        return replace(grant.principal, expires_at=int(max(grant.granted_at + RECHECK_S, self._clock() + _TOUCH_S)))

    async def close(self, session_id: str) -> None:
        """Log out: end the session here and, where Keycloak answers, there."""
        session = await self._aside(self._live, session_id)
        await self._aside(self._store.remove, session_id)
        if session is not None:
            try:
                await self._oidc.end(session.grant)
            except KeycloakUnavailable as error:
                _log.warning("logout_not_at_keycloak", reason=str(error))

    async def end(self, ending: Ending) -> int:
        """End what Keycloak says has ended; returns how many sessions that were."""
        return await self._aside(lambda: self._store.remove_all(sid=ending.sid, subject=ending.subject))

    async def sweep(self) -> int:
        """Forget sessions that have run out; returns how many."""
        now = self._clock()
        return await self._aside(lambda: self._store.sweep(opened_before=now - ABSOLUTE_S, seen_before=now - IDLE_S))

    async def _aside(self, method: Callable[_P, _T], *args: _P.args, **named: _P.kwargs) -> _T:
        return await to_thread.run_sync(lambda: method(*args, **named), limiter=self._threads)

    def _is_old(self, grant: Grant) -> bool:
        return self._clock() - grant.granted_at >= RECHECK_S

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
        """One renewal at a time per session, whichever process does it: a refresh token may be used once only."""
        now = asyncio.get_running_loop().time
        lock, end = self._renewing.setdefault(session_id, asyncio.Lock()), now() + _PATIENCE_S
        async with lock:
            while True:
                session = await self._aside(self._store.get, session_id)
                if session is None:
                    return None
                if not self._is_old(held := session.grant):
                    return held
                try:
                    claim = self._clock()
                    claimed = await self._aside(self._store.claim, session_id, claim, claim - CLAIM_S)
                except SessionsUnavailable as error:
                    return self._bridged(held, error)
                if claimed is not None:
                    return await asyncio.shield(self._on_its_own(self._asked(session_id, claimed.grant, claim)))
                if now() >= end:
                    return self._bridged(held, TimeoutError("another process is still renewing it"))
                await asyncio.sleep(_LOOK_S)

    async def _asked(self, session_id: str, held: Grant, claim: float) -> Grant | None:
        """What Keycloak says of a session whose claim is ours; the claim is given back."""
        if not self._is_old(held):
            await self._aside(self._store.release, session_id, claim)
            return held
        try:
            grant = await self._oidc.renew(held)
        except GrantEnded as error:
            _log.info("session_ended_by_keycloak", reason=str(error))
            if await self._aside(self._store.end_claimed, session_id, claim):
                return None
            other = await self._aside(self._store.get, session_id)
            return None if other is None or self._is_old(other.grant) else other.grant
        except KeycloakUnavailable as error:
            await self._aside(self._store.release, session_id, claim)
            return self._bridged(held, error)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._on_its_own(self._keep(session_id, grant, claim))), _AGAIN_S)
        return grant

    async def _keep(self, session_id: str, grant: Grant, claim: float) -> None:
        """Until it is written: Keycloak does not take the token any more that the store has."""
        while True:
            try:
                return await self._aside(self._store.renew, session_id, grant, claim)
            except SessionsUnavailable as error:
                _log.warning("renewal_not_noted", reason=str(error), retry_s=_AGAIN_S)
            await asyncio.sleep(_AGAIN_S)

    def _on_its_own(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        """It goes on when the browser has left: half a renewal would log it out."""
        task = asyncio.create_task(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return task

    def _bridged(self, held: Grant, error: Exception) -> Grant | None:
        """What Keycloak said last, while that counts."""
        age_s = self._clock() - held.granted_at
        _log.warning("session_not_rechecked", reason=str(error), age_s=int(age_s))
        return held if age_s < OUTAGE_S else None
