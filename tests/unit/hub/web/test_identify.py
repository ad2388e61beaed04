"""Tokens and sessions at the door, and on connections that stay open."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.types import ASGIApp, Message, Scope
from tests.unit.hub.identity.realm import NOW, Realm
from tests.unit.hub.waiting import LIMIT_S, until
from tests.unit.hub.web.standins import log_in


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def test_token(browser: httpx.AsyncClient, realm: Realm) -> None:
    answer = await browser.get("/whoami", headers=bearer(realm.token()))
    assert answer.json() == {"name": "Lea Leitung", "roles": ["leadership"], "organisation": ""}
    assert (await browser.get("/whoami")).json()["name"] is None  # nobody stays logged in by a token


async def test_wrong_token_is_401_on_public_pages_too(browser: httpx.AsyncClient, realm: Realm) -> None:
    answer = await browser.get("/whoami", headers=bearer(realm.token(exp=NOW - 60, iat=NOW - 300)))
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith(
        'Bearer realm="cityhub", error="invalid_token", error_description="the token has expired'
    )
    assert answer.json()["code"] == "expired"
    assert "fetch a new one" in answer.json()["detail"]


@pytest.mark.parametrize("header", ["Basic bGVpdHVuZzp4", "Bearer", "", "token", "Negotiate abc"])
async def test_other_schemes(header: str, browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/whoami", headers={"authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith('Bearer realm="cityhub"')


async def test_two_tokens(browser: httpx.AsyncClient, realm: Realm) -> None:
    headers = [("authorization", f"Bearer {realm.token()}"), ("authorization", "Bearer x")]
    assert (await browser.get("/whoami", headers=headers)).status_code == 401


async def test_a_wrong_token_is_not_saved_by_a_session(browser: httpx.AsyncClient, realm: Realm) -> None:
    await log_in(browser, realm)
    assert (await browser.get("/whoami", headers=bearer("x.y.z"))).status_code == 401


async def test_the_token_is_never_repeated(
    browser: httpx.AsyncClient, realm: Realm, capsys: pytest.CaptureFixture[str]
) -> None:
    for token in (realm.token(azp="x"), realm.token() + "x", "hunter2"):
        answer = await browser.get("/whoami", headers=bearer(token))
        assert answer.status_code == 401
        assert token not in answer.text + str(answer.headers)
        printed = capsys.readouterr()
        assert token not in printed.out + printed.err


async def test_requests_at_once_do_not_mix(browser: httpx.AsyncClient, realm: Realm) -> None:
    names = [f"Person {number}" for number in range(30)]
    answers = await asyncio.gather(*(browser.get("/whoami", headers=bearer(realm.token(name=name))) for name in names))
    assert [answer.json()["name"] for answer in answers] == names


class Connection:
    """One connection to the app that stays open."""

    def __init__(self, app: ASGIApp, kind: str, path: str, headers: dict[str, str]) -> None:
        self.inbox: asyncio.Queue[Message] = asyncio.Queue()
        self.sent: list[Message] = []
        self._more = asyncio.Event()
        scope: Scope = {
            "type": kind,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "subprotocols": [],
            "headers": [(k.encode(), v.encode()) for k, v in {"host": "127.0.0.1:8000", **headers}.items()],
        } | ({"method": "GET"} if kind == "http" else {})
        self.task = asyncio.ensure_future(app(scope, self.inbox.get, self._take))

    async def _take(self, message: Message) -> None:
        self.sent.append(message)
        self._more.set()
        await asyncio.sleep(0)

    async def until(self, **members: object) -> Message:
        """The first message with these members."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                for message in self.sent:
                    if members.items() <= message.items():
                        return message
                self._more.clear()
                await self._more.wait()


async def test_a_stream_ends_with_its_token(app: ASGIApp, browser: httpx.AsyncClient, realm: Realm) -> None:
    stream = Connection(app, "http", "/stream", bearer(realm.token()))
    await stream.until(body=b"value\n", more_body=True)
    realm.clock.now += 299
    seen = len(stream.sent)
    await asyncio.sleep(0)
    await stream.until(type="http.response.body", more_body=True)
    realm.clock.now += 10
    await stream.until(body=b"", more_body=False)
    await asyncio.wait_for(stream.task, LIMIT_S)  # the handler has stopped, quietly
    assert stream.sent[-1]["more_body"] is False
    assert seen < len(stream.sent)


async def test_a_stream_of_a_session_goes_on(app: ASGIApp, browser: httpx.AsyncClient, realm: Realm) -> None:
    await log_in(browser, realm)
    cookie = f"__Host-cityhub={browser.cookies['__Host-cityhub']}"
    stream = Connection(app, "http", "/stream", {"cookie": cookie})
    await stream.until(body=b"value\n")
    asked = realm.requests.count("token")
    realm.clock.now += 300
    await until(lambda: realm.requests.count("token") > asked)
    seen = len(stream.sent)
    await until(lambda: len(stream.sent) > seen)
    assert all(message.get("more_body", True) for message in stream.sent)
    realm.sessions.clear()
    realm.clock.now += 300
    await stream.until(body=b"", more_body=False)
    await asyncio.wait_for(stream.task, LIMIT_S)


async def test_a_socket_ends_with_its_token(app: ASGIApp, browser: httpx.AsyncClient, realm: Realm) -> None:
    socket = Connection(app, "websocket", "/graphql", bearer(realm.token()))
    socket.inbox.put_nowait({"type": "websocket.connect"})
    socket.inbox.put_nowait({"type": "websocket.receive", "text": "a"})
    await socket.until(type="websocket.send", text="a")
    realm.clock.now += 310
    socket.inbox.put_nowait({"type": "websocket.receive", "text": "b"})
    closed = await socket.until(type="websocket.close")
    assert closed["code"] == 1008
    await asyncio.wait_for(socket.task, LIMIT_S)
    assert not [message for message in socket.sent if message.get("text") == "b"]
