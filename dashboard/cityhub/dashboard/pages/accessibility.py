"""The accessibility statement (BITV 2.0 §3): short, and honest about what has not been checked."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard.texts import T, t
from cityhub.dashboard.view import View


def accessibility_page(view: View) -> Component:
    """Draw the statement."""
    lang = view.lang
    done = (T.ACCESSIBILITY_DONE_CHARTS, T.ACCESSIBILITY_DONE_STATUS, T.ACCESSIBILITY_DONE_KEYBOARD)
    return html.Div(
        [
            html.H1(t(lang, T.ACCESSIBILITY), id="headline", tabIndex="-1"),
            html.P(t(lang, T.ACCESSIBILITY_SCOPE)),
            html.H2(t(lang, T.ACCESSIBILITY_STATE_TITLE)),
            html.P(t(lang, T.ACCESSIBILITY_STATE)),
            html.H2(t(lang, T.ACCESSIBILITY_DONE_TITLE)),
            html.Ul([html.Li(t(lang, item)) for item in done]),
            html.H2(t(lang, T.ACCESSIBILITY_GAPS_TITLE)),
            html.P(t(lang, T.ACCESSIBILITY_GAPS)),
            html.H2(t(lang, T.ACCESSIBILITY_CONTACT_TITLE)),
            html.P(t(lang, T.ACCESSIBILITY_CONTACT)),
        ],
        className="prose card",
    )
