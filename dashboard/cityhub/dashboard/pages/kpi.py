"""One KPI: the story on the left, whether to believe it on the right."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component
from msgspec import structs

from cityhub.dashboard import formats
from cityhub.dashboard.address import KpiPage, TargetPage
from cityhub.dashboard.components.beside import beside
from cityhub.dashboard.components.breadcrumb import breadcrumb
from cityhub.dashboard.components.chart import Series, chart
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.marks import (
    icon,
    label_mark,
    nothing_yet,
    simulation_mark,
    status_mark,
    target_words,
    trend_mark,
)
from cityhub.dashboard.components.named import named_rows
from cityhub.dashboard.components.past import past_card
from cityhub.dashboard.components.print_foot import print_foot
from cityhub.dashboard.components.proof import proof_card
from cityhub.dashboard.components.state import simulation_banner
from cityhub.dashboard.components.table import data_table
from cityhub.dashboard.components.tile import doubt, value_words
from cityhub.dashboard.components.trust import trust_column
from cityhub.dashboard.dimension_names import dimension_name
from cityhub.dashboard.facts import KpiFacts, read_facts
from cityhub.dashboard.pages.boroughs import boroughs_part
from cityhub.dashboard.pages.field import facts_of
from cityhub.dashboard.pages.lamps import lamps_part
from cityhub.dashboard.pages.series import SPANS, series_in, spans_of
from cityhub.dashboard.place_tables import borough_table, borough_values, comparison_table
from cityhub.dashboard.screen_texts import S
from cityhub.dashboard.tables import Table, capital, dimension_table, series_table
from cityhub.dashboard.texts import T, t
from cityhub.dashboard.view import View
from cityhub.kpi.attainment import STEP_POINTS, STEP_SHARE, is_reliable
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.reader import anchor_of
from cityhub.kpi.values import KpiValue


def kpi_page(view: View, page: KpiPage, definition: KpiDefinition) -> Component:
    """Draw one KPI for a viewer who may see it."""
    lang = view.lang
    facts = read_facts(view, definition)
    field = next((field for field in view.reader.catalogue.fields if field.id == definition.field), None)
    whole = view.find(definition.value_of) if definition.value_of else None
    return html.Div(
        [
            simulation_banner(lang) if facts.synthetic else None,
            breadcrumb(lang, field, t(lang, T.KPI_KIND, id=definition.id), whole),
            html.Div(
                [
                    html.Div(_left(view, page, facts), className="story"),
                    trust_column(facts, view.now, lang),
                ],
                className="kpi-columns",
            ),
            print_foot(view, facts),
        ],
        className="kpi-page",
    )


def _left(view: View, page: KpiPage, facts: KpiFacts) -> Sequence[Component | None]:
    """The story: the number, its course, what it is held against, and how it is proved."""
    lang, definition = view.lang, facts.definition
    series = series_in(view, definition, page.span)
    further = [one for one in view.reader.catalogue.values_of(definition.id) if view.find(one.id)]
    tables = [
        comparison_table(view, facts),
        series_table(view, facts, series.windows, page.series),
        lines_of(view, page, facts),
    ]
    choices = [None, None, _splits(view, page, facts)]
    compared, numbers, lines = [
        data_table(one, page, lang, beside) if one and one.rows else None
        for one, beside in zip(tables, choices, strict=True)
    ]
    return [
        _story(view, facts),
        named_rows(view, list(facts_of(view, further).values())) if further else None,
        lamps_part(view, page, facts),
        _series(page, series),
        compared,
        past_card(view, page, facts),
        boroughs_part(view, facts, page, page.boroughs),
        proof_card(view, definition, facts.shown),
        numbers,
        lines,
    ]


def series_of(view: View, page: KpiPage, facts: KpiFacts) -> Table:
    """The table twin of the chart."""
    return series_table(view, facts, series_in(view, facts.definition, page.span).windows, page.series)


def comparison_of(view: View, _: KpiPage, facts: KpiFacts) -> Table | None:
    """The shown number beside those of other periods."""
    return comparison_table(view, facts)


def boroughs_of(view: View, page: KpiPage, facts: KpiFacts) -> Table | None:
    """The shown number by borough; None where there is none."""
    values = borough_values(view, facts)
    return borough_table(view, facts, values, page.boroughs) if values else None


def lines_of(view: View, page: KpiPage, facts: KpiFacts) -> Table | None:
    """The shown window split by the KPI's dimensions; None where there is nothing to split."""
    shown, dimension = facts.shown, split_of(page, facts.definition)
    if shown is None or dimension is None:
        return None
    values = view.reader.breakdown(shown.kpi_id, shown.window, anchor_of(shown), dimension)
    return dimension_table(view, facts, values, page.lines, dimension) if values else None


def split_of(page: KpiPage, definition: KpiDefinition) -> str | None:
    """The dimension that the page splits the number by; None where it has none."""
    return page.by if page.by in definition.dimensions else next(iter(definition.dimensions), None)


def _splits(view: View, page: KpiPage, facts: KpiFacts) -> Component | None:
    """The dimensions to choose from, where there are several."""
    lang, definition = view.lang, facts.definition
    if len(definition.dimensions) < 2:  # noqa: PLR2004
        return None
    choices = [
        link(
            capital(dimension_name(definition, one, lang)),
            f"{page.path}?{structs.replace(page, by=one).query}",
            id=f"split-{one}",
            className="choice",
            **{"aria-current": str(one == split_of(page, definition)).lower()},
        )
        for one in definition.dimensions
    ]
    return html.Nav(choices, className="switch choices", **{"aria-label": t(lang, S.SPLIT_BY)})


def _story(view: View, facts: KpiFacts) -> Component:
    lang, definition = view.lang, facts.definition
    return html.Section(
        [
            html.H1(definition.name.get(lang), id="headline", tabIndex="-1"),
            html.P(definition.question.get(lang), className="question"),
            html.P(definition.sentence.get(lang), className="sentence"),
            html.Div([_headline(view, facts), _running(view, facts)], className="figures"),
            *_comparison(view, facts),
        ],
        className="card",
    )


def _headline(view: View, facts: KpiFacts) -> Component:
    lang, value = view.lang, facts.shown
    if value is None:
        return html.P(
            [icon(facts.status), nothing_yet(facts.definition, lang)], id="kpi-value", className="status status-no-data"
        )
    return html.Div(
        [
            html.P(_period(view, value), className="period", id="kpi-period"),
            html.P(value_words(value, lang), id="kpi-value", className=f"figure-large{doubt(value)}"),
            html.P(
                [
                    html.Span(status_mark(facts.status, lang), id="kpi-status"),
                    _target(view, facts),
                    label_mark(facts, value, lang, id="kpi-label"),
                    simulation_mark(lang) if value.synthetic else None,
                    beside(facts.definition, value, lang, "kpi-beside"),
                ],
                className="marks",
            ),
        ],
        className="headline-figure",
    )


def _running(view: View, facts: KpiFacts) -> Component | None:
    """The window that is not over: it moves while one looks."""
    lang, running = view.lang, facts.running
    if running is None or facts.value is None:
        return None
    marks = [
        label_mark(facts, running, lang, id="kpi-running-label"),
        beside(facts.definition, running, lang, "kpi-running-beside"),
    ]
    return html.Div(
        [
            html.P(_period(view, running), className="period"),
            html.P(value_words(running, lang), id="kpi-running", className=f"figure-medium{doubt(running)}"),
            html.P(marks, className="marks"),
        ],
        className="running-figure",
    )


def _target(view: View, facts: KpiFacts) -> Component:
    """The target of the shown window, and the way to all of them."""
    lang, definition, held = view.lang, facts.definition, facts.target
    words: str | Component = t(lang, T.TARGETS)
    if held and held.target:
        source = f"{held.target.source}, {formats.day(held.target.since, lang)}"
        words = html.Span(target_words(held.target, definition.unit, lang), title=source)
    return link(words, TargetPage(definition.id).path, id="kpi-target")


def _comparison(view: View, facts: KpiFacts) -> Sequence[Component]:
    lang, value, trend = view.lang, facts.value, facts.trend
    if value is None or value.value is None or not is_reliable(value):
        return []
    if trend is None:
        return [html.P(t(lang, T.NO_COMPARISON), id="kpi-trend", className="comparison")]
    points = formats.difference(STEP_POINTS, value.unit, lang).removeprefix("+")
    rule = t(lang, T.TREND_RULE, step=points if value.unit == "%" else formats.percent(STEP_SHARE, lang))
    return [
        html.P(
            [trend_mark(trend, value.unit, value.window, lang), " ", html.Small(rule)],
            id="kpi-trend",
            className="comparison",
        )
    ]


def _series(page: KpiPage, series: Series) -> Component:
    lang, offered = series.lang, spans_of(series.definition)
    shown = page.span or offered[0]
    choices = [
        link(
            t(lang, SPANS[span][2]),
            f"{page.path}?{structs.replace(page, span=span).query}",
            id=f"span-{span}",
            className="choice",
            **{"aria-current": str(span == shown).lower()},
        )
        for span in offered
    ]
    return html.Section(
        [
            html.Div(
                [html.H2(t(lang, T.SERIES)), html.Nav(choices, className="switch", **{"aria-label": t(lang, T.SPAN)})],
                className="section-head",
            ),
            chart(series),
        ],
        className="card",
    )


def _period(view: View, value: KpiValue) -> str:
    return formats.period(value.window, value.start, value.end, view.now, view.lang)
