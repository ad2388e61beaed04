"""One action field: what it wants, its KPIs as tiles by goal, its measures, and one KPI on the map of boroughs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dash import html
from dash.development.base_component import Component
from msgspec.structs import replace

from cityhub.dashboard.address import FieldPage
from cityhub.dashboard.components.breadcrumb import breadcrumb
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.marks import icon
from cityhub.dashboard.components.state import simulation_banner
from cityhub.dashboard.components.tile import tile
from cityhub.dashboard.facts import KpiFacts, read_all
from cityhub.dashboard.pages.boroughs import boroughs_part
from cityhub.dashboard.pages.measures import measures_part
from cityhub.dashboard.pages.series import SPANS, series_over, span_of_tile
from cityhub.dashboard.place_tables import borough_table, borough_values
from cityhub.dashboard.screen_texts import S
from cityhub.dashboard.tables import Table
from cityhub.dashboard.texts import T, t
from cityhub.dashboard.view import View
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.fields import ActionField
from cityhub.kpi.masterplan.model import Goal


def field_page(view: View, page: FieldPage, field: ActionField) -> Component:
    """Draw one field for a viewer."""
    lang = view.lang
    facts = facts_of(view, view.visible(field.id))
    plan = view.reader.masterplan().of_field(field.id)
    return html.Div(
        [
            simulation_banner(lang) if any(item.synthetic for item in facts.values()) else None,
            breadcrumb(lang, None, field.name.get(lang)),
            html.H1([icon(field.icon), field.name.get(lang)], id="headline", tabIndex="-1", className="field-title"),
            html.P(plan.wants.get(lang), className="sentence", id="field-wants") if plan else None,
            *(_goals(view, plan.goals if plan else (), facts) if facts else [_nothing(view)]),
            measures_part(view, page) if plan else None,
            _map(view, page, facts),
        ],
        className="field-page",
    )


def facts_of(view: View, definitions: Sequence[KpiDefinition]) -> Mapping[str, KpiFacts]:
    """Facts with as many recent windows as the tiles' lines show."""
    return read_all(view, definitions, {one.id: SPANS[span_of_tile(one)][1] for one in definitions})


def mapped(page: FieldPage, facts: Mapping[str, KpiFacts]) -> KpiFacts | None:
    """The KPI on the map: the chosen one, else the first that is counted by borough."""
    offered = _offered(facts)
    return next((one for one in offered if one.definition.id == page.kpi), offered[0] if offered else None)


def map_table(view: View, page: FieldPage, facts: Mapping[str, KpiFacts]) -> Table | None:
    """The table of the map, for its file."""
    shown = mapped(page, facts)
    values = borough_values(view, shown) if shown else {}
    return borough_table(view, shown, values, page.boroughs) if shown and values else None


def _goals(view: View, goals: Sequence[Goal], facts: Mapping[str, KpiFacts]) -> Iterator[Component]:
    """The KPIs by the goal that each measures; those of no goal come last."""
    lang, placed = view.lang, {kpi for goal in goals for kpi in goal.kpis}
    for goal in goals:
        mine = [facts[kpi] for kpi in goal.kpis if kpi in facts]
        if mine:
            head = html.H2(goal.name.get(lang), id=f"goal-{goal.id}", className="goal")
            yield html.Section([head, _tiles(view, mine)], **{"aria-labelledby": f"goal-{goal.id}"})
    rest = [one for kpi, one in facts.items() if kpi not in placed]
    if rest:
        yield _tiles(view, rest)


def _nothing(view: View) -> Component:
    return html.P(t(view.lang, T.NO_KPI_YET), className="empty")


def _tiles(view: View, facts: Sequence[KpiFacts]) -> Component:
    return html.Div([tile(item, series_over(view, item)) for item in facts], className="tiles")


def _offered(facts: Mapping[str, KpiFacts]) -> Sequence[KpiFacts]:
    return [one for one in facts.values() if "borough" in one.definition.scopes]


def _map(view: View, page: FieldPage, facts: Mapping[str, KpiFacts]) -> Component | None:
    """The chosen KPI on the map, and the others that could be."""
    lang, shown = view.lang, mapped(page, facts)
    if shown is None:
        return None
    choices = [
        link(
            one.definition.name.get(lang),
            f"{page.path}?{replace(page, kpi=one.definition.id).query}",
            id=f"map-{one.definition.id}",
            className="choice",
            **{"aria-current": str(one is shown).lower()},
        )
        for one in _offered(facts)
    ]
    chosen = html.Nav(choices, className="switch choices", **{"aria-label": t(lang, S.MAP_OF)})
    return boroughs_part(view, shown, page, page.boroughs, [chosen])
