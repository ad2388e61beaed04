"""What of Keycloak is reachable through the hub, and what it is told."""

from __future__ import annotations

import httpx
import pytest
from starlette.types import ASGIApp, Message
from tests.unit.hub.identity.realm import ENDPOINTS, Realm
from tests.unit.hub.web.standins import log_in

REALM = "/auth/realms/cityhub"


@pytest.mark.parametrize(
    "path",
    [
        f"{REALM}/protocol/openid-connect/auth",
        f"{REALM}/login-actions/authenticate",
        f"{REALM}/device",
        f"{REALM}/.well-known/openid-configuration",
        "/auth/resources/x1y2z/login/keycloak.v2/css/styles.css",
        "/auth/resources/x1y2z/common/keycloak/vendor/@patternfly/patternfly-v5.min.css",
    ],
)
async def test_passed_on(path: str, browser: httpx.AsyncClient) -> None:
    answer = await browser.get(f"{path}?a=b%20c&d=%2F")
    assert answer.json()["url"] == f"{ENDPOINTS.keycloak_url}{path}?a=b%20c&d=%2F"


@pytest.mark.parametrize(
    "path",
    [
        "/auth/",
        "/auth/admin",
        "/auth/admin/realms/cityhub/users",
        "/auth/realms/master",
        "/auth/realms/master/protocol/openid-connect/token",
        "/auth/realms/cityhub2/protocol/openid-connect/auth",
        f"{REALM}/clients-registrations/default",
        f"{REALM}/protocol/saml",
        "/auth/metrics",
        "/auth/health",
        "/auth/js/keycloak.js",
        f"{REALM}/protocol/openid-connect/../../../../admin/",
        f"{REALM}/protocol/openid-connect/%2e%2e/%2e%2e/%2e%2e/%2e%2e/admin/",
        f"{REALM}/protocol/openid-connect/%252e%252e/admin/",
        f"{REALM}/protocol/openid-connect/..;/..;/admin/",
        f"{REALM}/protocol/openid-connect/..%2f..%2fadmin",
        f"{REALM}/protocol/openid-connect/..%5c..%5cadmin",
        f"{REALM}/protocol/openid-connect/.",
        f"{REALM}/protocol/openid-connect//auth",
        "/auth//admin",
        "/auth/resources/../admin/",
        "/auth/resources/%2e%2e/admin/",
        "/auth/resources/x%00",
        "/auth/resources/x%0d%0aHost:%20y",
        "/%61uth/admin/",
    ],
)
async def test_not_passed_on(path: str, app: ASGIApp, realm: Realm, browser: httpx.AsyncClient) -> None:
    """Sent as it is: a client library would tidy it up."""
    realm.requests.clear()
    assert await raw_get(app, path) == 404
    assert not realm.requests


async def raw_get(app: ASGIApp, path: str) -> int:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": httpx.QueryParams(f"p={path}".replace(";", "%3B"))["p"],
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1:8000")],
    }
    await app(scope, receive, send)
    status = sent[0]["status"]
    assert isinstance(status, int)
    return status


async def test_what_keycloak_is_told(browser: httpx.AsyncClient, realm: Realm) -> None:
    await log_in(browser, realm)
    browser.cookies["AUTH_SESSION_ID"] = "keycloaks-own"
    answer = await browser.post(
        f"{REALM}/login-actions/authenticate",
        content="username=leitung",
        headers={
            "content-type": "application/x-www-form-urlencoded",
            "origin": "null",  # what a browser sends from Keycloak's form, which has Referrer-Policy: no-referrer
            "x-forwarded-host": "evil.example",
            "x-forwarded-for": "203.0.113.1",
            "x-forwarded-prefix": "/evil",
            "forwarded": "host=evil.example",
            "connection": "keep-alive, x-secret",
            "x-secret": "1",
            "te": "trailers",
        },
    )
    told = answer.json()
    assert (told["method"], told["body"]) == ("POST", "username=leitung")
    headers = told["headers"]
    assert headers["host"] == "127.0.0.1:18080"
    assert headers["x-forwarded-host"] == "127.0.0.1:8000"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-port"] == "8000"
    assert headers["x-forwarded-for"] == "192.0.2.7"
    assert headers["cookie"] == "AUTH_SESSION_ID=keycloaks-own"  # not our session
    assert not {"forwarded", "x-forwarded-prefix", "x-secret", "te"} & headers.keys()


async def test_what_comes_back(browser: httpx.AsyncClient) -> None:
    answer = await browser.get(f"{REALM}/login-actions/authenticate")
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert "connection" not in answer.headers
    assert "x-inner" not in answer.headers


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "CONNECT"])
async def test_methods(method: str, browser: httpx.AsyncClient) -> None:
    answer = await browser.request(method, f"{REALM}/protocol/openid-connect/token")
    assert answer.status_code == 405
    assert "POST" in answer.headers["allow"]


async def test_large_forms(browser: httpx.AsyncClient) -> None:
    assert (await browser.post(f"{REALM}/login-actions/authenticate", content=b"x" * 70_000)).status_code == 413


async def test_keycloak_is_away(browser: httpx.AsyncClient, realm: Realm) -> None:
    realm.down = True
    answer = await browser.get(f"{REALM}/login-actions/authenticate")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "30"
