"""A search over all KPIs and their further values. The browser searches by itself: the words are in the page."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import dash_mantine_components as dmc
import msgspec
from dash import html
from dash.development.base_component import Component

from cityhub.api.access import may_read
from cityhub.dashboard.components.marks import icon
from cityhub.dashboard.names import partner_full_name
from cityhub.dashboard.screen_texts import S
from cityhub.dashboard.texts import t
from cityhub.dashboard.view import View
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.naming import partner_name

SHOWN = 8
"""Matches on the screen; who needs more writes another word."""


def search(view: View) -> Component:
    """The field and the place of its matches; `assets/search.js` does the rest."""
    lang = view.lang
    said = {
        "one": t(lang, S.SEARCH_ONE),
        "many": t(lang, S.SEARCH_MANY, n="{n}"),
        "more": t(lang, S.SEARCH_MORE, n="{n}", shown=SHOWN),
        "none": t(lang, S.SEARCH_NONE),
    }
    index = {"said": said, "shown": SHOWN, "found": list(_entries(view))}
    return html.Div(
        [
            dmc.TextInput(
                id="search",
                label=t(lang, S.SEARCH),
                placeholder=t(lang, S.SEARCH_HINT),
                inputProps={"type": "search", "autoComplete": "off", "aria-controls": "search-results"},
                leftSection=icon("search"),
                classNames={"label": "hidden"},
            ),
            html.P(id="search-said", className="hidden", role="status"),
            html.Div(id="search-results", **{"data-index": msgspec.json.encode(index).decode()}),
        ],
        className="search",
        role="search",
    )


def _entries(view: View) -> Iterator[tuple[str, str, str, str]]:
    """Address, title, line below, and further words that lead to it."""
    catalogue, lang = view.reader.catalogue, view.lang
    fields = {field.id: field.name for field in catalogue.fields}
    for one in catalogue:
        if not may_read(view.viewer, one):
            continue
        field = fields[one.field].get(lang) if one.field in fields else ""
        below = " · ".join(filter(None, (one.id, field, partner_name(one.owner, lang))))
        words = [one.name.de, one.name.en, one.question.get(lang), partner_full_name(one.owner, lang)]
        yield f"/kpi/{quote(one.id, safe='')}", _title(view, one), below, " ".join(words)


def _title(view: View, one: KpiDefinition) -> str:
    name = one.name.get(view.lang)
    if one.value_of is None:
        return name
    return t(view.lang, S.SEARCH_BESIDE, name=name, kpi=view.reader.catalogue[one.value_of].name.get(view.lang))
