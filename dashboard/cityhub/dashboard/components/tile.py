"""A KPI in small: the row on a field's card and the tile on its page. One component per state of the number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard import formats
from cityhub.dashboard.components.beside import beside
from cityhub.dashboard.components.chart import Series
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.marks import (
    label_mark,
    nothing_yet,
    simulation_mark,
    spoken_name,
    status_mark,
    target_words,
    trend_mark,
)
from cityhub.dashboard.components.sparkline import sparkline
from cityhub.dashboard.components.state import health_line, overdue_short, short_state_line
from cityhub.dashboard.facts import KpiFacts
from cityhub.dashboard.tables import missing_words
from cityhub.dashboard.texts import Lang
from cityhub.kpi.attainment import Status, is_reliable
from cityhub.kpi.health.source import Cause
from cityhub.kpi.values import KpiValue

_SHORT_UNIT = 4
"""Characters of a unit that is written as large as its number."""


def lead_row(facts: KpiFacts, now: datetime, lang: Lang) -> Component:
    """Name, value, status and period of one KPI in three short lines; the whole row is one link."""
    key, value = f"lead-{facts.definition.id}", facts.shown
    overdue = overdue_short(facts.freshness, now, lang)
    return link(
        [
            html.Span(facts.definition.name.get(lang), className="lead-name"),
            html.Span(_number(facts, lang, key), className="lead-figure"),
            html.Span(status_mark(facts.status, lang), id=f"{key}-status", className="lead-status"),
            html.Span(
                [_period(facts, now, lang), " ", label_mark(facts, value, lang, brief=True) if value else None],
                className="lead-period",
                id=f"{key}-label",
            ),
            html.Span(
                [overdue, simulation_mark(lang) if facts.synthetic else None], className="lead-marks", id=f"{key}-marks"
            ),
        ],
        href=f"/kpi/{facts.definition.id}",
        id=key,
        className="lead",
        **{"aria-label": spoken_name(facts, lang, _period(facts, now, lang))},
    )


def tile(facts: KpiFacts, history: Series) -> Component:
    """The KPI as a tile: value, period, status, what stands beside, trend, sparkline, data state."""
    definition, now, lang, value = facts.definition, history.now, history.lang, facts.shown
    key = f"tile-{definition.id}"
    head = [
        html.Span(definition.name.get(lang), className="lead-name"),
        html.Span(status_mark(facts.status, lang), id=f"{key}-status"),
    ]
    foot = [
        short_state_line(facts.freshness, now, lang, id=f"{key}-state"),
        simulation_mark(lang) if facts.synthetic else None,
    ]
    trend = _trend(facts, lang)
    line = sparkline(history) if facts.status is not Status.UNRELIABLE else None
    by_coverage = facts.health.cause is Cause.COVERAGE  # stands beside the number
    trouble = None if by_coverage else health_line(facts, lang, id=f"{key}-health")
    return link(
        [
            html.Span(head, className="tile-head"),
            html.Span(_figure(facts, now, lang, key), className="lead-figure"),
            beside(definition, value, lang, f"{key}-beside") if value and not value.suppressed else None,
            html.Span([_target(facts, lang), trend], className="lead-marks", id=f"{key}-trend"),
            trouble,
            html.Span(line, id=f"{key}-sparkline"),
            html.Span(foot, className="tile-foot"),
        ],
        href=f"/kpi/{definition.id}",
        id=key,
        className="card tile",
        **{"aria-label": spoken_name(facts, lang, _period(facts, now, lang))},
    )


def _period(facts: KpiFacts, now: datetime, lang: Lang) -> str:
    value = facts.shown
    return formats.period(value.window, value.start, value.end, now, lang) if value else ""


def _figure(facts: KpiFacts, now: datetime, lang: Lang, key: str) -> Sequence[Component | None]:
    """The number with its period, and how settled it is."""
    value = facts.shown
    if value is None:
        return [_number(facts, lang, key)]
    return [
        _number(facts, lang, key),
        html.Span(_period(facts, now, lang), className="period"),
        html.Span(label_mark(facts, value, lang, brief=True), id=f"{key}-label"),
    ]


def _number(facts: KpiFacts, lang: Lang, key: str) -> Component:
    """The number; without one the words that say so, never a 0."""
    value = facts.shown
    if value is None:
        return html.Span(nothing_yet(facts.definition, lang), className="no-data")
    if value.value is None:
        return html.Span(value_words(value, lang), className="no-data", id=f"{key}-value")
    return html.Span(value_parts(value, lang), className=f"figure{doubt(value)}", id=f"{key}-value")


def _trend(facts: KpiFacts, lang: Lang) -> Component | None:
    definition = facts.definition
    return trend_mark(facts.trend, definition.unit, definition.default_window, lang) if facts.trend else None


def _target(facts: KpiFacts, lang: Lang) -> Component | None:
    held = facts.target.target if facts.target else None
    return html.Span(target_words(held, facts.definition.unit, lang)) if held else None


def doubt(value: KpiValue) -> str:
    """The class that greys a number nobody should rely on."""
    return "" if is_reliable(value) else " unreliable"


def value_words(value: KpiValue, lang: Lang) -> str:
    """The number with its unit, `unbekannt`, or that it is withheld."""
    return missing_words(value, lang) if value.value is None else formats.quantity(value.value, value.unit, lang)


def value_parts(value: KpiValue, lang: Lang) -> Sequence[Component | str]:
    """The same, a long unit as words beside the number."""
    words = value_words(value, lang)
    number, _, unit = words.partition(formats.NBSP)
    return [number, html.Span(f" {unit}", className="unit")] if len(unit) > _SHORT_UNIT else [words]
