"""The seven boroughs as touching hexagons: value and status in each. The table beside it holds the same."""

from __future__ import annotations

from collections.abc import Mapping

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard import formats
from cityhub.dashboard.address import EventsPage
from cityhub.dashboard.asked import Asked
from cityhub.dashboard.boroughs import PLACES, Borough
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.marks import STATUS_WORD, icon
from cityhub.dashboard.components.tile import doubt, value_words
from cityhub.dashboard.facts import KpiFacts
from cityhub.dashboard.screen_texts import S
from cityhub.dashboard.texts import T, t
from cityhub.dashboard.view import View
from cityhub.kpi.attainment import Status
from cityhub.kpi.values import KpiValue


def cartogram(view: View, facts: KpiFacts, values: Mapping[str, KpiValue]) -> Component:
    """Hexagons in true neighbourhood, from north to south also for the keyboard."""
    lang, shown = view.lang, facts.shown
    period = formats.period(shown.window, shown.start, shown.end, view.now, lang) if shown else ""
    laid = sorted(PLACES, key=lambda place: (place.row, place.column))
    return html.Ul(
        [_hexagon(view, facts, place, values.get(place.scope)) for place in laid],
        className="cartogram",
        **{"aria-label": t(lang, S.MAP, name=facts.definition.name.get(lang), period=period)},
    )


def _hexagon(view: View, facts: KpiFacts, place: Borough, value: KpiValue | None) -> Component:
    lang, key = view.lang, f"borough-{place.scope}"
    status = facts.status_at(value) if value else Status.NO_DATA
    words = value_words(value, lang) if value else t(lang, T.NO_DATA)
    number = value is not None and value.value is not None
    inside = [
        html.Span(place.name.replace("/", "/\u200b"), className="hexagon-name"),
        html.Span(words if number else "–", className=f"hexagon-value{doubt(value) if value else ' no-data'}"),
        html.Span([icon(status), t(lang, STATUS_WORD[status])], className=f"hexagon-status status-{status}"),
    ]
    attributes = {
        "id": key,
        "className": f"hexagon edge-{status}",
        "aria-label": f"{place.name}: {words}, {t(lang, STATUS_WORD[status])}",
    }
    face = html.Span(inside, className="hexagon-face")
    opens = value is not None and view.proofs is not None
    drawn = (
        link(face, EventsPage(facts.definition.id, Asked.of(value)).address, **attributes)
        if opens and value
        else html.Div(face, role="group", tabIndex="0", **attributes)
    )
    return html.Li(drawn, style={"gridColumn": f"{place.column} / span 2", "gridRow": str(place.row + 1)})
