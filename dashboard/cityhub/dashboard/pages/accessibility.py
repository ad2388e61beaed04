"""The accessibility statement (BITV 2.0 §3): short, and honest about what has not been checked."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard.statement import Statement
from cityhub.dashboard.texts import T, t
from cityhub.dashboard.view import View


def accessibility_page(view: View) -> Component:
    """Draw the statement."""
    lang = view.lang
    done = (Statement.DONE_CHARTS, Statement.DONE_STATUS, Statement.DONE_KEYBOARD)
    return html.Div(
        [
            html.H1(t(lang, T.ACCESSIBILITY), id="headline", tabIndex="-1"),
            html.P(t(lang, Statement.SCOPE)),
            html.H2(t(lang, Statement.STATE_TITLE)),
            html.P(t(lang, Statement.STATE)),
            html.H2(t(lang, Statement.DONE_TITLE)),
            html.Ul([html.Li(t(lang, item)) for item in done]),
            html.H2(t(lang, Statement.GAPS_TITLE)),
            html.P(t(lang, Statement.GAPS)),
            html.H2(t(lang, Statement.CONTACT_TITLE)),
            html.P(t(lang, Statement.CONTACT)),
        ],
        className="prose card",
    )
