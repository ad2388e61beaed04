"""One action field: its KPIs as tiles."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard.components.breadcrumb import breadcrumb
from cityhub.dashboard.components.marks import icon
from cityhub.dashboard.components.state import simulation_banner
from cityhub.dashboard.components.tile import tile
from cityhub.dashboard.facts import read_facts
from cityhub.dashboard.pages.series import series_in, span_of_tile
from cityhub.dashboard.texts import T, t
from cityhub.dashboard.view import View
from cityhub.kpi.fields import ActionField


def field_page(view: View, field: ActionField) -> Component:
    """Draw one field for a viewer."""
    lang = view.lang
    facts = [read_facts(view, definition) for definition in view.visible(field.id)]
    tiles = [tile(item, series_in(view, item.definition, span_of_tile(item.definition))) for item in facts]
    return html.Div(
        [
            simulation_banner(lang) if any(item.synthetic for item in facts) else None,
            breadcrumb(lang, None, field.name.get(lang)),
            html.H1([icon(field.icon), field.name.get(lang)], id="headline", tabIndex="-1", className="field-title"),
            html.Div(tiles, className="tiles") if tiles else html.P(t(lang, T.NO_KPI_YET), className="empty"),
        ],
        className="field-page",
    )
