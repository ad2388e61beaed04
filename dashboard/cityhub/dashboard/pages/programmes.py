"""One programme of the masterplan: what it is, how far it is as a whole, and each of its measures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard.address import MasterplanPage
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.marks import simulation_mark, status_mark
from cityhub.dashboard.components.table import plain_table, table_head
from cityhub.dashboard.components.tile import value_words
from cityhub.dashboard.facts import KpiFacts
from cityhub.dashboard.plan_texts import Plan
from cityhub.dashboard.tables import Cell, Column, Shown, Table, number_column
from cityhub.dashboard.texts import Lang, T, t
from cityhub.dashboard.view import View
from cityhub.kpi.masterplan.model import Measure, Programme
from cityhub.kpi.reader import anchor_of
from cityhub.kpi.values import KpiValue

FULL = 100.0
"""Percent: done."""


def programme_part(view: View, programme: Programme, facts: Mapping[str, KpiFacts]) -> Component:
    """Draw a programme."""
    lang = view.lang
    whole = [_whole(view, facts[kpi]) for kpi in programme.kpis if kpi in facts]
    table = measure_table(view, programme, facts)
    return html.Section(
        [
            table_head(table, MasterplanPage(), lang),
            html.P(programme.sentence.get(lang), className="sentence"),
            html.P(t(lang, Plan.PAPER, source=programme.source.get(lang)), className="hint"),
            html.Div([html.B(t(lang, Plan.MEASURED_BY)), html.Ul(whole, className="plain")]) if whole else None,
            *_parts(view, programme),
            *([*_known(programme, lang), plain_table(table, lang)] if programme.measures else []),
        ],
        className="card proof",
        id=f"programme-{programme.id}",
    )


def _whole(view: View, facts: KpiFacts) -> Component:
    definition, lang, value = facts.definition, view.lang, facts.shown
    words = value_words(value, lang) if value else t(lang, T.NO_DATA_YET)
    marks = [status_mark(facts.status, lang), " ", simulation_mark(lang) if facts.synthetic else None]
    name = link(f"{definition.id} {definition.name.get(lang)}", f"/kpi/{definition.id}")
    shown = html.Span([words, " ", *marks], id=f"programme-{definition.id}-value")
    return html.Li([name, ": ", shown])


def _parts(view: View, programme: Programme) -> Sequence[Component]:
    lang = view.lang
    names = [_name(part.name.get(lang), lang, placeholder=part.placeholder) for part in programme.parts]
    return [html.P([html.B(t(lang, Plan.PARTS)), " ", "; ".join(names)])] if names else []


def _known(programme: Programme, lang: Lang) -> Sequence[Component]:
    """What is known of the measures' names."""
    named = [one.name.get(lang) for one in programme.named]
    hint = html.P(t(lang, Plan.IMPORTED if programme.imported else Plan.UNNAMED), className="hint")
    said = t(lang, Plan.NAMED, n=len(named), total=programme.total, names=", ".join(named))
    return [html.P(said), hint] if named else [hint]


def measure_table(view: View, programme: Programme, facts: Mapping[str, KpiFacts]) -> Table:
    """How far each measure of a programme is; no rows for a programme that is measured as a whole."""
    lang, progress = view.lang, progress_of(view, programme, facts)
    fields = {field.id: field.name.get(lang) for field in view.reader.catalogue.fields}
    rows = [
        _row(view, one.id, measure_name(one, lang), fields.get(one.field or ""), progress.get(one.id))
        for one in programme.measures
    ]
    known = {one.id for one in programme.measures}
    strays = [id_ for id_ in progress if id_ not in known] if rows else []
    rows += [_row(view, id_, t(lang, Plan.NOT_PLANNED), None, progress[id_]) for id_ in strays]
    return Table(
        caption=programme.name.get(lang),
        parameter=f"programme-{programme.id}",
        columns=(
            *(Column(None, t(lang, head)) for head in (Plan.ID, Plan.NAME, Plan.FIELD)),
            progress_column(progress.values(), lang),
            Column(None, t(lang, T.COLUMN_NOTE)),
        ),
        rows=tuple(rows),
        bars={3: FULL},
    )


def progress_of(view: View, programme: Programme, facts: Mapping[str, KpiFacts]) -> Mapping[str, KpiValue]:
    """How far each measure is, by its id, as the engine counts it."""
    counted = facts.get(programme.progress or "")
    shown = counted.shown if counted else None
    if shown is None:
        return {}
    found = view.reader.breakdown(shown.kpi_id, shown.window, anchor_of(shown), "measure")
    return {value.dimensions["measure"]: value for value in found if value.dimensions["measure"]}


def _row(view: View, id_: str, name: str, field: str | None, value: KpiValue | None) -> tuple[Cell, ...]:
    lang = view.lang
    return (Shown(id_, html.Code(id_)), name, field or t(lang, Plan.NOT_SAID), *progress_cells(value, lang))


def progress_column(values: Iterable[KpiValue], lang: Lang) -> Column:
    """The column of progress, in percent."""
    return number_column(None, t(lang, Plan.PROGRESS), "%", [value.value for value in values], lang)


def progress_cells(value: KpiValue | None, lang: Lang) -> tuple[Cell, Cell]:
    """How far a measure is, or that nobody has said so; and whether it is simulated."""
    if value is None or value.value is None:
        return t(lang, Plan.NOT_REPORTED), ""
    return value.value, t(lang, T.SIMULATION) if value.synthetic else ""


def measure_name(one: Measure, lang: Lang) -> str:
    """Its name, and whether it is only a placeholder."""
    return _name(one.name.get(lang), lang, placeholder=one.placeholder)


def _name(name: str, lang: Lang, *, placeholder: bool) -> str:
    return t(lang, Plan.PLACEHOLDER, name=name) if placeholder else name
