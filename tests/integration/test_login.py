"""Log-in, log-out and tokens with the real Keycloak behind the real proxy."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, nullcontext
from html import unescape
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio
import uvicorn

from cityhub.bus.vitals import Vitals
from cityhub.hub.collectors import registry_of
from cityhub.hub.identity.session_store import SessionStore
from cityhub.hub.readiness import Readiness
from cityhub.hub.web.app import WebParts, create_app
from tests.integration.servers import Keycloak
from tests.unit.hub.web.standins import api, dashboard

LIMIT_S = 120.0


class Browser(httpx.AsyncClient):
    """Keeps cookies as browsers do on their own machine: `Secure` ones without TLS too.

    Attributes:
        way: answers from the last `open` to the page that it led to.
    """

    def __init__(self, address: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        hooks = {"response": [self._keep]}
        super().__init__(base_url=address, timeout=LIMIT_S, trust_env=False, event_hooks=hooks, transport=transport)
        self._origin = address
        self.way: list[httpx.Response] = []

    async def open(self, address: str, **form: str) -> httpx.Response:
        """GET, or POST a form as a page of the same origin does; then along the redirects."""
        sent = self.build_request("POST" if form else "GET", address, data=form or None)
        sent.headers["origin"] = self._origin
        self.way = [await self.send(sent)]
        while self.way[-1].is_redirect:
            self.way.append(await self.get(self.way[-1].headers["location"]))
        return self.way[-1]

    async def _keep(self, _: httpx.Response) -> None:
        for cookie in self.cookies.jar:
            cookie.secure = False

    async def log_in(self, secrets: dict[str, str], user: str, return_to: str = "/whoami") -> httpx.Response:
        """Through Keycloak's own form."""
        form = await self.open(f"/login?return_to={return_to}")
        found = re.search(r'action="([^"]+)"', form.text)
        assert found, form.text
        return await self.open(unescape(found[1]), username=user, password=secrets[user])

    async def name(self) -> str | None:
        answer: str | None = (await self.get("/whoami")).json()["name"]
        return answer


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    """Ask until it is so; TimeoutError after two minutes."""
    async with asyncio.timeout(LIMIT_S):
        while not await condition():  # noqa: ASYNC110 - another process decides
            await asyncio.sleep(0.1)


@asynccontextmanager
async def a_web_process(
    keycloak: Keycloak, store: SessionStore, port: int, asked: Callable[[httpx.Request], Awaitable[None]]
) -> AsyncIterator[None]:
    """The web app on a port, once it has found Keycloak. Args: asked = is told of its requests to Keycloak."""
    secrets = keycloak.installation.secrets
    async with httpx.AsyncClient(trust_env=False, event_hooks={"request": [asked]}) as http:
        parts = WebParts(
            endpoints=keycloak.endpoints,
            client_secret=secrets.web_client_secret,
            session_key=secrets.session_key,
            sessions=store,
            http=http,
            api=api(),
            dashboard=dashboard,
            doors=(),
            live=nullcontext(),
            writer=nullcontext(),
            vitals=Vitals(),
            readiness=Readiness([]),
            registry=registry_of("web"),
        )
        app = create_app(parts)
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, access_log=False))
        serving = asyncio.create_task(server.serve())

        async def is_ready() -> bool:
            ready = f"http://127.0.0.1:{port}/readyz"
            return server.started and (await http.get(ready)).json()["login"] == "ready"

        try:
            await eventually(is_ready)
            yield
        finally:
            server.should_exit = True
            await serving


@pytest_asyncio.fixture(scope="module")
async def hub(keycloak: Keycloak) -> AsyncIterator[str]:
    """The web app on the address that the realm knows; returns that address."""
    settings = keycloak.installation.settings

    async def unheeded(_: httpx.Request) -> None: ...

    with closing(SessionStore(settings.sessions)) as store:
        async with a_web_process(keycloak, store, settings.port, unheeded):
            yield settings.public_url


@pytest_asyncio.fixture
async def browser(hub: str) -> AsyncIterator[Browser]:
    async with Browser(hub) as browser:
        yield browser


@pytest.fixture(scope="module")
def passwords(keycloak: Keycloak) -> dict[str, str]:
    return dict(keycloak.installation.secrets.user_passwords)


async def test_log_in_and_out(browser: Browser, passwords: dict[str, str], keycloak: Keycloak) -> None:
    page = await browser.log_in(passwords, "leitung")
    assert page.json() == {"name": "Stadt Leitung", "roles": ["leadership"], "organisation": "city"}
    assert await browser.name() == "Stadt Leitung"
    left = await browser.open("/logout", _="")
    assert urlsplit(str(left.url)).path == "/"
    assert await browser.name() is None
    form = await browser.open("/login")
    assert 'name="password"' in form.text  # Keycloak has forgotten the log-in too


async def test_session_cookie(browser: Browser, hub: str, passwords: dict[str, str]) -> None:
    await browser.log_in(passwords, "controlling")
    session = browser.cookies["__Host-cityhub"]
    assert len(session) == 43
    await browser.open("/login")  # still logged in at Keycloak: no form
    cookie = browser.way[-2].headers.get_list("set-cookie")[0]
    assert cookie.startswith("__Host-cityhub=")
    for flag in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert flag in cookie
    assert browser.cookies["__Host-cityhub"] != session


async def test_everything_stays_on_one_origin(browser: Browser, hub: str) -> None:
    form = await browser.open("/login")
    assert str(form.url).startswith(f"{hub}/auth/realms/cityhub/")
    assert "x-frame-options" in form.headers
    assert "frame-ancestors 'self'" in form.headers["content-security-policy"]  # Keycloak's own
    linked = [unescape(address) for address in re.findall(r'(?:src|href|action)="([^"]+)"', form.text)]
    assert linked
    for address in linked:
        assert address.startswith((hub, "/", "data:")), address
    styles = [address for address in linked if address.endswith(".css")]
    assert styles
    for style in styles:
        assert (await browser.get(style)).headers["content-type"].startswith("text/css")


async def test_form_speaks_the_readers_language(browser: Browser, hub: str) -> None:
    assert "Anmelden" in (await browser.open("/login?lang=de")).text
    async with Browser(hub) as other:
        assert "Sign In" in (await other.open("/login?lang=en")).text


async def test_wrong_password(browser: Browser, hub: str) -> None:
    answer = await browser.log_in({"leitung": "wrong"}, "leitung")
    assert str(answer.url).startswith(f"{hub}/auth/realms/cityhub/login-actions/")
    assert await browser.name() is None


@pytest.mark.parametrize("evil", ["https://evil.example/", "//evil.example/", "/%5Cevil.example", "javascript:x"])
async def test_return_to_another_origin(evil: str, browser: Browser, hub: str, passwords: dict[str, str]) -> None:
    page = await browser.log_in(passwords, "leitung", evil)
    assert str(page.url) == f"{hub}/"
    assert await browser.name() == "Stadt Leitung"


async def test_foreign_pages(browser: Browser, passwords: dict[str, str]) -> None:
    await browser.log_in(passwords, "leitung")
    foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    for path in ("/logout", "/_dash-update-component", "/graphql"):
        assert (await browser.post(path, json={}, headers=foreign)).status_code == 403
    assert await browser.name() == "Stadt Leitung"


async def test_logged_out_elsewhere(hub: str, passwords: dict[str, str]) -> None:
    """Keycloak ends the session: its back-channel logout token ends ours at once."""
    async with Browser(hub) as first, Browser(hub) as second:
        await first.log_in(passwords, "leitung")
        for cookie in first.cookies.jar:
            if cookie.path != "/":
                second.cookies.jar.set_cookie(cookie)
        await second.open("/login")  # another of our sessions under the same log-in
        assert await first.name() == await second.name() == "Stadt Leitung"
        await second.open("/logout", _="")

        async def is_out() -> bool:
            return await first.name() is None

        await eventually(is_out)


@pytest.mark.parametrize(
    ("client", "organisation", "roles"),
    [("ingest-dvv", "dvv", ["partner-publisher"]), ("startup-demo", "startup-demo", ["startup"])],
)
async def test_machines(client: str, organisation: str, roles: list[str], hub: str, keycloak: Keycloak) -> None:
    token = await asyncio.to_thread(keycloak.machine_token, client)
    async with Browser(hub) as machine:
        answer = await machine.get("/whoami", headers={"authorization": f"Bearer {token}"})
    assert answer.json()["roles"] == roles
    assert answer.json()["organisation"] == organisation


async def test_machines_get_their_token_at_the_public_address(hub: str, keycloak: Keycloak) -> None:
    secret = keycloak.installation.secrets.client_secrets["startup-demo"]
    async with Browser(hub) as machine:
        form = {"grant_type": "client_credentials"}
        address = "/auth/realms/cityhub/protocol/openid-connect/token"
        answer = await machine.post(address, data=form, auth=("startup-demo", secret))
        token = answer.json()["access_token"]
        assert (await machine.get("/whoami", headers={"authorization": f"Bearer {token}"})).status_code == 200
        wrong = await machine.get("/whoami", headers={"authorization": f"Bearer {token[:-5]}AAAAA"})
        assert wrong.status_code == 401


async def test_id_token_is_no_access_token(hub: str, keycloak: Keycloak) -> None:
    tokens = await asyncio.to_thread(keycloak.user_tokens, "leitung")
    async with Browser(hub) as program:
        for kind in ("id_token", "refresh_token"):
            answer = await program.get("/whoami", headers={"authorization": f"Bearer {tokens[kind]}"})
            assert answer.status_code == 401
        answer = await program.get("/whoami", headers={"authorization": f"Bearer {tokens['access_token']}"})
        assert answer.json()["name"] == "Stadt Leitung"


async def test_a_new_signing_key(hub: str, keycloak: Keycloak) -> None:
    """Tokens of the new key are good at once or, when junk has just been asked for, within half a minute."""
    with keycloak.new_signing_key():
        token = await asyncio.to_thread(keycloak.machine_token, "startup-demo")
        async with Browser(hub) as machine:

            async def is_known() -> bool:
                return (await machine.get("/whoami", headers={"authorization": f"Bearer {token}"})).status_code == 200

            await eventually(is_known)


@pytest.mark.parametrize(
    "path", ["/auth/admin/", "/auth/realms/master/", "/auth/realms/cityhub/account/", "/auth/metrics"]
)
async def test_administration_is_not_reachable(path: str, browser: Browser) -> None:
    assert (await browser.get(f"/auth/{path}")).status_code == 404


async def test_addresses_that_keycloak_tells(browser: Browser, hub: str) -> None:
    told = (await browser.get("/auth/realms/cityhub/.well-known/openid-configuration")).json()
    assert told["issuer"] == f"{hub}/auth/realms/cityhub"
    assert told["authorization_endpoint"].startswith(hub)
