"""The partners' data state as it fits below the fields: one short line each."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard import formats
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.marks import icon
from cityhub.dashboard.screen_texts import S
from cityhub.dashboard.sources import SourceState, by_partner, sources_of
from cityhub.dashboard.texts import T, t
from cityhub.dashboard.view import View
from cityhub.kpi.naming import partner_name


def partners(view: View) -> Component:
    """Whose data are there, late or missing."""
    lang = view.lang
    lines = [_line(view, partner, sources) for partner, sources in by_partner(sources_of(view)).items()]
    return html.Section(
        [
            html.H3(link(t(lang, T.PARTNERS_STATE), "/data"), className="partners-name"),
            html.Ul(lines, id="partners-state") if view.streams else _nobody(view),
        ],
        className="partners",
        id="partners",
    )


def _nobody(view: View) -> Component:
    return html.P(t(view.lang, T.NO_PARTNER_YET), className="empty", id="partners-state")


def _line(view: View, partner: str, sources: Sequence[SourceState]) -> Component:
    lang, name = view.lang, html.B(partner_name(partner, view.lang))
    late = [one for one in sources if one.is_overdue]
    known = [one.freshness.as_of for one in sources if one.freshness.as_of]
    if not known:
        return html.Li([icon("no-data"), name, " ", t(lang, S.SOURCES_SILENT)], className="no-data")
    newest = t(lang, T.SHORT_STATE, time=formats.moment_near(max(known), view.now, lang))
    if not late:
        return html.Li([icon("met"), name, " ", newest])
    since = min(one.freshness.overdue_since for one in late if one.freshness.overdue_since)
    words = t(lang, S.SOURCES_OVERDUE, n=len(late), total=len(sources), age=formats.age(view.now - since, lang))
    return html.Li([icon("warning"), name, " ", words], className="overdue")
