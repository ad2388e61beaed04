"""The frame around every page: city, time, language, appearance, account, and the foot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import get_args
from urllib.parse import urlencode

from dash import html
from dash.development.base_component import Component

from cityhub.api.partner.who import partners_of
from cityhub.dashboard import formats
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.marks import icon
from cityhub.dashboard.partner_texts import Own
from cityhub.dashboard.plan_texts import Plan
from cityhub.dashboard.preferences import Preferences, Theme
from cityhub.dashboard.sandbox_texts import Box
from cityhub.dashboard.screen_texts import S
from cityhub.dashboard.services import LoginState
from cityhub.dashboard.texts import Lang, T, t
from cityhub.sdk.principal import Principal

_LANGUAGES: dict[Lang, str] = {"de": "Deutsch", "en": "English"}
_THEMES: dict[Theme, T] = {"light": T.THEME_LIGHT, "dark": T.THEME_DARK, "contrast": T.THEME_CONTRAST}


def header(chosen: Preferences, now: datetime, account_now: Sequence[Component]) -> Component:
    """The head of the page; language and appearance are links, so they work before and without any script of ours."""
    lang = chosen.lang
    return html.Header(
        [
            link(
                [
                    html.Span(t(lang, T.CITY), className="brand-city"),
                    html.Span(t(lang, T.PRODUCT), className="brand-product"),
                ],
                href="/",
                className="brand",
            ),
            html.Div(
                [
                    html.Span(formats.date_and_clock(now, lang), id="clock", className="clock"),
                    html.Nav(_languages(chosen), className="switch", **{"aria-label": t(lang, T.LANGUAGE)}),
                    html.Nav(_themes(chosen), className="switch", **{"aria-label": t(lang, T.THEME)}),
                    html.Div(account_now, id="account", className="account"),
                ],
                className="tools",
            ),
        ],
        className="frame-head",
    )


def account(
    viewer: Principal | None, login: LoginState, lang: Lang, return_to: str, *, sandbox: bool = False
) -> Sequence[Component]:
    """Who is logged in, the pages that are for them, and the way out; or the way in, or that it is not open yet.

    Args:
        sandbox: whether the sandbox is.
    """
    if viewer is not None:
        leave = html.Button([icon("sign-out"), t(lang, T.LOG_OUT)], id="logout", type="submit", className="button")
        return [
            html.Span(viewer.name or viewer.subject, id="user-name", className="user-name"),
            *([link(t(lang, Own.PAGE), "/partner", id="partner-link")] if partners_of(viewer) else []),
            *([link(t(lang, Box.PAGE), "/sandbox", id="sandbox-link")] if sandbox else []),
            html.Form(leave, action="/logout", method="POST"),
        ]
    if login == "starting":
        return [
            html.Span(
                [icon("clock"), t(lang, T.LOG_IN_STARTING)],
                id="login-starting",
                role="status",
                title=t(lang, T.LOG_IN_STARTING_HINT),
            )
        ]
    query = urlencode({"return_to": return_to, "lang": lang})
    return [html.A([icon("sign-in"), t(lang, T.LOG_IN)], id="login", href=f"/login?{query}", className="button")]


def footer(lang: Lang) -> Component:
    """The foot of the page."""
    return html.Footer(
        [
            link(t(lang, Plan.PAGE), href="/masterplan"),
            link(t(lang, S.DATA_QUALITY), href="/data"),
            link(t(lang, T.ACCESSIBILITY), href="/accessibility"),
        ],
        className="frame-foot",
    )


def _languages(chosen: Preferences) -> Sequence[Component]:
    return [
        _choice(f"language-{lang}", name, f"?lang={lang}", current=lang == chosen.lang, lang=lang)
        for lang, name in _LANGUAGES.items()
    ]


def _themes(chosen: Preferences) -> Sequence[Component]:
    return [
        _choice(f"theme-{theme}", t(chosen.lang, _THEMES[theme]), f"?theme={theme}", current=theme == chosen.theme)
        for theme in get_args(Theme)
    ]


def _choice(key: str, name: str, href: str, *, current: bool, **attributes: str) -> Component:
    return html.A(name, id=key, href=href, className="choice", **{"aria-current": str(current).lower()}, **attributes)
