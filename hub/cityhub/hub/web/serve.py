"""The web process: the app with its real parts, served until told to end."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

import httpx
import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from cityhub.adapters.doors.http import HttpDoor
from cityhub.adapters.doors.limits import Gauge, Limits
from cityhub.adapters.doors.redrive import Redrive
from cityhub.adapters.tabular.uploads import Uploads
from cityhub.api.app import create_api
from cityhub.api.partner.letters import LetterRoutes
from cityhub.api.partner.preview import PreviewRoute
from cityhub.api.partner.records import RecordRoutes
from cityhub.api.partner.uploads import UploadRoutes
from cityhub.api.problem import problem
from cityhub.bus.access import KafkaAccess
from cityhub.bus.audit_trail import AuditTrail
from cityhub.bus.letters import LetterBox
from cityhub.bus.starting import StartingPublisher
from cityhub.bus.tail import Tail
from cityhub.bus.topics import VALUES
from cityhub.bus.vitals import Vitals
from cityhub.dashboard.app import create_dashboard, csp_script_hashes
from cityhub.dashboard.partner_desk import PartnerDesk
from cityhub.dashboard.services import Services
from cityhub.dashboard.target_desk import TargetDesk
from cityhub.hub.access import kafka_access, realm
from cityhub.hub.errors import Misconfigured
from cityhub.hub.feeds import StoredFeeds
from cityhub.hub.identity.principal import current_principal
from cityhub.hub.identity.session_store import SessionStore
from cityhub.hub.identity.watch import LogInState
from cityhub.hub.readiness import Readiness
from cityhub.hub.rooms import client
from cityhub.hub.run.probed import checks, registry_of
from cityhub.hub.run.serving import serve as serve_until
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings
from cityhub.hub.sources import table_folders
from cityhub.hub.web.app import WebParts, create_app
from cityhub.hub.web.cookies import Cookies
from cityhub.hub.web.identify import principal_of
from cityhub.hub.web.sandbox import HubSandboxDesk
from cityhub.kpi.definition import Catalogue, load_catalogue
from cityhub.kpi.ledger.preview import Previews
from cityhub.kpi.ledger.reader import LedgerReader
from cityhub.kpi.ledger.trace import Traces
from cityhub.kpi.live import LiveValues
from cityhub.kpi.proof.service import Proofs
from cityhub.kpi.store.sql_reader import SqlReader
from cityhub.kpi.store.targets import TargetBook
from cityhub.sandbox.door.routes import SandboxRoutes
from cityhub.sandbox.rooms.client import SandboxClient
from cityhub.sdk.contract import Contracts

_STREAMS = httpx.Limits(max_connections=1_000, max_keepalive_connections=20)
"""Each reader of a tenant's feed holds one."""
_log = structlog.get_logger()


async def serve(settings: Settings, secrets: Secrets, stop: asyncio.Event, vitals: Vitals) -> None:
    """Serve the hub on its port until `stop` is set."""
    async with web_app(settings, secrets, stop, vitals) as app:
        gc.collect()
        gc.freeze()  # what was made so far lives for ever: looking through it took half of a batch's time
        await serve_until(app, host=settings.host, port=settings.port, stop=stop)


@asynccontextmanager
async def web_app(settings: Settings, secrets: Secrets, stop: asyncio.Event, vitals: Vitals) -> AsyncIterator[ASGIApp]:
    """The app for any ASGI server that runs its lifespan; what it holds is given back at the end.

    Args:
        stop: set when the server is to end, so that open streams do not hold it up. vitals: of the process.

    Raises:
        StorageUnusable: the file of sessions cannot be used.
    """
    if not Cookies.of_address(settings.public_url).secure:
        _log.warning("cookies_without_tls", public_url=settings.public_url, remedy="serve the hub over https")
    sessions = SessionStore(settings.sessions)
    try:
        # trust_env: a proxy for the way out of the building is none for servers beside us.
        async with (
            httpx.AsyncClient(trust_env=False) as http,
            httpx.AsyncClient(trust_env=False, limits=_STREAMS) as rooms,
        ):
            held = _Held(http, sessions, client(rooms, settings, secrets), vitals)
            yield create_app(_parts(settings, secrets, stop, held))
    finally:
        sessions.close()


class _Held(NamedTuple):
    """What lives as long as the app."""

    http: httpx.AsyncClient
    sessions: SessionStore
    sandbox: SandboxClient
    vitals: Vitals


def _parts(settings: Settings, secrets: Secrets, stop: asyncio.Event, held: _Held) -> WebParts:
    access = kafka_access(settings, secrets)
    live = LiveValues(Tail(access, VALUES, client_id="cityhub-web"))
    feeds = StoredFeeds(settings.store)
    screen = _services(settings, secrets, live, feeds, stop)
    catalogue, writer = screen.reader.catalogue, StartingPublisher(access, client_id="cityhub-door")
    rooms = SandboxRoutes(held.sandbox, catalogue, principal_of)
    screen.desk, screen.uploads, partners = _partners(settings, catalogue, access, writer, feeds)
    screen.targets = TargetDesk(TargetBook(settings.store), AuditTrail(access, writer), _now)
    screen.sandbox = HubSandboxDesk(held.sandbox, catalogue, realm(settings), asyncio.get_running_loop())

    def dashboard(server: FastAPI, login_state: Callable[[], LogInState]) -> Sequence[str]:
        screen.login_state = login_state
        return csp_script_hashes(create_dashboard(server, screen))

    api = create_api(
        reader=screen.reader, live=live, feeds=screen.feeds, principal_of=principal_of, clock=_now, proofs=screen.proofs
    )
    return WebParts(
        endpoints=realm(settings),
        client_secret=secrets.web_client_secret,
        session_key=secrets.session_key,
        sessions=held.sessions,
        http=held.http,
        api=api,
        dashboard=dashboard,
        doors=[_door(writer, catalogue.contracts), *partners, *rooms.routes(), _NOTHING_ELSE],
        live=live,
        writer=writer,
        vitals=held.vitals,
        readiness=Readiness(checks("web", settings, secrets, held.vitals)),
        registry=registry_of("web", settings),
    )


def _services(
    settings: Settings, secrets: Secrets, live: LiveValues, feeds: StoredFeeds, stop: asyncio.Event
) -> Services:
    """What the screen reads."""
    catalogue, access = load_catalogue(), kafka_access(settings, secrets)
    return Services(
        reader=SqlReader(settings.store, catalogue),
        feeds=feeds.all,
        viewer=current_principal,
        login_state=lambda: "starting",
        clock=_now,
        live=live,
        stop=stop,
        proofs=Proofs(settings.store, settings.archive, catalogue, access=access, key=secrets.receipt_key),
    )


def _folders(settings: Settings) -> Mapping[str, Path]:
    """None where the list of sources is wrong: the adapters say so and stop, the pages are there all the same."""
    try:
        return table_folders(settings)
    except Misconfigured as error:
        _log.error("no_uploads", reason=str(error))
        return {}


def _door(writer: StartingPublisher, contracts: Contracts) -> Route:
    door = HttpDoor(contracts, writer, Gauge(Limits(), time.monotonic), _now)

    async def answer(request: Request) -> Response:
        return await door.answer(request, await principal_of(request))

    return Route("/v1/events", answer, methods=["POST"])


def _partners(
    settings: Settings, catalogue: Catalogue, access: KafkaAccess, writer: StartingPublisher, feeds: StoredFeeds
) -> tuple[PartnerDesk, Uploads, list[Route]]:
    """What partners see of their own side, on the screen and by the API."""
    ledger, traces = LedgerReader(settings.store), Traces(settings.store, catalogue, access)
    uploads = Uploads(_folders(settings), feeds.remembered, _now)
    routes = [
        *UploadRoutes(uploads, principal_of).routes(),
        *LetterRoutes(*_letters(access, writer, catalogue.contracts), principal_of).routes(),
        *RecordRoutes(ledger, traces, principal_of).routes(),
        *PreviewRoute(Previews(settings.store, catalogue), catalogue.contracts, principal_of, _now).routes(),
    ]
    return PartnerDesk(ledger, *_letters(access, writer, catalogue.contracts), traces), uploads, routes


def _letters(access: KafkaAccess, writer: StartingPublisher, contracts: Contracts) -> tuple[LetterBox, Redrive]:
    """For one event loop: the screen is drawn in others than the server's, and locks are of one."""
    letters = LetterBox(access)
    return letters, Redrive(letters, AuditTrail(access, writer), writer, contracts, _now)


async def _no_such_address(request: Request) -> Response:
    text = f"{request.url.path[:80]} is no address to read from: docs/doors.md and docs/ledger.md have those there are"
    return problem(HTTPStatus.NOT_FOUND, text)


_NOTHING_ELSE = Route("/v1/{path:path}", _no_such_address, methods=["GET"])
"""After all others: programs read problem documents, not the page that the dashboard has for unknown addresses."""


def _now() -> datetime:
    return datetime.now(UTC)
