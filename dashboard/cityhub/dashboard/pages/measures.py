"""The measures of one action field: by goal, how far each is, and the KPIs that it is to move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard.address import FieldPage, MasterplanPage
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.table import plain_table, table_head
from cityhub.dashboard.components.trace import kpi_link, kpi_name
from cityhub.dashboard.facts import read_all
from cityhub.dashboard.pages.programmes import FULL, measure_name, progress_column, progress_of
from cityhub.dashboard.plan_texts import Plan
from cityhub.dashboard.tables import Cell, Column, Shown, Table
from cityhub.dashboard.texts import T, t
from cityhub.dashboard.view import View
from cityhub.kpi.masterplan.model import Goal, Measure, Programme
from cityhub.kpi.values import KpiValue


def measures_part(view: View, page: FieldPage) -> Component:
    """The table, and the way to all measures."""
    lang, table = view.lang, measures_table(view, page.field_id)
    to_all = link(t(lang, Plan.ALL_MEASURES), MasterplanPage().path)
    known = plain_table(table, lang) if table.rows else html.P(t(lang, Plan.NO_MEASURES), className="empty")
    return html.Section([table_head(table, page, lang), known, html.P(to_all)], className="card proof", id="measures")


def measures_table(view: View, field: str) -> Table:
    """A row for each goal and measure; those of no goal come last."""
    lang, plan = view.lang, view.reader.masterplan()
    found = [(goal, one, _programme(plan.programmes, one)) for goal, one in plan.measures_of(field)]
    progress = _progress(view, [programme for _, _, programme in found if programme])
    reported = [progress[programme.id].get(one.id) if programme else None for _, one, programme in found]
    texts = (Plan.GOAL, Plan.MEASURE, Plan.STATE)
    return Table(
        caption=t(lang, Plan.FIELD_MEASURES),
        parameter="measures",
        columns=(
            *(Column(None, t(lang, head)) for head in texts),
            progress_column(filter(None, reported), lang),
            *(Column(None, t(lang, head)) for head in (Plan.FIGURES, T.COLUMN_NOTE)),
        ),
        rows=tuple(
            _row(view, goal, one, value, listed=programme is not None)
            for (goal, one, programme), value in zip(found, reported, strict=True)
        ),
        bars={len(texts): FULL},
    )


def _programme(programmes: Sequence[Programme], one: Measure) -> Programme | None:
    """The programme that lists a measure by the id that events carry; None of one that is only known by name."""
    return next((programme for programme in programmes if one in programme.measures), None)


def _progress(view: View, programmes: Sequence[Programme]) -> Mapping[str, Mapping[str, KpiValue]]:
    """How far the measures of each programme are, by its id, as far as the viewer may see it."""
    counting = [view.find(programme.progress) for programme in programmes if programme.progress]
    facts = read_all(view, [one for one in counting if one])
    return {programme.id: progress_of(view, programme, facts) for programme in programmes}


def _row(view: View, goal: Goal | None, one: Measure, value: KpiValue | None, *, listed: bool) -> tuple[Cell, ...]:
    lang = view.lang
    kpis = [kpi for kpi in one.kpis or (goal.kpis if goal else ()) if view.find(kpi)]
    figures = html.Ul([html.Li(kpi_link(view, kpi)) for kpi in kpis], className="plain")
    progress = value.value if value else None
    return (
        goal.name.get(lang) if goal else t(lang, Plan.NOT_SAID),
        measure_name(one, lang),
        t(lang, _state(progress) if listed else Plan.NO_ID),
        "–" if progress is None else progress,
        Shown("; ".join(kpi_name(view, kpi) for kpi in kpis), figures) if kpis else "–",
        t(lang, T.SIMULATION) if value and value.synthetic else "",
    )


def _state(progress: float | None) -> Plan:
    if progress is None:
        return Plan.NOT_REPORTED
    if progress <= 0:
        return Plan.NO_PROGRESS
    return Plan.DONE if progress >= FULL else Plan.UNDER_WAY
