"""Who presses a button on the sandbox's pages, on which tenant, and how it is answered.

A page of another origin cannot press them: the web application's guard looks at Origin and Fetch Metadata of each call.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import dash
import structlog
from dash import html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from msgspec import Struct

from cityhub.dashboard.address import parse
from cityhub.dashboard.components.marks import icon
from cityhub.dashboard.preferences import Preferences, Theme, preferences
from cityhub.dashboard.sandbox_address import SandboxPage
from cityhub.dashboard.sandbox_desk import NoSuchTenant, SandboxAway, SandboxDesk, SandboxTrouble
from cityhub.dashboard.sandbox_form import Unread
from cityhub.dashboard.sandbox_texts import Box
from cityhub.dashboard.services import Services
from cityhub.dashboard.texts import Lang, t
from cityhub.sdk.principal import Principal

_log = structlog.get_logger()


class Here(Struct, frozen=True):
    """Attributes: who = as the request's log-in says; tenant = of the page's address, not looked up yet, "" = none."""

    desk: SandboxDesk
    who: Principal | None
    tenant: str
    lang: Lang
    theme: Theme


Press = Callable[[Here], Awaitable[Any]]


def here_of(services: Services, path: object, settings: object) -> Here | None:
    """None where the sandbox is not for whoever asks, or the address is no page of it."""
    desk, who, address = services.sandbox, services.viewer(), parse(path, "")
    if desk is None or not desk.admits(who) or not isinstance(address, SandboxPage):
        return None
    chosen = _chosen(settings)
    return Here(desk, who, address.tenant, chosen.lang, chosen.theme)


def _chosen(settings: object) -> Preferences:
    return preferences(settings if isinstance(settings, dict) else {})


async def pressed(services: Services, clicks: object, path: object, settings: object, press: Press) -> Any:
    """What a press says, or why nothing was done."""
    if not clicks:
        raise PreventUpdate  # the button was only drawn
    here = here_of(services, path, settings)
    if here is None:
        return trouble([t(_chosen(settings).lang, Box.NOT_YOURS)])
    try:
        return await press(here)
    except SandboxTrouble as error:
        return said_of(error, here.lang)


def said_of(error: SandboxTrouble, lang: Lang) -> Component:
    """What is shown of a refusal: the sandbox's own lines, or a sentence of ours."""
    if isinstance(error, NoSuchTenant):
        return trouble([t(lang, Box.NOT_YOURS)])
    if isinstance(error, SandboxAway):
        _log.warning("sandbox_away", error=str(error))
        return trouble([t(lang, Box.AWAY), *_lines(error, lang)])
    return trouble(_lines(error, lang))


def _lines(error: SandboxTrouble, lang: Lang) -> list[str | Component]:
    """What is said in English only is quoted."""
    return [one.get(lang) if one.de else html.Code(one.en, lang="en") for one in error.lines]


def trouble(lines: Sequence[str | Component]) -> Component:
    """One line each."""
    drawn = [html.Span(line) if isinstance(line, str) else line for line in lines]
    return html.Ul([html.Li([icon("warning"), line], className="trouble") for line in drawn], className="plain")


def unread(fields: Sequence[Unread], lang: Lang) -> Component:
    """Fields that cannot be read."""
    return trouble([t(lang, Box.FIELD_WRONG, field=t(lang, one.field), text=one.words) for one in fields])


def done(words: str, *more: Component) -> Component:
    """It is done."""
    return html.Div([html.P([icon("met"), words], className="verdict"), *more])


def look_again() -> None:
    """The page reads its tenant's room at once."""
    dash.set_props("sandbox-poke", {"data": time.time_ns()})
