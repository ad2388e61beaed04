"""Sessions that two web processes share, whoever of them renews, ends or dies."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.unit.hub.identity.realm import Clock, Realm, log_in

from cityhub.hub.identity.errors import SessionsUnavailable
from cityhub.hub.identity.oidc import OidcClient
from cityhub.hub.identity.session_store import SessionStore
from cityhub.hub.identity.sessions import BrowserSessions
from cityhub.hub.identity.tokens import Ending


class TwoProcesses:
    """Two web processes over one database, and a Keycloak that takes a refresh token once."""

    def __init__(self, store: SessionStore, other: SessionStore, oidc: OidcClient, clock: Clock) -> None:
        self.stores = [store, other]
        self.processes = [BrowserSessions(one, oidc, clock) for one in self.stores]

    async def log_in(self, realm: Realm, oidc: OidcClient) -> str:
        return await self.processes[0].open(await log_in(realm, oidc))

    async def names(self, session_id: str, each: int = 1) -> set[str | None]:
        """Who both say it is, asked at once and so often."""
        asked = [one.principal(session_id) for one in self.processes * each]
        return {one and one.name for one in await asyncio.gather(*asked)}


@pytest.fixture
def two(store: SessionStore, oidc: OidcClient, clock: Clock, tmp_path: Path) -> Iterator[TwoProcesses]:
    with closing(SessionStore(tmp_path / "web.db")) as other:
        yield TwoProcesses(store, other, oidc, clock)


async def test_two_processes_renew_a_session_once(
    two: TwoProcesses, realm: Realm, oidc: OidcClient, clock: Clock
) -> None:
    session_id = await two.log_in(realm, oidc)
    for renewals in range(1, 4):
        clock.now += 301
        assert await two.names(session_id, each=10) == {"Lea Leitung"}
        assert realm.requests.count("token") == 1 + renewals


async def test_what_one_process_ends_is_over_in_all(two: TwoProcesses, realm: Realm, oidc: OidcClient) -> None:
    for end in (two.processes[0].close, lambda _: two.processes[1].end(Ending("sid-1", "person-1"))):
        session_id = await two.log_in(realm, oidc)
        assert await two.names(session_id) == {"Lea Leitung"}
        await end(session_id)
        assert await two.names(session_id) == {None}
        realm.sessions.add("sid-1")


async def test_a_process_that_died_while_it_renewed(
    two: TwoProcesses, realm: Realm, oidc: OidcClient, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its claim holds the others up for a minute at most; meanwhile what Keycloak said last counts."""
    monkeypatch.setattr("cityhub.hub.identity.sessions._PATIENCE_S", 0.0)
    session_id = await two.log_in(realm, oidc)
    clock.now += 301
    assert two.stores[0].claim(session_id, clock.now, clock.now - 60) is not None
    assert await two.names(session_id) == {"Lea Leitung"}
    assert realm.requests.count("token") == 1
    clock.now += 60
    assert await two.names(session_id) == {"Lea Leitung"}
    assert realm.requests.count("token") == 2


async def test_a_late_answer_of_keycloak_ends_nothing_that_another_process_has_renewed(
    two: TwoProcesses, realm: Realm, oidc: OidcClient, clock: Clock
) -> None:
    session_id = await two.log_in(realm, oidc)
    clock.now += 301
    slow = two.stores[0].claim(session_id, clock.now, clock.now - 60)
    assert slow is not None
    claim = clock.now
    clock.now += 60
    assert await two.processes[1].principal(session_id) is not None
    grant = await two.processes[0]._asked(session_id, slow.grant, claim)  # its token was used meanwhile
    assert grant is not None
    assert grant.granted_at == clock.now
    assert await two.names(session_id) == {"Lea Leitung"}


async def test_a_browser_that_leaves_while_its_session_is_renewed(
    sessions: BrowserSessions, realm: Realm, oidc: OidcClient, clock: Clock
) -> None:
    """The new token is kept all the same: Keycloak does not take the old one any more."""
    session_id = await sessions.open(await log_in(realm, oidc))
    clock.now += 301
    asked = asyncio.create_task(sessions.principal(session_id))
    while realm.requests.count("token") == 1:  # noqa: ASYNC110 - the realm does not tell
        await asyncio.sleep(0)
    asked.cancel()
    await asyncio.gather(asked, *sessions._working, return_exceptions=True)
    clock.now += 301
    assert await sessions.principal(session_id) is not None
    assert realm.requests.count("token") == 3


async def test_a_renewal_is_kept_when_the_database_is_back(
    sessions: BrowserSessions, store: SessionStore, realm: Realm, oidc: OidcClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cityhub.hub.identity.sessions._AGAIN_S", 0.01)
    session_id = await sessions.open(await log_in(realm, oidc))
    realm.clock.now += 301
    away, renew = [True], store.renew

    def failing(*given: Any) -> None:
        if away[0]:
            raise SessionsUnavailable("no connection")
        renew(*given)

    store.renew = failing  # type: ignore[method-assign]
    assert await sessions.principal(session_id) is not None  # who waited is not held up
    away[0] = False
    await asyncio.gather(*sessions._working)
    realm.clock.now += 301
    assert await sessions.principal(session_id) is not None
    assert realm.requests.count("token") == 3
