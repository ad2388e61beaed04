"""`GET /kiosk/<playlist>`: a page for a screen on a wall. No log-in, no framework, a DOM that never grows.

The document holds a fixed number of tiles; `assets/kiosk.js` fills them from `/kiosk/<playlist>/views`, which it asks
for again and again, and keeps what it has while the hub is away.
"""

from __future__ import annotations

import asyncio
from hashlib import sha256
from html import escape
from http import HTTPStatus
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from cityhub.adapters.errors import AdapterError
from cityhub.dashboard import formats
from cityhub.dashboard.kiosk import MOST_TILES, KioskView, playlists, views_of
from cityhub.dashboard.preferences import Preferences
from cityhub.dashboard.routes import STYLESHEET_PATH
from cityhub.dashboard.screen_texts import S
from cityhub.dashboard.services import Services
from cityhub.dashboard.table_files import chosen_by
from cityhub.dashboard.texts import Lang, T, t
from cityhub.dashboard.view import View
from cityhub.kpi.errors import KpiError

DWELL_S = range(5, 601)
DEFAULT_DWELL_S = 20
_log = structlog.get_logger()
_ASSETS = Path(__file__).with_name("assets")
_TILE = """<li class="card kiosk-tile" hidden>
<h2 class="kiosk-name"></h2>
<p class="kiosk-figure"><span class="kiosk-number"></span> <span class="kiosk-unit"></span></p>
<p class="kiosk-period"></p>
<p class="kiosk-status"><span class="icon" aria-hidden="true"></span> <span class="kiosk-word"></span></p>
<p class="kiosk-trend"></p>
<p class="kiosk-state"></p>
</li>
"""
_DOCUMENT = """<!DOCTYPE html>
<html lang="@lang@" data-theme="@theme@" data-mantine-color-scheme="@scheme@">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>@title@</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="@stylesheet@">
<link rel="stylesheet" href="/assets/city.css">
<link rel="stylesheet" href="/assets/kiosk.css">
<script src="/assets/kiosk.js" defer></script>
</head>
<body class="kiosk" data-views="@views@" data-dwell="@dwell@" data-lost="@lost@" data-pause="@pause@" data-go="@go@">
<header class="kiosk-head">
<p class="kiosk-city">@city@</p>
<h1 id="kiosk-title">@title@</h1>
<p id="kiosk-clock" class="kiosk-clock"></p>
</header>
<p id="kiosk-lost" class="kiosk-lost" role="status"></p>
<main><ul id="kiosk-tiles" class="kiosk-tiles">
@tiles@</ul></main>
<footer class="kiosk-foot">
<p id="kiosk-place" class="kiosk-place"></p>
<button type="button" id="kiosk-pause" class="button" aria-pressed="false">@pause@</button>
<button type="button" id="kiosk-next" class="button">@next@</button>
<div class="kiosk-progress" aria-hidden="true"><div id="kiosk-bar"></div></div>
</footer>
<noscript>@noscript@</noscript>
</body>
</html>
"""


class Views(Struct, frozen=True):
    """What the page shows.

    Attributes:
        clock: now, in words. version: of the page; another one than the browser has means: load it again.
    """

    clock: str
    version: str
    views: list[KioskView]


class KioskRoutes:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services
        code = [_DOCUMENT, *((_ASSETS / name).read_text("utf-8") for name in ("kiosk.js", "kiosk.css", "city.css"))]
        self._version = sha256("\n".join(code).encode()).hexdigest()[:12]

    async def document(self, request: Request) -> Response:
        """The page; 404 for a playlist that there is not, 400 for a dwell that cannot be, each saying what to do."""
        chosen, playlist = chosen_by(request), request.path_params["playlist"]
        lang = chosen.lang
        known = playlists(self._view(chosen))
        if playlist not in known:
            words = t(lang, S.KIOSK_NONE, name=playlist[:40], known=", ".join(known))
            return PlainTextResponse(words, HTTPStatus.NOT_FOUND)
        said = request.query_params.get("dwell", str(DEFAULT_DWELL_S))
        if not said.isascii() or not said.isdecimal() or int(said[:4]) not in DWELL_S:
            words = t(lang, S.KIOSK_DWELL, said=said[:40], least=DWELL_S[0], most=DWELL_S[-1])
            return PlainTextResponse(words, HTTPStatus.BAD_REQUEST)
        return HTMLResponse(_document(chosen, playlist, int(said)))

    async def views(self, request: Request) -> Response:
        """What the page shows now, as JSON; 503 while the store cannot be read."""
        return await asyncio.to_thread(self._views, request)

    def _views(self, request: Request) -> Response:
        chosen, playlist = chosen_by(request), request.path_params["playlist"]
        view = self._view(chosen)
        if playlist not in playlists(view):
            return Response(status_code=HTTPStatus.NOT_FOUND)
        try:
            found = list(views_of(replace(View.of(self._services, chosen), viewer=None), playlist))
        except (KpiError, AdapterError) as error:
            _log.warning("kiosk_unreadable", error=str(error))
            return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
        body = Views(formats.date_and_clock(view.now, view.lang), self._version, found)
        headers = {"Cache-Control": "no-store"}
        return Response(msgspec.json.encode(body), media_type="application/json", headers=headers)

    def _view(self, chosen: Preferences) -> View:
        """Of nobody: a screen on a wall shows what everybody may see, whoever is logged in beside it."""
        return replace(View.unread(self._services, chosen), viewer=None)


def _document(chosen: Preferences, playlist: str, dwell_s: int) -> str:
    lang: Lang = chosen.lang
    parts = {
        "lang": lang,
        "theme": chosen.theme,
        "scheme": "dark" if chosen.theme == "dark" else "light",
        "title": t(lang, S.KIOSK),
        "stylesheet": STYLESHEET_PATH,
        "views": f"/kiosk/{playlist}/views?lang={lang}",
        "dwell": str(dwell_s),
        "lost": t(lang, T.CONNECTION_LOST, time="{time}"),
        "city": f"{t(lang, T.CITY)} · {t(lang, T.PRODUCT)}",
        "pause": t(lang, S.KIOSK_PAUSE),
        "go": t(lang, S.KIOSK_GO),
        "next": t(lang, S.KIOSK_NEXT),
        "noscript": t(lang, T.NO_SCRIPT),
    }
    text = _DOCUMENT.replace("@tiles@", _TILE * MOST_TILES)
    for name, value in parts.items():
        text = text.replace(f"@{name}@", escape(value))
    return text
