"""The app with its real API and dashboard, before any server beside it has started."""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from tests.unit.hub.web.standins import a_browser, running

from cityhub.bus.vitals import Vitals
from cityhub.hub.errors import StorageUnusable
from cityhub.hub.secrets import load_or_create
from cityhub.hub.settings import parse
from cityhub.hub.web.serve import web_app

NOBODY_LISTENS = "9"


@pytest_asyncio.fixture(scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    data = tmp_path_factory.mktemp("data")
    options = {"data": str(data), "kafka_port": NOBODY_LISTENS, "keycloak_port": NOBODY_LISTENS + "0"}
    settings = parse({}, options)
    stop = asyncio.Event()
    async with web_app(settings, load_or_create(data), stop, Vitals()) as app, running(app):
        async with a_browser(app, settings.public_url) as browser:
            yield browser
        stop.set()


PATHS = [
    "/",
    "/kpi/M01",
    "/nothing/here",
    "/_dash-layout",
    "/_dash-dependencies",
    "/assets/icon.svg",
    "/login",
    "/version",
]


@pytest.mark.parametrize("path", PATHS)
async def test_every_path_is_locked(path: str, browser: httpx.AsyncClient) -> None:
    answer = await browser.get(path)
    assert answer.status_code < 500 or (path, answer.status_code) == ("/login", 503)
    assert answer.headers["x-frame-options"] == "DENY"
    assert "default-src 'self'" in answer.headers["content-security-policy"]


async def test_the_public_page_comes_before_keycloak(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/")
    assert page.status_code == 200
    ready = await browser.get("/readyz")
    assert (ready.status_code, ready.json()["login"]) == (503, "starting")
    checks = ready.json()["checks"]
    assert [checks[name]["ready"] for name in ("keys", "store")] == [False, False]
    assert "see that it runs" in checks["keys"]["remedy"]
    assert "store.db does not exist yet" in checks["store"]["reason"]
    assert (await browser.get("/livez")).status_code == 200


async def test_inline_scripts_are_the_allowed_ones(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/")
    scripts = re.findall(r"<script(?![^>]*(?:src=|application/json))[^>]*>(.*?)</script>", page.text, re.DOTALL)
    assert scripts
    for script in scripts:
        digest = b64encode(sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in page.headers["content-security-policy"]


async def test_scripts_come_from_here(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/")
    sources = re.findall(r'<script[^>]*src="([^"]+)"', page.text)
    assert sources
    for source in sources:
        assert source.startswith("/"), source
        assert (await browser.get(source)).status_code == 200


async def test_api_wants_a_token(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/graphql", json={"query": "{ kpis { id } }"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="cityhub"'


async def test_unknown_addresses_of_programs_are_problems_and_no_pages(browser: httpx.AsyncClient) -> None:
    for path in ("/v1/partner/dead-letters/0/x", "/v1/nothing"):
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
        assert f"{path} is no address" in answer.json()["detail"]
    assert (await browser.post("/v1/partner/ledger")).status_code == 405


async def test_callbacks_of_foreign_pages(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/_dash-update-component", json={}, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403


async def test_no_document_of_the_framework(browser: httpx.AsyncClient) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert (await browser.get(path)).status_code == 404


async def test_a_damaged_session_file_is_named(tmp_path: Path) -> None:
    settings = parse({}, {"data": str(tmp_path)})
    secrets = load_or_create(tmp_path)
    (tmp_path / "web.db").write_bytes(b"no database" * 500)
    with pytest.raises(StorageUnusable, match=r"web\.db"):
        async with web_app(settings, secrets, asyncio.Event(), Vitals()):
            pass
