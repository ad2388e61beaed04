"""The Dash app on the hub's FastAPI server: one layout, and one callback that follows address and live events."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path

import dash
from dash import ClientsideFunction, Input, Output, State
from dash.backends._fastapi import get_current_request
from dash.exceptions import DependencyException, InvalidResourceError, PreventUpdate
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from cityhub.dashboard.address import parse
from cityhub.dashboard.address_partner import PartnerPage, TablesPage
from cityhub.dashboard.callback_gate import CallbackGate
from cityhub.dashboard.frame import Frame, layout
from cityhub.dashboard.goal_callbacks import register_goal_callbacks
from cityhub.dashboard.kiosk_routes import KioskRoutes
from cityhub.dashboard.live import LiveRoute
from cityhub.dashboard.preferences import preferences
from cityhub.dashboard.proof_routes import ProofRoutes
from cityhub.dashboard.room_callbacks import register_room_callbacks
from cityhub.dashboard.routes import INDEX, STYLESHEET_PATH, PageRoutes
from cityhub.dashboard.sandbox_address import SandboxEventsPage, SandboxPage
from cityhub.dashboard.services import Services
from cityhub.dashboard.table_files import PATHS, TableFiles
from cityhub.dashboard.tenant_callbacks import register_tenant_callbacks

_NOT_SERVED = {"/", "/_reload-hash", "/_favicon.ico", "/_dash-ws-callback"}
"""Routes of Dash that the hub replaces or has no use for."""

_ASKED_FOR = (PartnerPage, TablesPage, SandboxPage, SandboxEventsPage)
"""Pages that no value of the city changes: the log is read when somebody asks to, a tenant has a clock of its own."""


def create_dashboard(server: FastAPI, services: Services) -> dash.Dash:
    """Put the dashboard on a server. Call it last: it answers every GET that nobody else does, with a page or a 404."""
    app = dash.Dash(
        "cityhub.dashboard",
        server=server,
        backend="fastapi",
        assets_folder=str(Path(__file__).with_name("assets")),
        assets_ignore=r"^kiosk\.",
        pages_folder="",
        use_pages=False,
        serve_locally=True,
        enable_mcp=False,
        suppress_callback_exceptions=True,
        update_title="",
        add_log_handler=False,
        index_string=INDEX,
    )
    app.backend.websocket_capability = False  # live updates come by /live; else the page looks for a socket for ever
    app.layout = lambda: layout(services, _current_request(app))
    _register_callbacks(app, services)
    _register_routes(server, app, services)
    server.add_middleware(CallbackGate, callbacks=app.callback_map)
    for error in (DependencyException, InvalidResourceError):
        server.add_exception_handler(error, _no_such_file)
    app._setup_server()
    return app


def csp_script_hashes(app: dash.Dash) -> Sequence[str]:
    """CSP sources (`'sha256-…'`) of the inline scripts that Dash writes into the document."""
    return list(app.csp_hashes())


def _register_routes(server: FastAPI, app: dash.Dash, services: Services) -> None:
    server.router.routes[:] = [route for route in server.router.routes if getattr(route, "path", "") not in _NOT_SERVED]
    pages, proofs, tables = PageRoutes(app, services), ProofRoutes(services), TableFiles(services)
    kiosk = KioskRoutes(services)
    for path, handler in (
        ("/kiosk/{playlist}", kiosk.document),
        ("/kiosk/{playlist}/views", kiosk.views),
        ("/live", LiveRoute(services).answer),
        (STYLESHEET_PATH, pages.stylesheet),
        *((path, tables.answer) for path in PATHS),
        ("/kpi/{kpi_id}/events.csv", proofs.events_csv),
        ("/receipts/key", proofs.key),
        ("/receipts/{kpi_id}", proofs.receipt),
        ("/{path:path}", pages.document),
    ):
        server.add_route(path, handler, methods=["GET"], include_in_schema=False)


def _register_callbacks(app: dash.Dash, services: Services) -> None:
    @app.callback(  # type: ignore[untyped-decorator]
        Output("page", "children"),
        Output("account", "children"),
        Output("arrival", "data"),
        Output("shown", "data"),
        Input("address", "pathname"),
        Input("address", "search"),
        Input("live", "data"),
        State("settings", "data"),
        State("shown", "data"),
        prevent_initial_call=True,
    )
    async def show(path: object, query: object, _: object, settings: object, shown: object) -> tuple[object, ...]:
        """Draw an address after a click or a live event; send what differs from what is shown."""
        asked = f"{path or '/'}{query or ''}"
        before = shown if isinstance(shown, dict) else {}
        once = dash.ctx.triggered_id == "address" or isinstance(parse(path, query), _ASKED_FOR)
        if once and before.get("asked") == asked:
            raise PreventUpdate  # the first paint holds it already
        chosen = preferences(settings if isinstance(settings, dict) else {})
        frame = await asyncio.to_thread(Frame.of, services, chosen, asked)
        return *frame.updates(before), {"title": frame.page.title, "path": path}, frame.shown

    register_goal_callbacks(app, services)
    register_tenant_callbacks(app, services)
    register_room_callbacks(app, services)
    app.clientside_callback(ClientsideFunction("city", "arrive"), Input("arrival", "data"))
    app.clientside_callback(ClientsideFunction("city", "connect"), Input("settings", "data"))


def _current_request(app: dash.Dash) -> Request | None:
    request: Request | None = get_current_request() if app.backend.has_request_context() else None
    return request


async def _no_such_file(_: Request, __: Exception) -> Response:
    return PlainTextResponse("no such file", HTTPStatus.NOT_FOUND)
