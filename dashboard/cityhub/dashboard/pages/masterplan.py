"""The masterplan: field → goal → measure → KPI, what it changed, and how far every measure of its programmes is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard import formats
from cityhub.dashboard.address import MasterplanPage
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.marks import STATUS_WORD, icon, nothing_yet, simulation_mark, status_mark
from cityhub.dashboard.components.state import simulation_banner
from cityhub.dashboard.components.table import plain_table, table_head
from cityhub.dashboard.components.tile import value_words
from cityhub.dashboard.facts import KpiFacts, read_all
from cityhub.dashboard.pages.programmes import measure_table, programme_part
from cityhub.dashboard.plan_texts import Plan
from cityhub.dashboard.tables import Cell, Column, Shown, Table
from cityhub.dashboard.texts import Lang, T, t
from cityhub.dashboard.view import View
from cityhub.kpi.fields import ActionField
from cityhub.kpi.masterplan.model import Fact, FieldPlan, Figure, Goal, Masterplan

Facts = Mapping[str, KpiFacts]


def masterplan_page(view: View) -> Component:
    """Draw the plan with the numbers that a viewer may see."""
    lang, plan, facts = view.lang, view.reader.masterplan(), _facts(view)
    fields = {field.id: field for field in view.reader.catalogue.fields}
    parts = [_field(view, plan, fields[one.field], one, facts) for one in plan.fields]
    return html.Div(
        [
            simulation_banner(lang) if any(one.synthetic for one in facts.values()) else None,
            html.H1(t(lang, Plan.PAGE), id="headline", tabIndex="-1"),
            html.P(t(lang, Plan.INTRO), className="sentence"),
            html.H2(t(lang, Plan.FIELDS), className="hidden"),
            *parts,
            _effects(view, plan, facts),
            *(programme_part(view, programme, facts) for programme in plan.programmes),
        ],
        className="masterplan-page",
    )


def masterplan_tables(view: View) -> Sequence[Table]:
    """All tables of the page, for their files."""
    plan, facts = view.reader.masterplan(), _facts(view)
    return (
        *(_field_table(view, plan, field, facts) for field in plan.fields),
        _effects_table(view, plan, facts),
        *(measure_table(view, programme, facts) for programme in plan.programmes),
    )


def _facts(view: View) -> Facts:
    """Of every KPI of the page that the viewer may see."""
    further = [view.find(kpi) for programme in view.reader.masterplan().programmes for kpi in programme.kpis]
    wanted = {one.id: one for one in [*view.visible(), *further] if one}
    return read_all(view, list(wanted.values()))


def _field(view: View, plan: Masterplan, field: ActionField, wants: FieldPlan, facts: Facts) -> Component:
    lang, table = view.lang, _field_table(view, plan, wants, facts)
    title = [icon(field.icon), link(field.name.get(lang), f"/field/{field.id}")]
    heading = html.H3(title, id=f"{table.parameter}-head", className="field-name")
    return html.Section(
        [
            table_head(table, MasterplanPage(), lang, heading),
            html.P(wants.wants.get(lang), className="sentence"),
            plain_table(table, lang) if table.rows else html.P(t(lang, T.NO_KPI_YET), className="empty"),
        ],
        className="card proof",
    )


def _field_table(view: View, plan: Masterplan, wants: FieldPlan, facts: Facts) -> Table:
    lang = view.lang
    fields = {field.id: field.name.get(lang) for field in view.reader.catalogue.fields}
    rows = [_row(view, plan, goal, facts[kpi]) for goal in wants.goals for kpi in goal.kpis if kpi in facts]
    heads = (Plan.GOAL, Plan.MEASURES, Plan.FIGURE, Plan.VALUE, Plan.STATUS)
    return Table(
        caption=fields[wants.field],
        parameter=f"plan-{wants.field}",
        columns=tuple(Column(None, t(lang, head)) for head in heads),
        rows=tuple(rows),
    )


def _row(view: View, plan: Masterplan, goal: Goal, facts: KpiFacts) -> tuple[Cell, ...]:
    lang, kpi = view.lang, facts.definition.id
    moving = [one.name.get(lang) for one in plan.measures_for(goal) if not one.kpis or kpi in one.kpis]
    none, now = t(lang, Plan.NO_MEASURE), now_words(view, facts)
    status = [t(lang, STATUS_WORD[facts.status]), *([t(lang, T.SIMULATION)] if facts.synthetic else [])]
    marks = [status_mark(facts.status, lang), " ", simulation_mark(lang) if facts.synthetic else None]
    return (
        goal.name.get(lang),
        ", ".join(moving) or Shown(none, html.Span(none, className="hint")),
        _figure_name(facts, lang),
        Shown(now, html.Span(now, id=f"plan-{kpi}-value")),
        Shown(" · ".join(status), html.Span(marks, id=f"plan-{kpi}-status")),
    )


def _figure_name(facts: KpiFacts, lang: Lang) -> Shown:
    definition = facts.definition
    name = f"{definition.id} {definition.name.get(lang)}"
    return Shown(name, link(name, f"/kpi/{definition.id}"))


def now_words(view: View, facts: KpiFacts) -> str:
    """The newest number with its period, or that there is none."""
    value, lang = facts.shown, view.lang
    if value is None:
        return nothing_yet(facts.definition, lang)
    period = formats.period(value.window, value.start, value.end, view.now, lang)
    return t(lang, Plan.PERIOD, value=value_words(value, lang), period=period)


def _effects(view: View, plan: Masterplan, facts: Facts) -> Component:
    lang, table = view.lang, _effects_table(view, plan, facts)
    return html.Section(
        [
            table_head(table, MasterplanPage(), lang),
            html.P(t(lang, Plan.EFFECTS_INTRO if table.rows else Plan.NO_EFFECTS), className="hint"),
            plain_table(table, lang) if table.rows else None,
        ],
        className="card proof",
    )


def _effects_table(view: View, plan: Masterplan, facts: Facts) -> Table:
    """Baselines of definitions and facts of measures, each beside what is counted now."""
    lang = view.lang
    rows = [_effect(view, one, words, source) for one in facts.values() for words, source in _baselines(one, lang)]
    stated = [(facts[fact.kpi], fact) for measure in plan.measures() for fact in measure.facts if fact.kpi in facts]
    rows += [_effect(view, one, _fact_words(fact, lang), fact.source.get(lang)) for one, fact in stated]
    heads = (Plan.FIGURE, Plan.BEFORE, Plan.NOW, Plan.SOURCE)
    return Table(
        caption=t(lang, Plan.EFFECTS),
        parameter="plan-effects",
        columns=tuple(Column(None, t(lang, head)) for head in heads),
        rows=tuple(rows),
    )


def _baselines(facts: KpiFacts, lang: Lang) -> Sequence[tuple[str, str]]:
    definition = facts.definition
    found = []
    for one in definition.baseline:
        value = formats.written(one.value, definition.unit, lang)
        found.append((t(lang, Plan.PERIOD, value=value, period=one.period), one.source))
    return found


def _fact_words(fact: Fact, lang: Lang) -> str:
    before, after = (_figure(one, fact.unit, lang) for one in (fact.before, fact.after))
    return t(lang, Plan.FACT, what=fact.what.get(lang), before=before, after=after)


def _figure(figure: Figure, unit: str, lang: Lang) -> str:
    words = formats.written(figure.value, unit, lang)
    return t(lang, Plan.AT_MOST, value=words) if figure.at_most else words


def _effect(view: View, facts: KpiFacts, before: str, source: str) -> tuple[Cell, ...]:
    lang, now = view.lang, now_words(view, facts)
    shown = Shown(f"{now} · {t(lang, T.SIMULATION)}", html.Span([now, " ", simulation_mark(lang)]))
    return _figure_name(facts, lang), before, shown if facts.synthetic else now, source
