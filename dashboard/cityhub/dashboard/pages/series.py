"""The spans a series can be looked at, and reading one."""

from __future__ import annotations

from collections.abc import Sequence

from cityhub.dashboard.address import Span
from cityhub.dashboard.components.chart import Series
from cityhub.dashboard.facts import KpiFacts, read_series, windows_of
from cityhub.dashboard.texts import T, t
from cityhub.dashboard.view import View
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.values import WindowKind

SPANS: dict[Span, tuple[WindowKind, int, T]] = {
    "60min": (WindowKind.MINUTE, 60, T.SPAN_60MIN),
    "6h": (WindowKind.FIVE_MINUTES, 72, T.SPAN_6H),
    "24h": (WindowKind.QUARTER_HOUR, 96, T.SPAN_24H),
    "48h": (WindowKind.HOUR, 48, T.SPAN_48H),
    "14n": (WindowKind.NIGHT, 14, T.SPAN_14N),
    "30n": (WindowKind.NIGHT, 30, T.SPAN_30N),
    "14d": (WindowKind.DAY, 14, T.SPAN_14D),
    "30d": (WindowKind.DAY, 30, T.SPAN_30D),
    "7d": (WindowKind.SEVEN_DAYS, 30, T.SPAN_7D),
    "12w": (WindowKind.WEEK, 12, T.SPAN_12W),
    "12m": (WindowKind.MONTH, 12, T.SPAN_12M),
    "ytd": (WindowKind.YEAR_TO_DATE, 90, T.SPAN_YTD),
    "5y": (WindowKind.YEAR, 5, T.SPAN_5Y),
    "5s": (WindowKind.SCHOOL_YEAR, 5, T.SPAN_5S),
}
"""Kind of window, how many of them up to now, and what the span is called; from the finest to the longest."""


def spans_of(definition: KpiDefinition) -> Sequence[Span]:
    """What a KPI's chart offers; at least one."""
    return [span for span, (kind, _, _) in SPANS.items() if kind in definition.windows]


def span_of_tile(definition: KpiDefinition) -> Span:
    """What a tile's sparkline shows: windows of the kind that the tile's number has."""
    return next(span for span, (kind, _, _) in SPANS.items() if kind is definition.default_window)


def series_in(view: View, definition: KpiDefinition, span: Span | None = None) -> Series:
    """The windows of a span up to now; without one the first that the KPI offers."""
    kind, count, words = SPANS[span or spans_of(definition)[0]]
    return Series(
        definition=definition,
        kind=kind,
        windows=read_series(view, definition, kind, count),
        span=t(view.lang, words),
        now=view.now,
        lang=view.lang,
        theme=view.theme,
        decisions=view.reader.decisions(definition.id),
        targets=view.targets[definition.id],
    )


def series_over(view: View, facts: KpiFacts) -> Series:
    """What a tile's line shows, from the recent windows that were read already."""
    kind, count, words = SPANS[span_of_tile(facts.definition)]
    return Series(
        definition=facts.definition,
        kind=kind,
        windows=windows_of(facts.recent, kind, view.now, count),
        span=t(view.lang, words),
        now=view.now,
        lang=view.lang,
        theme=view.theme,
    )
