"""A KPI over the boroughs: the cartogram and its table, for its own page and for its field's."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard.address_query import Order
from cityhub.dashboard.components.cartogram import cartogram
from cityhub.dashboard.components.table import Sortable, data_table
from cityhub.dashboard.facts import KpiFacts
from cityhub.dashboard.place_tables import borough_table, borough_values
from cityhub.dashboard.screen_texts import S
from cityhub.dashboard.texts import t
from cityhub.dashboard.view import View


def boroughs_part(
    view: View, facts: KpiFacts, page: Sortable, order: Order, head: Sequence[Component] = ()
) -> Component | None:
    """Map and table side by side; None where the KPI has no number by borough.

    Args:
        head: what stands beside the heading.
    """
    values = borough_values(view, facts)
    if not values:
        return None
    return html.Section(
        [
            html.Div(
                [html.H2(t(view.lang, S.BOROUGHS), id="boroughs-title"), *head],
                className="section-head",
            ),
            html.Div(
                [
                    cartogram(view, facts, values),
                    data_table(borough_table(view, facts, values, order), page, view.lang),
                ],
                className="map-columns",
            ),
        ],
        className="card boroughs",
        **{"aria-labelledby": "boroughs-title"},
    )
