"""The data state of a number or source, and messages that stand in for a page."""

from __future__ import annotations

from datetime import datetime

import dash_mantine_components as dmc
import structlog
from dash import html
from dash.development.base_component import Component

from cityhub.dashboard import formats
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.marks import icon
from cityhub.dashboard.facts import KpiFacts
from cityhub.dashboard.freshness import Freshness
from cityhub.dashboard.texts import Lang, T, Wording, t
from cityhub.kpi.health.sentence import sentence
from cityhub.kpi.health.source import State
from cityhub.kpi.naming import partner_name

_log = structlog.get_logger()
_SIGNS = {State.DEGRADED: "warning", State.WITHHELD: "withheld"}


def overdue_words(state: Freshness, now: datetime, lang: Lang) -> str | None:
    """`überfällig seit 14:05 Uhr (12 Minuten)`, or None."""
    if state.overdue_since is None:
        return None
    age = formats.age(now - state.overdue_since, lang)
    return t(lang, T.OVERDUE, time=formats.moment_near(state.overdue_since, now, lang), age=age)


def data_state_line(state: Freshness, now: datetime, lang: Lang, **attributes: str) -> Component:
    """`Datenstand: … · Quelle: DVV · erwartet alle 30 s`, and a warning when overdue."""
    words = [
        t(lang, T.DATA_STATE, time=formats.date_and_clock(state.as_of, lang))
        if state.as_of
        else t(lang, T.DATA_STATE_NONE),
        t(lang, T.SOURCE, partner=partner_name(state.partner, lang)),
        t(lang, T.EXPECTED, every=formats.every(state.every_s, lang)),
    ]
    overdue = overdue_words(state, now, lang)
    return _line(words, html.Span([icon("warning"), overdue], className="overdue") if overdue else None, attributes)


def short_state_line(state: Freshness, now: datetime, lang: Lang, **attributes: str) -> Component:
    """`Stand 14:05 Uhr · DVV · alle 30 s`, as it fits into a tile."""
    partner, every = partner_name(state.partner, lang), formats.every(state.every_s, lang)
    if state.as_of is None:
        return _line([t(lang, T.EXPECTED_FROM, partner=partner, every=every)], None, attributes)
    moment = formats.moment_near(state.as_of, now, lang)
    return _line([t(lang, T.SHORT_STATE, time=moment), partner, every], overdue_short(state, now, lang), attributes)


def overdue_short(state: Freshness, now: datetime, lang: Lang) -> Component | None:
    """`überfällig seit 2 Stunden`, or None."""
    if state.overdue_since is None:
        return None
    words = t(lang, T.OVERDUE_SHORT, age=formats.age(now - state.overdue_since, lang))
    return html.Span([icon("warning"), words], className="overdue")


def health_line(facts: KpiFacts, lang: Lang, **attributes: str) -> Component | None:
    """Why a KPI is not to be relied on, in a sentence; None while it is, and where it has no value at all."""
    state = facts.health.state
    if facts.shown is None or state is State.GOOD:
        return None
    words = [icon(_SIGNS.get(state, "unreliable")), sentence(facts.health, lang)]
    return html.Span(words, className=f"health health-{state}", **attributes)


def simulation_banner(lang: Lang) -> Component:
    """One quiet line above everything."""
    return html.P([icon("simulation"), t(lang, T.SIMULATION_BANNER)], className="banner")


def message(title: Wording, text: Wording, lang: Lang) -> Component:
    """A page that says why there is nothing else to see, and where to go."""
    return html.Div(
        [
            html.H1(t(lang, title), id="headline", tabIndex="-1"),
            dmc.Alert(t(lang, text), variant="outline", color="gray", className="message", icon=icon("warning")),
            html.P(link(t(lang, T.HOME), href="/")),
        ],
        className="prose",
    )


def unreadable_part(words: Wording, error: Exception, lang: Lang) -> Component:
    """A line in place of a part of a page that cannot be read now; what was wrong inside goes to the log."""
    _log.warning("part_unreadable", part=words.name, error=str(error))
    return html.P([icon("warning"), t(lang, words)], role="alert", className="trouble")


def _line(words: list[str], overdue: Component | None, attributes: dict[str, str]) -> Component:
    return html.P(
        [" · ".join(words), overdue] if overdue else [" · ".join(words)], className="data-state", **attributes
    )
