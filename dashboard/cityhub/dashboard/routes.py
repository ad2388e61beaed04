"""What a browser asks for: documents, the stylesheet and CSV files. What Dash does inside a document is in `app`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from hashlib import sha256
from html import escape
from http import HTTPStatus
from typing import get_args

import structlog
from dash import Dash
from dash.backends._fastapi import reset_current_request, set_current_request
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from cityhub.adapters.errors import AdapterError
from cityhub.dashboard.address import KpiPage, parse
from cityhub.dashboard.drawing import draw
from cityhub.dashboard.export import csv_of
from cityhub.dashboard.facts import read_facts
from cityhub.dashboard.pages.kpi import lines_of, series_of
from cityhub.dashboard.pages.series import spans_of
from cityhub.dashboard.preferences import COOKIE_OF, ONE_YEAR_S, Preferences, Theme, chosen_in, preferences
from cityhub.dashboard.services import Services
from cityhub.dashboard.tables import Table
from cityhub.dashboard.texts import T, t
from cityhub.dashboard.tokens import css
from cityhub.dashboard.view import View
from cityhub.kpi.errors import KpiError
from cityhub.kpi.kernel.windows import berlin

_log = structlog.get_logger()

STYLESHEET = "\n".join(css(theme) for theme in get_args(Theme))
STYLESHEET_PATH = f"/theme-{sha256(STYLESHEET.encode()).hexdigest()[:12]}.css"
INDEX = f"""<!DOCTYPE html>
<html lang="@lang@" data-theme="@theme@" data-mantine-color-scheme="@scheme@">
<head>
{{%metas%}}
<title>@title@</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="preload" href="/assets/fonts/source-sans-3-latin-wght-normal.woff2" as="font" type="font/woff2" crossorigin>
<link rel="stylesheet" href="{STYLESHEET_PATH}">
{{%css%}}
</head>
<body>
<noscript>@noscript@</noscript>
{{%app_entry%}}
{{%config%}}
{{%scripts%}}
{{%renderer%}}
</body>
</html>
"""
"""The document around the app; the parts between @ are per request."""


class PageRoutes:
    """Handlers of the dashboard's own paths."""

    def __init__(self, app: Dash, services: Services) -> None:
        self._app = app
        self._services = services

    async def document(self, request: Request) -> Response:
        """Any page. One that does not exist is a 404 with a page that says what to do."""
        chosen = _chosen(request)
        page = await asyncio.to_thread(draw, self._services, chosen, parse(request.url.path, request.url.query))
        token = set_current_request(request)
        try:
            text: str = self._app.index()
        finally:
            reset_current_request(token)
        parts = {
            "lang": chosen.lang,
            "theme": chosen.theme,
            "scheme": "dark" if chosen.theme == "dark" else "light",
            "title": escape(page.title),
            "noscript": t(chosen.lang, T.NO_SCRIPT),
        }
        for name, value in parts.items():
            text = text.replace(f"@{name}@", value)
        response = HTMLResponse(text, HTTPStatus.OK if page.found else HTTPStatus.NOT_FOUND)
        _remember(request, response)
        return response

    async def stylesheet(self, _: Request) -> Response:
        """The tokens; the path holds their hash, so browsers may keep them."""
        headers = {"Cache-Control": f"public, max-age={ONE_YEAR_S}, immutable"}
        return Response(STYLESHEET, media_type="text/css", headers=headers)

    async def series_csv(self, request: Request) -> Response:
        """The table twin of a KPI's chart as a file."""
        return await asyncio.to_thread(self._csv, request, series_of)

    async def lines_csv(self, request: Request) -> Response:
        """A KPI's split as a file."""
        return await asyncio.to_thread(self._csv, request, lines_of)

    def _csv(self, request: Request, table_of: Callable[..., Table | None]) -> Response:
        try:
            view = View.of(self._services, _chosen(request))
        except (KpiError, AdapterError) as error:
            _log.warning("file_unreadable", error=str(error))
            return PlainTextResponse(t(_chosen(request).lang, T.UNREADABLE_TITLE), HTTPStatus.SERVICE_UNAVAILABLE)
        path, _, file = request.url.path.rpartition("/")
        page = parse(path, request.url.query)
        definition = view.find(page.kpi_id) if isinstance(page, KpiPage) else None
        if definition is None or not isinstance(page, KpiPage):
            return PlainTextResponse(t(view.lang, T.MISSING_KPI), HTTPStatus.NOT_FOUND)
        if page.span not in (None, *spans_of(definition)):
            return PlainTextResponse(t(view.lang, T.MISSING_VIEW), HTTPStatus.NOT_FOUND)
        table = table_of(view, page, read_facts(view, definition))
        if table is None or not table.rows:
            return PlainTextResponse(t(view.lang, T.SERIES_EMPTY), HTTPStatus.NOT_FOUND)
        day = f"{view.now.astimezone(berlin()):%Y-%m-%d}"
        name = f"{definition.id}-{file.removesuffix('.csv')}-{day}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Response(csv_of(table, view.lang), media_type="text/csv; charset=utf-8", headers=headers)


def _chosen(request: Request) -> Preferences:
    return preferences(chosen_in(request.query_params, request.cookies))


def _remember(request: Request, response: Response) -> None:
    """Keep a choice that was made by a link; nothing is stored for those who choose nothing."""
    valid = preferences(dict(request.query_params))
    for name, cookie in COOKIE_OF.items():
        if request.query_params.get(name) == getattr(valid, name):
            response.set_cookie(
                cookie,
                getattr(valid, name),
                max_age=ONE_YEAR_S,
                samesite="lax",
                httponly=True,
                secure=request.url.scheme == "https",
            )
