"""A realm in memory, a file of sessions, and one web process that uses both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.hub.identity.realm import ENDPOINTS, SECRET, Clock, Realm

from cityhub.hub.identity.jwks import KeyCache
from cityhub.hub.identity.oidc import OidcClient
from cityhub.hub.identity.session_store import SessionStore
from cityhub.hub.identity.sessions import BrowserSessions
from cityhub.hub.identity.tokens import TokenVerifier


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def realm(clock: Clock) -> Realm:
    return Realm(clock)


@pytest.fixture
def oidc(realm: Realm, clock: Clock) -> OidcClient:
    verifier = TokenVerifier(KeyCache(ENDPOINTS.certs, realm.http, clock), ENDPOINTS.issuer, clock)
    return OidcClient(ENDPOINTS, verifier, realm.http, client_secret=SECRET, session_key="k", clock=clock)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SessionStore]:
    store = SessionStore(tmp_path / "web.db")
    yield store
    store.close()


@pytest.fixture
def sessions(store: SessionStore, oidc: OidcClient, clock: Clock) -> BrowserSessions:
    return BrowserSessions(store, oidc, clock)
