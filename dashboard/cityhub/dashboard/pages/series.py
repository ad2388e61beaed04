"""The spans a series can be looked at, and reading one."""

from __future__ import annotations

from cityhub.dashboard.address import Span
from cityhub.dashboard.components.chart import Series
from cityhub.dashboard.facts import read_series
from cityhub.dashboard.texts import T, t
from cityhub.dashboard.view import View
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.values import WindowKind

SPANS: dict[Span, tuple[WindowKind, int, T]] = {
    "48h": (WindowKind.HOUR, 48, T.SPAN_48H),
    "14d": (WindowKind.DAY, 14, T.SPAN_14D),
    "30d": (WindowKind.DAY, 30, T.SPAN_30D),
}


def series_in(view: View, definition: KpiDefinition, span: Span) -> Series:
    """The windows of a span up to now."""
    kind, count, words = SPANS[span]
    return Series(
        definition=definition,
        kind=kind,
        windows=read_series(view, definition, kind, count),
        span=t(view.lang, words),
        now=view.now,
        lang=view.lang,
        theme=view.theme,
    )
