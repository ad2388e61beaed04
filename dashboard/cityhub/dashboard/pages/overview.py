"""The overview: what changed, the seven fields, the partners' data state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard import formats
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.marks import STATUS_WORD, icon, trend_words
from cityhub.dashboard.components.state import short_state_line, simulation_banner
from cityhub.dashboard.components.tile import lead_row, value_words
from cityhub.dashboard.facts import KpiFacts, read_facts
from cityhub.dashboard.freshness import Freshness, as_of, feed_of
from cityhub.dashboard.judgement import Direction, Status, steps_of
from cityhub.dashboard.texts import Lang, T, t
from cityhub.dashboard.view import View
from cityhub.kpi.fields import ActionField

LEADS = 2
CHANGES = 3


def overview_page(view: View) -> Component:
    """Draw the overview for a viewer."""
    lang = view.lang
    facts = {definition.id: read_facts(view, definition) for definition in view.visible()}
    return html.Div(
        [
            simulation_banner(lang) if any(known.synthetic for known in facts.values()) else None,
            html.H1(t(lang, T.HOME), id="headline", tabIndex="-1", className="hidden"),
            _changes(view, list(facts.values())),
            html.H2(t(lang, T.FIELDS), className="hidden"),
            html.Div(
                [
                    *(
                        _card(view, field, [facts[item.id] for item in view.visible(field.id)])
                        for field in view.reader.catalogue.fields
                    ),
                    _partners(view),
                ],
                className="fields",
            ),
        ],
        className="overview",
    )


def _changes(view: View, facts: Sequence[KpiFacts]) -> Component:
    """The largest differences between the last two complete periods, in words."""
    lang = view.lang
    compared = sorted((item for item in facts if item.trend), key=lambda item: -steps_of(item.value, item.trend))
    moved = [item for item in compared if item.trend and item.trend.direction is not Direction.FLAT]
    parts = [_change(view, item) for item in (moved or compared)[:CHANGES]]
    return html.P(
        [html.B(t(lang, T.CHANGED)), " ", " · ".join(parts) if parts else t(lang, T.CHANGED_UNKNOWN)],
        id="changes",
        className="changes",
    )


def _change(view: View, facts: KpiFacts) -> str:
    lang, value, trend = view.lang, facts.value, facts.trend
    if value is None or trend is None:
        return ""
    return t(
        lang,
        T.CHANGED_ITEM,
        name=facts.definition.name.get(lang),
        value=value_words(value, lang),
        period=formats.period(value.window, value.start, value.end, view.now, lang),
        change=trend_words(trend, value.unit, value.window, lang),
    )


def _card(view: View, field: ActionField, facts: Sequence[KpiFacts]) -> Component:
    lang = view.lang
    heading = html.H3([icon(field.icon), link(field.name.get(lang), f"/field/{field.id}")], className="field-name")
    if not facts:
        body = [html.P([icon(Status.NO_DATA), t(lang, T.NO_DATA_YET)], className="status status-no-data")]
    else:
        body = [
            html.P(_counts(facts, lang), className="counts", id=f"field-{field.id}-counts"),
            *(lead_row(item, view.now, lang) for item in facts[:LEADS]),
        ]
    return html.Section([heading, *body], className="card field", id=f"field-{field.id}")


def _counts(facts: Sequence[KpiFacts], lang: Lang) -> str:
    """`2 Kennzahlen: 1 im Ziel, 1 ohne Ziel`."""
    total = t(lang, T.KPIS_ONE) if len(facts) == 1 else t(lang, T.KPIS_MANY, n=len(facts))
    counts = Counter(item.status for item in facts)
    return f"{total}: " + ", ".join(
        f"{counts[status]} {t(lang, word)}" for status, word in STATUS_WORD.items() if counts[status]
    )


def _partners(view: View) -> Component:
    """How fresh each source is, in one short line each."""
    lang, now = view.lang, view.now
    states = []
    for stream in view.streams:
        feed = feed_of(stream.topic, view.feeds)
        if feed:
            states.append(Freshness.of(stream.partner, as_of(stream, feed), feed.interval_s, now))
    lines = [short_state_line(state, now, lang) for state in states]
    return html.Section(
        [
            html.H3(link(t(lang, T.PARTNERS_STATE), "/data"), className="partners-name"),
            html.Div(lines or html.P(t(lang, T.NO_PARTNER_YET), className="empty"), id="partners-state"),
        ],
        className="partners",
        id="partners",
    )
