"""Fixtures: the app with its lifespan running, and a browser that has opened it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from starlette.types import ASGIApp
from tests.unit.hub.identity.realm import Clock, Realm
from tests.unit.hub.web.standins import a_browser, parts, running, until_ready

from cityhub.hub.identity.session_store import SessionStore
from cityhub.hub.web.app import create_app


@pytest.fixture
def realm() -> Realm:
    return Realm(Clock())


@pytest_asyncio.fixture
async def app(realm: Realm, tmp_path: Path) -> AsyncIterator[ASGIApp]:
    """The app, its lifespan running and Keycloak found."""
    store = SessionStore(tmp_path / "web.db")
    app = create_app(parts(realm, store))
    async with running(app):
        yield app
    store.close()


@pytest_asyncio.fixture
async def browser(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    """Keeps cookies and follows no redirect by itself."""
    async with a_browser(app) as browser:
        await until_ready(browser)
        yield browser
