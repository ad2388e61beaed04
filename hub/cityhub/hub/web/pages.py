"""The few pages that the hub itself writes, of log-ins that cannot go on. German first, English complete."""

from __future__ import annotations

from html import escape
from http import HTTPStatus
from typing import Literal

from msgspec import Struct
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse

from cityhub.dashboard.preferences import chosen_in

Language = Literal["de", "en"]


class Notice(Struct, frozen=True):
    """One page: a headline, what to do, and the link that does it."""

    title: str
    text: str
    link: str


STARTING: dict[Language, Notice] = {
    "de": Notice(
        "Anmeldung startet noch",
        "Anmeldung startet noch – die Kennzahlen sind schon sichtbar. Bitte in einer Minute erneut versuchen.",
        "Erneut versuchen",
    ),
    "en": Notice(
        "Log-in is still starting",
        "Log-in is still starting – the key figures are already visible. Please try again in a minute.",
        "Try again",
    ),
}
FAILED: dict[Language, Notice] = {
    "de": Notice(
        "Anmeldung nicht abgeschlossen",
        "Die Anmeldung wurde abgebrochen, dauerte länger als zehn Minuten oder begann in einem anderen Fenster. "
        "Bitte melden Sie sich erneut an; dazu müssen Cookies für diese Adresse erlaubt sein.",
        "Erneut anmelden",
    ),
    "en": Notice(
        "Log-in not completed",
        "The log-in was cancelled, took longer than ten minutes or was begun in another window. "
        "Please log in again; cookies must be allowed for this address.",
        "Log in again",
    ),
}
AWAY: dict[Language, Notice] = {
    "de": Notice(
        "Anmeldungen sind gerade nicht erreichbar",
        "Die Datenbank der Anmeldungen antwortet gerade nicht. Niemand wird dadurch abgemeldet. "
        "Bitte in einer Minute erneut versuchen.",
        "Erneut versuchen",
    ),
    "en": Notice(
        "Log-ins cannot be reached right now",
        "The database of log-ins does not answer right now. Nobody is logged out by that. "
        "Please try again in a minute.",
        "Try again",
    ),
}
_HOME: dict[Language, str] = {"de": "Zur Übersicht", "en": "To the overview"}
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;color:#16212b;background:#f4f6f8;margin:0}"
    "main{max-width:36rem;margin:12vh auto;padding:32px;background:#fff;border-radius:8px}"
    "h1{font-size:28px;line-height:1.2;margin:0 0 16px}a{color:inherit;margin-right:24px}"
)


def language_of(request: HTTPConnection) -> Language:
    """What the reader has chosen on the dashboard, else the browser's first wish among ours, else German."""
    chosen = chosen_in(request.query_params, request.cookies).get("lang")
    wished = [str(chosen), *request.headers.get("accept-language", "").split(",")]
    for wish in wished:
        match wish.strip()[:2].lower():
            case "de":
                return "de"
            case "en":
                return "en"
    return "de"


def page(request: HTTPConnection, notices: dict[Language, Notice], status: HTTPStatus, retry: str) -> HTMLResponse:
    """A notice in the reader's language.

    Args:
        retry: path that the notice's link leads to.
    """
    language = language_of(request)
    notice = notices[language]
    content = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{escape(notice.title)}</title>'
        f"<style>{_STYLE}</style></head><body><main><h1>{escape(notice.title)}</h1><p>{escape(notice.text)}</p>"
        f'<p><a href="{escape(retry)}">{escape(notice.link)}</a> <a href="/">{_HOME[language]}</a></p>'
        "</main></body></html>"
    )
    return HTMLResponse(content, status)
