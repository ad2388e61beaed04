"""Two web processes behind one address, each request to the other one, over one PostgreSQL and one Keycloak."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import cycle
from urllib.parse import parse_qs

import httpx
import pytest
import pytest_asyncio
from msgspec.structs import replace

from cityhub.hub.identity.session_store import SessionStore, count_sessions
from cityhub.hub.identity.sessions import RECHECK_S
from tests.integration.postgres import Postgres, postgres
from tests.integration.servers import Keycloak
from tests.integration.test_login import Browser, a_web_process, eventually, passwords
from tests.ports import free_ports

__all__ = ["passwords", "postgres"]
PERSON = "Stadt Leitung"


class Turns(httpx.AsyncBaseTransport):
    """Sends each request to the next port, as a Service without affinity may."""

    def __init__(self, ports: list[int]) -> None:
        self._ports = cycle(ports)
        self._network = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        there = request.url.copy_with(port=next(self._ports))
        sent = httpx.Request(request.method, there, headers=request.headers, stream=request.stream)
        sent.extensions = request.extensions
        return await self._network.handle_async_request(sent)

    async def aclose(self) -> None:
        await self._network.aclose()


class Replicas:
    """Attributes: renewals = refresh tokens that Keycloak was shown. ports: of the two processes."""

    def __init__(self, keycloak: Keycloak, database: str) -> None:
        self.address = keycloak.installation.settings.public_url
        self.ports = [keycloak.installation.settings.port, *free_ports(1)]
        self.database = database
        self.stores = [SessionStore(database) for _ in self.ports]
        self.renewals: list[str] = []

    async def asked(self, request: httpx.Request) -> None:
        if request.url.path.endswith("/token"):
            self.renewals += parse_qs(request.content.decode()).get("refresh_token", [])

    def browser(self, *ports: int) -> Browser:
        return Browser(self.address, Turns(list(ports) or self.ports))

    async def age(self, browser: Browser) -> None:
        """Keycloak's word on a session grows too old."""

        def write() -> None:
            id_, store = browser.cookies["__Host-cityhub"], self.stores[0]
            held = store.claim(id_, 1.0, 0.0)
            assert held is not None, "a process renews it"
            store.renew(id_, replace(held.grant, granted_at=held.grant.granted_at - RECHECK_S), 1.0)

        await asyncio.to_thread(write)


@pytest_asyncio.fixture(scope="module")
async def replicas(keycloak: Keycloak, postgres: Postgres) -> AsyncIterator[Replicas]:
    made = Replicas(keycloak, postgres.create())
    async with AsyncExitStack() as running:
        for port, store in zip(made.ports, made.stores, strict=True):
            running.callback(store.close)
            await running.enter_async_context(a_web_process(keycloak, store, port, made.asked))
        yield made


@pytest_asyncio.fixture
async def browser(replicas: Replicas, passwords: dict[str, str]) -> AsyncIterator[Browser]:
    """Somebody has logged in, one request here and one there."""
    async with replicas.browser() as browser:
        page = await browser.log_in(passwords, "leitung")
        assert page.json()["name"] == PERSON
        yield browser


async def names(*browsers: Browser, times: int = 1) -> list[str | None]:
    return await asyncio.gather(*(one.name() for one in browsers * times))


async def test_page_and_api_know_who_asks_wherever_they_are_asked(replicas: Replicas, browser: Browser) -> None:
    assert await names(browser, times=6) == [PERSON] * 6
    sent = {"headers": {"origin": replicas.address}, "json": {}}
    subjects = {(await browser.post("/graphql", **sent)).json()["subject"] for _ in range(4)}
    assert len(subjects) == 1
    assert None not in subjects
    async with replicas.browser() as stranger:
        assert await names(stranger, times=2) == [None, None]


async def test_a_session_is_renewed_once_though_both_are_asked_at_once(replicas: Replicas, browser: Browser) -> None:
    """Keycloak takes a refresh token once, and ends the log-in of whoever shows it again."""
    for round_ in range(1, 4):
        replicas.renewals.clear()
        await replicas.age(browser)
        assert await names(browser, times=20) == [PERSON] * 20
        assert len(replicas.renewals) == 1, round_


async def test_log_out_at_one_is_log_out_at_both(replicas: Replicas, browser: Browser) -> None:
    kept = dict(browser.cookies)
    before = await asyncio.to_thread(count_sessions, replicas.database)
    await browser.open("/logout", _="")
    assert await asyncio.to_thread(count_sessions, replicas.database) == before - 1
    async with replicas.browser() as thief:
        thief.cookies.update(kept)
        assert await names(thief, times=4) == [None] * 4


async def test_keycloak_tells_one_and_both_know(replicas: Replicas, browser: Browser) -> None:
    """Another session of the same log-in ends; Keycloak's notice reaches the first process alone."""
    async with replicas.browser() as second, replicas.browser(replicas.ports[1]) as elsewhere:
        for cookie in browser.cookies.jar:
            if cookie.path != "/":
                second.cookies.jar.set_cookie(cookie)
        await second.open("/login")
        elsewhere.cookies.update({"__Host-cityhub": browser.cookies["__Host-cityhub"]})
        assert await names(browser, second, elsewhere) == [PERSON] * 3
        replicas.renewals.clear()
        await second.open("/logout", _="")

        async def is_out() -> bool:
            return await elsewhere.name() is None

        await eventually(is_out)
        assert replicas.renewals == [], "it was told, it did not ask"


@pytest.mark.parametrize("which", [0, 1])
async def test_either_may_be_the_only_one(replicas: Replicas, browser: Browser, which: int) -> None:
    async with replicas.browser(replicas.ports[which]) as again:
        again.cookies.update(browser.cookies)
        await replicas.age(browser)
        assert await names(again, times=2) == [PERSON] * 2
    assert await browser.name() == PERSON


async def test_nobody_is_logged_out_while_the_database_is_away(
    replicas: Replicas, browser: Browser, postgres: Postgres
) -> None:
    await asyncio.to_thread(postgres.kill9)
    try:
        for _ in range(2):
            answer = await browser.get("/whoami", headers={"accept": "text/html"})
            assert (answer.status_code, "Niemand wird dadurch abgemeldet" in answer.text) == (503, True)
    finally:
        await asyncio.to_thread(postgres.start)
    assert await names(browser, times=2) == [PERSON] * 2
