"""Data quality: the platform's own KPIs, what every source promised and delivered, and whether the ledger balances."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from cityhub.api.partner.who import partners_of
from cityhub.dashboard import formats
from cityhub.dashboard.address import DataPage
from cityhub.dashboard.components.marks import icon
from cityhub.dashboard.components.state import simulation_banner
from cityhub.dashboard.components.table import data_table
from cityhub.dashboard.components.tile import tile
from cityhub.dashboard.pages.field import facts_of
from cityhub.dashboard.pages.series import series_over
from cityhub.dashboard.screen_texts import S
from cityhub.dashboard.source_table import source_table
from cityhub.dashboard.texts import T, t
from cityhub.dashboard.view import View
from cityhub.kpi.naming import partner_name

PLATFORM = "platform"
"""Field of the KPIs that are about the hub itself."""


def data_page(view: View, page: DataPage) -> Component:
    """Draw the state of every source."""
    lang = view.lang
    facts = facts_of(view, view.visible(PLATFORM))
    table = source_table(view, page.sources)
    return html.Div(
        [
            simulation_banner(lang) if any(stream.synthetic for stream in view.streams) else None,
            html.H1(t(lang, S.DATA_QUALITY), id="headline", tabIndex="-1"),
            html.P(t(lang, T.DATA_INTRO), className="sentence"),
            html.Div([tile(one, series_over(view, one)) for one in facts.values()], className="tiles"),
            _ledger(view),
            data_table(table, page, lang) if view.streams else html.P(t(lang, T.NO_PARTNER_YET), className="empty"),
        ],
        className="data-page",
    )


def _ledger(view: View) -> Component | None:
    """Whether every event of the partners whose side the viewer may see has a verdict; nothing for others."""
    lang, seen = view.lang, partners_of(view.viewer)
    if view.desk is None or not seen:
        return None
    missing = {partner: n for partner, n in view.desk.differences().items() if partner in seen}
    if not missing:
        return html.P([icon("met"), t(lang, S.LEDGER_BALANCES)], id="ledger", className="verdict")
    words = [f"{partner_name(one, lang)} {formats.number(n, lang)}" for one, n in sorted(missing.items())]
    text = t(lang, S.LEDGER_DIFFERS, partners=", ".join(words))
    return html.P([icon("warning"), text], id="ledger", className="verdict trouble")
