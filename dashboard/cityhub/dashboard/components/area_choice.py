"""The choice of "my area": links, as language and appearance are, so that it works before any script of ours."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard.area import Area
from cityhub.dashboard.screen_texts import S
from cityhub.dashboard.texts import t
from cityhub.dashboard.view import View
from cityhub.kpi.naming import partner_name


def area_choice(view: View) -> Component:
    """What is chosen now, and what can be."""
    lang, chosen = view.lang, view.area
    fields = [(field.id, field.name.get(lang)) for field in view.reader.catalogue.fields]
    partners = [(one, partner_name(one, lang)) for one in _partners(view)]
    by_partner = [
        _choice(Area(one, chosen.field), name, chosen) for one, name in [("", t(lang, S.AREA_EVERY_PARTNER)), *partners]
    ]
    by_field = [
        _choice(Area(chosen.partner, one), name, chosen) for one, name in [("", t(lang, S.AREA_EVERY_FIELD)), *fields]
    ]
    return html.Details(
        [
            html.Summary([t(lang, S.AREA), ": ", html.B(_name(view), id="area-name")]),
            html.Div(
                [
                    html.Nav(choices, className="switch", **{"aria-label": t(lang, words)})
                    for words, choices in ((S.AREA_PARTNER, by_partner), (S.AREA_FIELD, by_field))
                ],
                className="area-choices",
            ),
        ],
        className="area",
        id="area",
    )


def _partners(view: View) -> Sequence[str]:
    """Who answers for a KPI that the viewer may see, or sends events for one."""
    found: set[str] = set()
    for one in view.visible():
        found |= {one.owner, *(source.contract.partner for source in one.sources.values())}
    return sorted(found)


def _choice(area: Area, name: str, chosen: Area) -> Component:
    current = {"aria-current": str(area == chosen).lower()}
    return html.A(name, href=f"/?area={area.text}", className="choice", **current)


def _name(view: View) -> str:
    lang, area = view.lang, view.area
    fields = [field.name.get(lang) for field in view.reader.catalogue.fields if field.id == area.field]
    partners = [partner_name(area.partner, lang)] if area.partner else []
    return ", ".join([*partners, *fields]) or t(lang, S.AREA_ALL)
