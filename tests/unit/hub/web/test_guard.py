"""Requests that are refused before anybody asks who sent them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from starlette.types import ASGIApp, Message
from tests.unit.hub.identity.realm import ENDPOINTS, Realm
from tests.unit.hub.web.standins import a_browser, log_in

OWN = ENDPOINTS.public_url
CALLBACK = "/_dash-update-component"


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000", "localhost:8000", "localhost", "127.0.0.1", "LOCALHOST", "[::1]:8000"]
)
async def test_our_hosts(host: str, browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "localhost@evil.example", "[::1", "a b"]
)
async def test_foreign_hosts(host: str, browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/", headers={"host": host})
    assert answer.status_code == 400
    assert OWN in answer.json()["detail"]


async def test_two_hosts(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/", headers=[("host", "127.0.0.1:8000"), ("host", "evil.example")])
    assert answer.status_code == 400


async def test_probes_come_by_address(browser: httpx.AsyncClient) -> None:
    for path in ("/livez", "/readyz", "/startupz"):
        assert (await browser.get(path, headers={"host": "10.1.2.3:8000"})).status_code == 200


FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": f"{OWN}.evil.example"},
    {"origin": OWN, "sec-fetch-site": "cross-site"},
    {"origin": OWN, "sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "none"},
    {},
]
SAME = [{"origin": OWN}, {"origin": OWN, "sec-fetch-site": "same-origin"}, {"sec-fetch-site": "same-origin"}]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_callbacks_from_foreign_pages(method: str, headers: dict[str, str], browser: httpx.AsyncClient) -> None:
    answer = await browser.request(method, CALLBACK, json={}, headers=headers)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("headers", SAME)
async def test_callbacks_from_our_pages(headers: dict[str, str], browser: httpx.AsyncClient) -> None:
    answer = await browser.post(CALLBACK, json={"a": 1}, headers=headers)
    assert answer.json() == {"body": {"a": 1}}


@pytest.mark.parametrize("headers", FOREIGN)
async def test_sessions_from_foreign_pages(headers: dict[str, str], browser: httpx.AsyncClient, realm: Realm) -> None:
    await log_in(browser, realm)
    assert (await browser.post("/graphql", json={}, headers=headers)).status_code == 403


async def test_programs_have_no_origin(browser: httpx.AsyncClient, realm: Realm) -> None:
    assert (await browser.post("/graphql", json={})).status_code == 200
    bearer = {"authorization": f"Bearer {realm.token()}", "origin": "https://startup.example"}
    assert (await browser.post("/graphql", json={}, headers=bearer)).json()["subject"] == "person-1"


async def test_body_limits(browser: httpx.AsyncClient) -> None:
    own = {"origin": OWN}
    assert (await browser.post("/graphql", content=b"x" * 8192, headers=own)).json()["size"] == 8192
    assert (await browser.post("/graphql", content=b"x" * 8193, headers=own)).status_code == 413
    just = b'"' + b"x" * (1024 * 1024 - 2) + b'"'
    assert (await browser.post(CALLBACK, content=just, headers=own)).status_code == 200
    assert (await browser.post(CALLBACK, content=just + b" ", headers=own)).status_code == 413
    table = b"x" * (4 * 1024 * 1024)
    assert (await browser.post("/v1/uploads/a/b", content=table, headers=own)).status_code == 405  # there is no door
    assert (await browser.post("/v1/uploads/a/b", content=table + b"x", headers=own)).status_code == 413


async def test_tables_from_foreign_pages(browser: httpx.AsyncClient, realm: Realm) -> None:
    await log_in(browser, realm)
    for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {}):
        answer = await browser.post("/v1/uploads/a/b", content=b"x", headers=headers)
        assert answer.status_code == 403, headers


async def test_body_without_a_length(browser: httpx.AsyncClient) -> None:
    async def long() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 1000

    answer = await browser.post("/graphql", content=long(), headers={"origin": OWN})
    assert answer.status_code == 413


async def test_body_that_never_comes(app: ASGIApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cityhub.hub.web.guard.BODY_TIMEOUT_S", 0.0)

    async def never() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.Event().wait()

    async with a_browser(app) as browser:
        answer = await browser.post("/graphql", content=never(), headers={"origin": OWN})
    assert answer.status_code == 408


SOCKETS = [
    ({"origin": OWN}, "accept"),
    ({"origin": "http://localhost:8000", "host": "localhost:8000"}, "accept"),
    ({}, "accept"),
    ({"origin": "https://evil.example"}, 403),
    ({"origin": "null"}, 403),
    ({"cookie": "__Host-cityhub=x"}, 403),
    ({"cookie": "__Host-cityhub=x", "origin": OWN}, "accept"),
    ({"host": "evil.example", "origin": "http://evil.example"}, 400),
    ({"authorization": "Bearer x"}, 401),
]


@pytest.mark.parametrize(("headers", "expected"), SOCKETS)
async def test_sockets(headers: dict[str, str], expected: str | int, app: ASGIApp, browser: httpx.AsyncClient) -> None:
    sent: list[Message] = []
    inbox: Iterator[Message] = iter([{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}])

    async def receive() -> Message:
        return next(inbox)

    async def send(message: Message) -> None:
        sent.append(message)

    given = {"host": "127.0.0.1:8000", **headers}
    scope = {
        "type": "websocket",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "extensions": {"websocket.http.response": {}},
        "subprotocols": [],
    }
    await app(scope, receive, send)
    if expected == "accept":
        assert sent[0]["type"] == "websocket.accept"
    else:
        assert (sent[0]["type"], sent[0]["status"]) == ("websocket.http.response.start", expected)
        assert b"x-frame-options" in dict(sent[0]["headers"])
