"""The whole app on a realm in memory, with stand-ins for API and dashboard, and a browser without a screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from fastapi import APIRouter, FastAPI, Request, WebSocket
from starlette.responses import StreamingResponse
from starlette.types import ASGIApp, Message
from tests.unit.hub.identity.realm import ENDPOINTS, SECRET, Realm
from tests.unit.hub.waiting import LIMIT_S

from cityhub.bus.vitals import KEYS, Vitals
from cityhub.hub.collectors import registry_of
from cityhub.hub.identity.principal import current_principal
from cityhub.hub.identity.session_store import SessionStore
from cityhub.hub.readiness import Check, Readiness
from cityhub.hub.web.app import WebParts
from cityhub.hub.web.identify import principal_of


def parts(realm: Realm, store: SessionStore, **changes: Any) -> WebParts:
    """What the app is made of in these tests."""
    given = {
        "endpoints": ENDPOINTS,
        "client_secret": SECRET,
        "session_key": "k",
        "sessions": store,
        "http": realm.http,
        "api": api(),
        "dashboard": dashboard,
        "doors": (),
        "live": nullcontext(),
        "writer": nullcontext(),
        "vitals": (vitals := Vitals()),
        "readiness": Readiness([Check("keys", partial(vitals.unready, KEYS, 1e9), "start Keycloak")]),
        "registry": registry_of("web"),
        "clock": realm.clock,
        "monotonic": realm.clock,
    }
    return WebParts(**{**given, **changes})


def a_browser(app: ASGIApp, address: str = ENDPOINTS.public_url) -> httpx.AsyncClient:
    """Called https for httpx only: over http it withholds `Secure` cookies, browsers send them to their own machine."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("192.0.2.7", 1234))
    return httpx.AsyncClient(transport=transport, base_url=address.replace("http:", "https:"))


async def until_ready(browser: httpx.AsyncClient) -> None:
    """Until the app has found Keycloak."""
    async with asyncio.timeout(LIMIT_S):
        while (await browser.get("/readyz")).json()["login"] != "ready":
            pass


async def log_in(browser: httpx.AsyncClient, realm: Realm, return_to: str = "/whoami") -> httpx.Response:
    """Walk to Keycloak and back; returns the answer of the callback."""
    begun = await browser.get("/login", params={"return_to": return_to})
    assert begun.status_code == 303, begun.text
    asked = {name: values[0] for name, values in parse_qs(urlsplit(begun.headers["location"]).query).items()}
    realm.codes["code-1"] = asked["nonce"]
    return await browser.get("/login/callback", params={"code": "code-1", "state": asked["state"]})


@asynccontextmanager
async def running(app: ASGIApp) -> AsyncIterator[None]:
    """The lifespan of an app, as a server drives it."""
    inbox: asyncio.Queue[Message] = asyncio.Queue()
    outbox: asyncio.Queue[Message] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    task = asyncio.ensure_future(app(scope, inbox.get, outbox.put))
    for step in ("startup", "shutdown"):
        await inbox.put({"type": f"lifespan.{step}"})
        assert (await outbox.get())["type"] == f"lifespan.{step}.complete"
        if step == "startup":
            yield
    await task


def api() -> APIRouter:
    router = APIRouter()

    @router.post("/graphql")
    async def graphql(request: Request) -> dict[str, Any]:
        principal = await principal_of(request)
        return {"subject": principal and principal.subject, "size": len(await request.body())}

    @router.websocket("/graphql")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text)

    return router


def dashboard(server: FastAPI, login_state: Callable[[], str]) -> Sequence[str]:
    @server.get("/whoami")
    def whoami() -> dict[str, Any]:
        """Synchronous, so it runs in a thread, as Dash's callbacks do."""
        principal = current_principal()
        if principal is None:
            return {"name": None}
        return {
            "name": principal.name,
            "roles": sorted(principal.roles),
            "organisation": principal.organisation,
        }

    @server.post("/_dash-update-component")
    async def callback(request: Request) -> dict[str, Any]:
        return {"body": await request.json()}

    @server.get("/crash")
    async def crash() -> None:
        raise RuntimeError("hunter2")

    @server.get("/stream")
    async def stream() -> StreamingResponse:
        async def lines() -> AsyncIterator[str]:
            while True:
                yield "value\n"
                await asyncio.sleep(0)

        return StreamingResponse(lines(), media_type="text/event-stream")

    @server.get("/{path:path}")
    async def page(path: str) -> dict[str, str]:
        return {"page": path, "login": login_state()}

    return ["'sha256-abc='"]
