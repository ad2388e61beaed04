"""Log-in and log-out as a browser meets them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp
from tests.unit.hub.identity.realm import ENDPOINTS, Realm
from tests.unit.hub.web.standins import a_browser, log_in, parts, running, until_ready

from cityhub.hub.identity.endpoints import RealmEndpoints
from cityhub.hub.identity.session_store import SessionStore
from cityhub.hub.web.app import create_app
from cityhub.hub.web.login import safe_path

SAME_ORIGIN = {"origin": ENDPOINTS.public_url}


async def whoami(browser: httpx.AsyncClient) -> Any:
    return (await browser.get("/whoami")).json()["name"]


async def test_in_and_out(browser: httpx.AsyncClient, realm: Realm) -> None:
    assert await whoami(browser) is None
    answer = await log_in(browser, realm, "/whoami?x=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/whoami?x=1"
    assert await whoami(browser) == "Lea Leitung"
    left = await browser.post("/logout", headers=SAME_ORIGIN)
    assert (left.status_code, left.headers["location"]) == (303, "/")
    assert await whoami(browser) is None
    assert not browser.cookies
    assert not realm.sessions


async def test_cookie_flags(browser: httpx.AsyncClient, realm: Realm) -> None:
    answer = await log_in(browser, realm)
    session, pending = answer.headers.get_list("set-cookie")
    assert session.startswith("__Host-cityhub=")
    assert {part.strip().lower() for part in session.split(";")[1:]} == {
        "httponly",
        "secure",
        "samesite=lax",
        "path=/",
        "max-age=43200",
    }
    assert len(session.partition("=")[2].partition(";")[0]) == 43  # 256 bits
    assert pending.startswith("__Host-cityhub-login-")
    assert "Max-Age=0" in pending
    assert "refresh" not in str(answer.headers)


async def test_each_log_in_gets_a_new_session(browser: httpx.AsyncClient, realm: Realm) -> None:
    await log_in(browser, realm)
    first = browser.cookies["__Host-cityhub"]
    realm.sessions.add("sid-1")
    await log_in(browser, realm)
    assert browser.cookies["__Host-cityhub"] != first
    browser.cookies.clear()
    browser.cookies["__Host-cityhub"] = first
    assert await whoami(browser) is None  # the former one has ended


async def test_two_tabs_log_in_at_once(browser: httpx.AsyncClient, realm: Realm) -> None:
    first = await browser.get("/login", params={"return_to": "/first"})
    await browser.get("/login", params={"return_to": "/second"})
    query = httpx.URL(first.headers["location"]).params
    realm.codes["code-1"] = query["nonce"]
    answer = await browser.get("/login/callback", params={"code": "code-1", "state": query["state"]})
    assert answer.headers["location"] == "/first"


async def test_a_log_in_begun_elsewhere_is_refused(app: ASGIApp, browser: httpx.AsyncClient, realm: Realm) -> None:
    """Otherwise a stranger could log a victim in as himself."""
    begun = await browser.get("/login")
    query = httpx.URL(begun.headers["location"]).params
    realm.codes["code-1"] = query["nonce"]
    async with a_browser(app) as victim:
        answer = await victim.get("/login/callback", params={"code": "code-1", "state": query["state"]})
        assert answer.status_code == 400
        assert "Bitte melden Sie sich erneut an" in answer.text
        assert "__Host-cityhub" not in victim.cookies


@pytest.mark.parametrize("query", ["", "?error=access_denied&state=x", "?code=c", "?state=<script>&code=%00"])
async def test_callback_without_a_log_in(query: str, browser: httpx.AsyncClient) -> None:
    answer = await browser.get(f"/login/callback{query}", headers={"accept-language": "en-GB,de;q=0.5"})
    assert answer.status_code == 400
    assert "Please log in again" in answer.text
    assert "<script>" not in answer.text


@pytest.mark.parametrize(
    "evil",
    [
        "https://evil.example/",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "evil.example",
        "",
        "/ x",
        "/login?return_to=/",
        "/logout",
        "/auth/realms/cityhub/protocol/openid-connect/logout",
        "/" + "x" * 600,
    ],
)
def test_return_to_elsewhere(evil: str) -> None:
    assert safe_path(evil) == "/"


@pytest.mark.parametrize("path", ["/", "/kpi/M01", "/kpi/M01?window=day&lang=en#table", "/feld/mobilität", "/loginfoo"])
def test_return_to_here(path: str) -> None:
    assert safe_path(path) == path


async def test_log_in_moves_to_the_public_address(app: ASGIApp, browser: httpx.AsyncClient) -> None:
    async with a_browser(app, "http://localhost:8000") as elsewhere:
        answer = await elsewhere.get("/login", params={"return_to": "/kpi/M01"})
        assert answer.headers["location"] == "http://127.0.0.1:8000/login?return_to=%2Fkpi%2FM01&lang=de&here=1"
        assert "set-cookie" not in answer.headers
        again = await elsewhere.get("/login?here=1")  # behind a proxy that hides the Host: no endless loop
        assert again.headers["location"].startswith(f"{ENDPOINTS.issuer}/protocol/openid-connect/auth?")


async def test_before_keycloak_is_ready(realm: Realm, tmp_path: Path) -> None:
    realm.down = True
    store = SessionStore(tmp_path / "web.db")
    app = create_app(parts(realm, store))
    async with running(app), a_browser(app) as browser:
        page = await browser.get("/")
        assert (page.status_code, page.json()["login"]) == (200, "starting")
        answer = await browser.get("/login", params={"return_to": "/kpi/M01"})
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "60"
        text = "Anmeldung startet noch – die Kennzahlen sind schon sichtbar. Bitte in einer Minute erneut versuchen."
        assert text in answer.text
        assert 'href="/login?return_to=%2Fkpi%2FM01"' in answer.text
        assert "still starting" in (await browser.get("/login", params={"lang": "en"})).text
        with_token = await browser.get("/whoami", headers={"authorization": f"Bearer {realm.token()}"})
        assert with_token.status_code == 503  # not 401: nothing is known about the token
    store.close()


async def test_language_chosen_on_the_dashboard(browser: httpx.AsyncClient) -> None:
    browser.cookies["cityhub_lang"] = "en"
    begun = await browser.get("/login", headers={"accept-language": "de-DE"})
    assert httpx.URL(begun.headers["location"]).params["ui_locales"] == "en"
    answer = await browser.get("/login/callback", headers={"accept-language": "de-DE"})
    assert "Log-in not completed" in answer.text


async def test_plain_http_in_a_network(realm: Realm, tmp_path: Path) -> None:
    """Browsers drop `Secure` cookies there, so log-in would never end."""
    store = SessionStore(tmp_path / "web.db")
    endpoints = RealmEndpoints("http://hub.duisburg.example", ENDPOINTS.keycloak_url)
    app = create_app(parts(realm, store, endpoints=endpoints))
    async with running(app), a_browser(app, endpoints.public_url) as browser:
        await until_ready(browser)
        answer = await browser.get("/login")
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("cityhub-login-")
        assert "secure" not in cookie.lower()
        assert "httponly" in cookie.lower()
    store.close()


async def test_back_channel_logout(browser: httpx.AsyncClient, realm: Realm) -> None:
    await log_in(browser, realm)
    refused = await browser.post("/login/backchannel", data={"logout_token": realm.id_token("n")}, headers=SAME_ORIGIN)
    assert (refused.status_code, refused.json()["code"]) == (400, "kind")
    assert await whoami(browser) == "Lea Leitung"
    keycloak = httpx.AsyncClient(transport=browser._transport, base_url=ENDPOINTS.public_url)
    answer = await keycloak.post("/login/backchannel", data={"logout_token": realm.logout_token()})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert await whoami(browser) is None


@pytest.mark.parametrize("body", [{}, {"logout_token": ""}, {"logout_token": "x"}])
async def test_back_channel_nonsense(body: dict[str, str], browser: httpx.AsyncClient) -> None:
    assert (await browser.post("/login/backchannel", data=body)).status_code == 400


async def test_back_channel_files(browser: httpx.AsyncClient) -> None:
    assert (await browser.post("/login/backchannel", files={"logout_token": b"x"})).status_code == 400


async def test_log_out_is_no_link(browser: httpx.AsyncClient, realm: Realm) -> None:
    """An image of a foreign page must not log anybody out."""
    await log_in(browser, realm)
    await browser.get("/logout")
    foreign = await browser.post("/logout", headers={"origin": "https://evil.example"})
    assert foreign.status_code == 403
    assert (await browser.post("/logout")).status_code == 403  # a cookie but no origin
    assert await whoami(browser) == "Lea Leitung"
