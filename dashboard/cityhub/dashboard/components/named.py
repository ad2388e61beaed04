"""Further values of a KPI that have a measure of their own: a short row each."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard import formats
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.marks import (
    label_mark,
    nothing_yet,
    simulation_mark,
    spoken_name,
    status_mark,
    trend_mark,
)
from cityhub.dashboard.components.sparkline import sparkline
from cityhub.dashboard.components.tile import doubt, value_parts
from cityhub.dashboard.facts import KpiFacts
from cityhub.dashboard.pages.series import series_over
from cityhub.dashboard.screen_texts import S
from cityhub.dashboard.texts import t
from cityhub.dashboard.view import View
from cityhub.kpi.attainment import Status


def named_rows(view: View, facts: Sequence[KpiFacts]) -> Component | None:
    """The rows under their heading; None where there are none."""
    if not facts:
        return None
    return html.Section(
        [
            html.H2(t(view.lang, S.FURTHER_VALUES), id="named-title"),
            html.Ul([html.Li(_row(view, one)) for one in facts], className="named"),
        ],
        className="card",
        **{"aria-labelledby": "named-title"},
    )


def _row(view: View, facts: KpiFacts) -> Component:
    lang, definition, value = view.lang, facts.definition, facts.shown
    key = f"named-{definition.id}"
    period = formats.period(value.window, value.start, value.end, view.now, lang) if value else ""
    shown = "no-data" if value and value.value is None else "named-value"
    number = (
        [
            html.Span(value_parts(value, lang), className=f"{shown}{doubt(value)}"),
            html.Span(period, className="period"),
        ]
        if value
        else [html.Span(nothing_yet(definition, lang), className="no-data")]
    )
    marks = [
        status_mark(facts.status, lang) if facts.status is not Status.NO_TARGET else None,
        trend_mark(facts.trend, definition.unit, definition.default_window, lang) if facts.trend else None,
        label_mark(facts, value, lang, brief=True) if value else None,
        simulation_mark(lang) if facts.synthetic else None,
    ]
    return link(
        [
            html.Span(definition.name.get(lang), className="lead-name"),
            html.Span(number, className="named-figure", id=f"{key}-figure"),
            html.Span(sparkline(series_over(view, facts)), className="named-line", id=f"{key}-line"),
            html.Span(marks, className="lead-marks", id=f"{key}-marks"),
        ],
        href=f"/kpi/{definition.id}",
        id=key,
        className="named-row",
        **{"aria-label": spoken_name(facts, lang, period)},
    )
