"""The masterplan: field → goal → measure → KPI, what it changed, and how far every measure of its programmes is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from cityhub.dashboard import formats
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.marks import icon, nothing_yet, simulation_mark, status_mark
from cityhub.dashboard.components.plain_table import plain_table
from cityhub.dashboard.components.state import simulation_banner
from cityhub.dashboard.components.tile import value_words
from cityhub.dashboard.facts import KpiFacts, read_all
from cityhub.dashboard.pages.programmes import programme_part
from cityhub.dashboard.plan_texts import Plan
from cityhub.dashboard.texts import Lang, T, t
from cityhub.dashboard.view import View
from cityhub.kpi.fields import ActionField
from cityhub.kpi.masterplan.model import Fact, FieldPlan, Figure, Goal, Masterplan

Facts = Mapping[str, KpiFacts]


def masterplan_page(view: View) -> Component:
    """Draw the plan with the numbers that a viewer may see."""
    lang, plan = view.lang, view.reader.masterplan()
    further = [view.find(kpi) for programme in plan.programmes for kpi in programme.kpis]
    wanted = {one.id: one for one in [*view.visible(), *further] if one}
    facts = read_all(view, list(wanted.values()))
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


def _field(view: View, plan: Masterplan, field: ActionField, wants: FieldPlan, facts: Facts) -> Component:
    lang, key = view.lang, f"plan-{field.id}"
    rows = [_row(view, plan, goal, facts[kpi]) for goal in wants.goals for kpi in goal.kpis if kpi in facts]
    heads = (Plan.GOAL, Plan.MEASURES, Plan.FIGURE, Plan.VALUE, Plan.STATUS)
    title = [icon(field.icon), link(field.name.get(lang), f"/field/{field.id}")]
    return html.Section(
        [
            html.H3(title, id=f"{key}-head", className="field-name"),
            html.P(wants.wants.get(lang), className="sentence"),
            plain_table(key, [(t(lang, head), "left") for head in heads], rows)
            if rows
            else html.P(t(lang, T.NO_KPI_YET), className="empty"),
        ],
        className="card proof",
    )


def _row(view: View, plan: Masterplan, goal: Goal, facts: KpiFacts) -> Component:
    lang, definition = view.lang, facts.definition
    moving = [one.name.get(lang) for one in plan.measures_for(goal) if not one.kpis or definition.id in one.kpis]
    name = link(f"{definition.id} {definition.name.get(lang)}", f"/kpi/{definition.id}")
    return dmc.TableTr(
        [
            dmc.TableTh(goal.name.get(lang)),
            dmc.TableTd(", ".join(moving) or html.Span(t(lang, Plan.NO_MEASURE), className="hint")),
            dmc.TableTd(name),
            dmc.TableTd(html.Span(now_words(view, facts), id=f"plan-{definition.id}-value")),
            dmc.TableTd(html.Span(_status(facts, lang), id=f"plan-{definition.id}-status")),
        ]
    )


def now_words(view: View, facts: KpiFacts) -> str:
    """The newest number with its period, or that there is none."""
    value, lang = facts.shown, view.lang
    if value is None:
        return nothing_yet(facts.definition, lang)
    period = formats.period(value.window, value.start, value.end, view.now, lang)
    return t(lang, Plan.PERIOD, value=value_words(value, lang), period=period)


def _status(facts: KpiFacts, lang: Lang) -> Sequence[Component | None]:
    return [status_mark(facts.status, lang), simulation_mark(lang) if facts.synthetic else None]


def _effects(view: View, plan: Masterplan, facts: Facts) -> Component:
    """Baselines of definitions and facts of measures, each beside what is counted now."""
    lang = view.lang
    rows = [_effect(view, one, words, source) for one in facts.values() for words, source in _baselines(one, lang)]
    stated = [(facts[fact.kpi], fact) for measure in plan.measures() for fact in measure.facts if fact.kpi in facts]
    rows += [_effect(view, one, _fact_words(fact, lang), fact.source.get(lang)) for one, fact in stated]
    heads = (Plan.FIGURE, Plan.BEFORE, Plan.NOW, Plan.SOURCE)
    return html.Section(
        [
            html.H2(t(lang, Plan.EFFECTS), id="plan-effects-head"),
            html.P(t(lang, Plan.EFFECTS_INTRO) if rows else t(lang, Plan.NO_EFFECTS), className="hint"),
            plain_table("plan-effects", [(t(lang, head), "left") for head in heads], rows) if rows else None,
        ],
        className="card proof",
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


def _effect(view: View, facts: KpiFacts, before: str, source: str) -> Component:
    definition, lang = facts.definition, view.lang
    now = [now_words(view, facts), " ", simulation_mark(lang) if facts.synthetic else None]
    name = link(f"{definition.id} {definition.name.get(lang)}", f"/kpi/{definition.id}")
    return dmc.TableTr([dmc.TableTh(name), dmc.TableTd(before), dmc.TableTd(now), dmc.TableTd(source)])
