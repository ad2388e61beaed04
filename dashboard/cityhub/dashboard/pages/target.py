"""A KPI's targets: every record, and for controllers the form that appends one."""

from __future__ import annotations

from collections.abc import Sequence

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from cityhub.api.access import is_city, may_set_targets
from cityhub.dashboard import formats, units
from cityhub.dashboard.address import TargetPage
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.marks import target_words
from cityhub.dashboard.components.table import plain_table, table_head
from cityhub.dashboard.goal_texts import Goal
from cityhub.dashboard.tables import Cell, Column, Shown, Table
from cityhub.dashboard.texts import Lang, T, t
from cityhub.dashboard.view import View
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.definition_target import LONGEST
from cityhub.kpi.kernel.windows import berlin
from cityhub.kpi.targets import TargetRecord, standing, target_at

_HEADS = (Goal.NUMBER, Goal.TARGET, Goal.WATCH, Goal.SINCE, Goal.SOURCE, Goal.WHY, Goal.WHO)


def target_page(view: View, definition: KpiDefinition) -> Component:
    """Draw the targets of a KPI for a viewer who may see it."""
    lang, records = view.lang, view.targets[definition.id]
    name = definition.name.get(lang)
    crumbs = [link(t(lang, T.HOME), "/"), link(name, f"/kpi/{definition.id}"), t(lang, T.TARGETS)]
    return html.Div(
        [
            html.Nav(
                html.Ol([html.Li(step) for step in crumbs]),
                className="breadcrumb",
                **{"aria-label": t(lang, T.BREADCRUMB)},
            ),
            html.H1(t(lang, Goal.PAGE, kpi=name), id="headline", tabIndex="-1"),
            html.P(t(lang, Goal.INTRO), className="sentence"),
            html.P(_today(view, definition, records), id="target-today", className="lead-sentence"),
            _records(view, definition, records),
            *(_forms(view, definition) if may_set_targets(view.viewer) else [_not_yours(view)]),
        ],
        className="target-page",
    )


def _today(view: View, definition: KpiDefinition, records: Sequence[TargetRecord]) -> str:
    held = target_at(records, view.now.astimezone(berlin()).date())
    if held is None or held.target is None:
        return t(view.lang, Goal.NONE_TODAY)
    return t(view.lang, Goal.TODAY, words=target_words(held.target, definition.unit, view.lang))


def _records(view: View, definition: KpiDefinition, records: Sequence[TargetRecord]) -> Component:
    lang, table = view.lang, target_table(view, definition)
    return html.Section(
        [
            table_head(table, TargetPage(definition.id), lang),
            html.P(None if records else t(lang, Goal.NO_RECORDS), id="targets-none", className="empty"),
            plain_table(table, lang),
        ],
        className="card proof",
    )


def target_table(view: View, definition: KpiDefinition) -> Table:
    """Every record, the newest first."""
    lang, records = view.lang, view.targets[definition.id]
    holding = {one.number for one in standing(records)}
    return Table(
        caption=t(lang, Goal.RECORDS),
        parameter="targets",
        columns=tuple(Column(None, t(lang, head)) for head in _HEADS),
        rows=tuple(_row(view, definition, one, holds=one.number in holding) for one in reversed(records)),
    )


def _row(view: View, definition: KpiDefinition, record: TargetRecord, *, holds: bool) -> tuple[Cell, ...]:
    lang, target = view.lang, record.target
    said: Sequence[Cell] = (t(lang, Goal.TAKES_BACK, number=record.retracts or 0), "", "", "")
    if target is not None:
        words = target_words(target, definition.unit, lang)
        watch = formats.written(target.watch, definition.unit, lang) if target.watch else ""
        said = (words if holds else _taken_back(words, lang), watch, formats.day(target.since, lang), target.source)
    return str(record.number), *said, record.why, _who(view, record)


def _taken_back(words: str, lang: Lang) -> Shown:
    gone = t(lang, Goal.TAKEN_BACK)
    return Shown(f"{words} · {gone}", html.Span([html.Del(words), " ", html.Span(gone, className="label")]))


def _who(view: View, record: TargetRecord) -> str:
    """When, and for the city's staff by whom."""
    if record.recorded is None:
        return t(view.lang, Goal.BY_DEFINITION)
    moment = formats.date_and_clock(record.recorded, view.lang)
    return f"{moment}, {record.who}" if is_city(view.viewer) else moment


def _not_yours(view: View) -> Component:
    return html.P(t(view.lang, Goal.NOT_YOURS), id="target-not-yours", className="hint")


def _forms(view: View, definition: KpiDefinition) -> Sequence[Component]:
    lang, unit = view.lang, units.sign(definition.unit, view.lang) or "1"
    band = definition.direction == "band"
    first = t(lang, Goal.LOW if band else Goal.VALUE, unit=unit)
    high = _field("target-high", t(lang, Goal.HIGH, unit=unit), required=band)
    form = [
        html.H2(t(lang, Goal.FORM), id="target-form-head"),
        html.Div(
            [
                _field("target-first", first),
                html.Div(high, hidden=not band),
                _field("target-watch", t(lang, Goal.TOLERANCE, unit=unit), required=False),
                _field("target-since", t(lang, Goal.SINCE_FIELD)),
                _field("target-source", t(lang, Goal.SOURCE_FIELD)),
                _field("target-why", t(lang, Goal.WHY_FIELD)),
            ],
            className="target-fields",
        ),
        html.P(t(lang, Goal.TOLERANCE_HINT), className="hint"),
        html.Button(t(lang, Goal.SAVE), id="target-save", type="button", className="button"),
        html.Div(id="target-said", role="status"),
    ]
    back = [
        html.H2(t(lang, Goal.RETRACT), id="target-retract-head"),
        html.Div(
            [
                _field("target-number", t(lang, Goal.RETRACT_NUMBER)),
                _field("target-retract-why", t(lang, Goal.WHY_FIELD)),
            ],
            className="target-fields",
        ),
        html.Button(t(lang, Goal.RETRACT), id="target-retract", type="button", className="button"),
        html.Div(id="target-retract-said", role="status"),
    ]
    return [
        html.Section(parts, className="card proof target-form", **{"aria-labelledby": head})
        for parts, head in ((form, "target-form-head"), (back, "target-retract-head"))
    ]


def _field(key: str, label: str, *, required: bool = True) -> Component:
    return dmc.TextInput(
        id=key, label=label, required=required, value="", inputProps={"maxLength": LONGEST, "autoComplete": "off"}
    )
