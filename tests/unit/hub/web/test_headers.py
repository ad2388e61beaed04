"""Every answer carries the security headers, whoever gives it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp
from tests.unit.hub.identity.realm import ENDPOINTS, Realm
from tests.unit.hub.web.standins import a_browser, log_in, parts, running

from cityhub.hub.identity.endpoints import RealmEndpoints
from cityhub.hub.identity.session_store import SessionStore
from cityhub.hub.readiness import Check, Readiness
from cityhub.hub.web.app import create_app

PATHS = {
    "/": 200,
    "/livez": 200,
    "/readyz": 200,
    "/startupz": 200,
    "/version": 200,
    "/login": 303,
    "/login/callback": 400,
    "/graphql": 200,
    "/crash": 500,
    "/auth/admin/master/console/": 404,
    "/auth/realms/cityhub/protocol/openid-connect/certs": 200,
}


@pytest.mark.parametrize("path", PATHS)
async def test_headers(path: str, browser: httpx.AsyncClient) -> None:
    answer = await browser.get(path)
    assert answer.status_code == PATHS[path]
    headers = answer.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert len(headers["x-request-id"]) == 32
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "strict-transport-security" not in headers


async def test_refusals_have_them_too(browser: httpx.AsyncClient) -> None:
    for answer, status in [
        (await browser.get("/", headers={"host": "evil.example"}), 400),
        (await browser.get("/", headers={"authorization": "Bearer x"}), 401),
        (await browser.post("/logout", headers={"origin": "https://evil.example"}), 403),
        (await browser.post("/graphql", content=b"x" * 9000), 413),
    ]:
        assert answer.status_code == status
        assert answer.headers["x-frame-options"] == "DENY"
        assert "default-src 'self'" in answer.headers["content-security-policy"]


async def test_content_security_policy(browser: httpx.AsyncClient) -> None:
    policy = (await browser.get("/")).headers["content-security-policy"]
    rules = {rule.split()[0]: rule.split()[1:] for rule in policy.split(";")}
    assert rules["default-src"] == ["'self'"]
    assert rules["script-src"] == ["'self'", "'sha256-abc='"]  # the hash that the dashboard gave
    assert rules["object-src"] == rules["frame-src"] == rules["frame-ancestors"] == ["'none'"]
    assert rules["base-uri"] == rules["form-action"] == rules["connect-src"] == ["'self'"]
    assert "'unsafe-eval'" not in policy
    assert "http:" not in policy
    assert "*" not in policy


async def test_keycloaks_own_policy_stays(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/auth/realms/cityhub/login-actions/authenticate")
    assert answer.headers.get_list("content-security-policy") == ["frame-src 'self'"]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_personal_answers_are_not_stored(browser: httpx.AsyncClient, realm: Realm) -> None:
    await log_in(browser, realm)
    assert (await browser.get("/whoami")).headers["cache-control"] == "no-store"


async def test_a_crash_tells_nothing(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/crash")
    assert "hunter2" not in answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_crash_in_front_of_the_server(browser: httpx.AsyncClient, realm: Realm, tmp_path: Path) -> None:
    await log_in(browser, realm)
    with closing(sqlite3.connect(tmp_path / "web.db")) as db, db:
        db.execute("UPDATE browser_session SET opened_at = 'no time'")
    answer = await browser.get("/")
    assert answer.status_code == 500
    assert answer.headers["x-frame-options"] == "DENY"
    assert "X-Request-ID" in answer.json()["detail"]


async def test_the_database_of_log_ins_is_away(
    app: ASGIApp, browser: httpx.AsyncClient, realm: Realm, tmp_path: Path
) -> None:
    """Said to people and programs; nobody is logged out, and whoever has no session is answered."""
    await log_in(browser, realm)
    with closing(sqlite3.connect(tmp_path / "web.db")) as db:
        db.execute("ALTER TABLE browser_session RENAME TO away")
        for accept, kind in (("text/html,*/*", "text/html; charset=utf-8"), ("*/*", "application/problem+json")):
            answer = await browser.get("/kpi/M01", headers={"accept": accept})
            assert (answer.status_code, answer.headers["content-type"]) == (503, kind)
            assert answer.headers["retry-after"] == "10"
            assert "web.db" not in answer.text
            assert "set-cookie" not in answer.headers
        assert "Niemand wird dadurch abgemeldet." in (await browser.get("/", headers={"accept": "text/html"})).text
        posted = {"headers": {"origin": ENDPOINTS.public_url}, "data": {"logout_token": realm.logout_token()}}
        assert (await browser.post("/login/backchannel", **posted)).status_code == 503
        async with a_browser(app) as anonymous:
            assert (await anonymous.get("/whoami")).json() == {"name": None}
            assert (await log_in(anonymous, realm)).status_code == 503
        db.execute("ALTER TABLE away RENAME TO browser_session")
    assert (await browser.get("/whoami")).json()["name"] == "Lea Leitung"


async def test_https_stays_https(realm: Realm, tmp_path: Path) -> None:
    store = SessionStore(tmp_path / "web.db")
    endpoints = RealmEndpoints("https://hub.duisburg.example", ENDPOINTS.keycloak_url)
    app = create_app(parts(realm, store, endpoints=endpoints))
    async with running(app), a_browser(app, endpoints.public_url) as browser:
        answer = await browser.get("/")
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
    store.close()


async def test_ready_only_when_every_part_is(realm: Realm, tmp_path: Path) -> None:
    store = SessionStore(tmp_path / "web.db")
    app = create_app(
        parts(
            realm,
            store,
            readiness=Readiness(
                [Check("store", lambda: "store.db is locked", "wait"), Check("live", lambda: None, "")]
            ),
        )
    )
    async with running(app), a_browser(app) as browser:
        answer = await browser.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["checks"] == {
            "store": {"ready": False, "reason": "store.db is locked", "remedy": "wait"},
            "live": {"ready": True, "reason": "", "remedy": ""},
        }
    store.close()
