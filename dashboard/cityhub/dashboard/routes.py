"""What a browser asks for: documents and the stylesheet. What Dash does inside a document is in `app`."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from html import escape
from http import HTTPStatus
from typing import get_args

from dash import Dash
from dash.backends._fastapi import reset_current_request, set_current_request
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from cityhub.dashboard.address import parse
from cityhub.dashboard.drawing import draw
from cityhub.dashboard.preferences import COOKIE_OF, ONE_YEAR_S, Theme, preferences
from cityhub.dashboard.services import Services
from cityhub.dashboard.table_files import chosen_by
from cityhub.dashboard.texts import T, t
from cityhub.dashboard.tokens import css

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
        chosen = chosen_by(request)
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
