"""One programme of the masterplan: what it is, how far it is as a whole, and each of its measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.marks import simulation_mark, status_mark
from cityhub.dashboard.components.plain_table import plain_table
from cityhub.dashboard.components.tile import value_words
from cityhub.dashboard.facts import KpiFacts
from cityhub.dashboard.plan_texts import Plan
from cityhub.dashboard.texts import T, t
from cityhub.dashboard.view import View
from cityhub.kpi.masterplan.model import Measure, Programme
from cityhub.kpi.reader import anchor_of
from cityhub.kpi.values import KpiValue

_FULL = 100.0


def programme_part(view: View, programme: Programme, facts: Mapping[str, KpiFacts]) -> Component:
    """Draw a programme."""
    lang = view.lang
    whole = [_whole(view, facts[kpi]) for kpi in programme.kpis if kpi in facts]
    return html.Section(
        [
            html.H2(programme.name.get(lang), id=f"programme-{programme.id}-head"),
            html.P(programme.sentence.get(lang), className="sentence"),
            html.P(t(lang, Plan.PAPER, source=programme.source.get(lang)), className="hint"),
            html.Div([html.B(t(lang, Plan.MEASURED_BY)), html.Ul(whole, className="plain")]) if whole else None,
            *_parts(view, programme),
            *(_measures(view, programme, facts) if programme.measures else []),
        ],
        className="card proof",
        id=f"programme-{programme.id}",
    )


def _whole(view: View, facts: KpiFacts) -> Component:
    definition, lang, value = facts.definition, view.lang, facts.shown
    words = value_words(value, lang) if value else t(lang, T.NO_DATA_YET)
    marks = [status_mark(facts.status, lang), simulation_mark(lang) if facts.synthetic else None]
    name = link(f"{definition.id} {definition.name.get(lang)}", f"/kpi/{definition.id}")
    shown = html.Span([words, " ", *marks], id=f"programme-{definition.id}-value")
    return html.Li([name, ": ", shown])


def _parts(view: View, programme: Programme) -> Sequence[Component]:
    lang = view.lang
    names = [_name(part.name.get(lang), view, placeholder=part.placeholder) for part in programme.parts]
    return [html.P([html.B(t(lang, Plan.PARTS)), " ", "; ".join(names)])] if names else []


def _measures(view: View, programme: Programme, facts: Mapping[str, KpiFacts]) -> Sequence[Component]:
    lang, progress = view.lang, _progress(view, programme, facts)
    known = {one.id for one in programme.measures}
    rows = [_measure(view, one, progress.get(one.id)) for one in programme.measures]
    rows += [_stray(view, id_, value) for id_, value in progress.items() if id_ not in known]
    named = [one.name.get(lang) for one in programme.named]
    hint = t(lang, Plan.IMPORTED if programme.imported else Plan.UNNAMED)
    said = t(lang, Plan.NAMED, n=len(named), total=programme.total, names=", ".join(named)) if named else None
    heads = ((Plan.ID, "left"), (Plan.NAME, "left"), (Plan.FIELD, "left"), (Plan.PROGRESS, "right"))
    table = plain_table(f"programme-{programme.id}", [(t(lang, head), align) for head, align in heads], rows)
    return [html.P(said) if said else None, html.P(hint, className="hint"), table]


def _progress(view: View, programme: Programme, facts: Mapping[str, KpiFacts]) -> Mapping[str, KpiValue]:
    """How far each measure is, by its id, as the engine counts it."""
    counted = facts.get(programme.progress or "")
    shown = counted.shown if counted else None
    if shown is None:
        return {}
    found = view.reader.breakdown(shown.kpi_id, shown.window, anchor_of(shown), "measure")
    return {value.dimensions["measure"]: value for value in found if value.dimensions["measure"]}


def _measure(view: View, one: Measure, value: KpiValue | None) -> Component:
    lang = view.lang
    fields = {field.id: field.name.get(lang) for field in view.reader.catalogue.fields}
    name = _name(one.name.get(lang), view, placeholder=one.placeholder)
    field = fields.get(one.field or "") or t(lang, Plan.NOT_SAID)
    return _row(view, one.id, name, field, value)


def _stray(view: View, id_: str, value: KpiValue) -> Component:
    """A measure that somebody reports and nobody has listed."""
    return _row(view, id_, t(view.lang, Plan.NOT_PLANNED), t(view.lang, Plan.NOT_SAID), value)


def _row(view: View, id_: str, name: str, field: str, value: KpiValue | None) -> Component:
    lang = view.lang
    if value is None or value.value is None:
        shown: list[object] = [html.Span(t(lang, Plan.NOT_REPORTED), className="hint")]
    else:
        fill = html.Span(className="bar-fill", style={"width": f"{min(max(value.value / _FULL, 0.0), 1.0):.1%}"})
        bar = html.Span(fill, className="bar", **{"aria-hidden": "true"})
        shown = [bar, value_words(value, lang), *([" ", simulation_mark(lang)] if value.synthetic else [])]
    progress = html.Span(shown, id=f"measure-{id_}-progress")
    cells = [dmc.TableTd(name), dmc.TableTd(field), dmc.TableTd(progress, className="right")]
    return dmc.TableTr([dmc.TableTh(html.Code(id_)), *cells])


def _name(name: str, view: View, *, placeholder: bool) -> str:
    return t(view.lang, Plan.PLACEHOLDER, name=name) if placeholder else name
