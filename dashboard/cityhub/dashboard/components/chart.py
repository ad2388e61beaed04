"""A series as a picture: gaps stay gaps, what is provisional is dashed, the last point is marked and named."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component
from msgspec import Struct
from plotly import graph_objects as go

from cityhub.dashboard import formats, units
from cityhub.dashboard.facts import Window
from cityhub.dashboard.preferences import Theme
from cityhub.dashboard.proof_texts import P
from cityhub.dashboard.texts import Lang, T, t
from cityhub.dashboard.tokens import PALETTES, plotly_template
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.kernel.windows import berlin
from cityhub.kpi.targets import TargetRecord, bounds, last_day, target_at
from cityhub.kpi.values import Decision, Label, WindowKind

HEIGHT_REM = 18
CONFIG = {"displayModeBar": False, "displaylogo": False, "responsive": True, "showSendToCloud": False}
"""No mode bar: its „Share chart“ button would send the chart to another company."""
_TICK_HOURS = 12
_DATES = 4
"""Ticks of an axis: a phone has no room for more."""
_LONGEST_SUFFIX = 4
_WHOLE = 100.0
_LEAST_POINTS = 10.0
"""An axis of percentages shows at least so many points: a smaller range would blow up noise."""


class Series(Struct, frozen=True, kw_only=True):
    """What is drawn, for whom and when.

    Attributes:
        windows: without gaps, oldest first; at least one.
        span: the period in words, such as `48 Stunden`.
        targets: all records of the KPI.
        decisions: on versions of the definition; where another one begins to count, the series breaks.
    """

    definition: KpiDefinition
    kind: WindowKind
    windows: Sequence[Window]
    span: str
    now: datetime
    lang: Lang
    theme: Theme
    decisions: Sequence[Decision] = ()
    targets: Sequence[TargetRecord] = ()

    @property
    def breaks(self) -> dict[int, int]:
        """Version that began to count, or whose values begin, by the position of the window."""
        begun = {one.active: one.version for one in self.decisions if one.active is not None}
        found = {
            next(at for at, window in enumerate(self.windows) if active < window.end): version
            for active, version in begun.items()
            if self.windows[0].start <= active < self.windows[-1].end
        }
        counted = [(at, window.value.definition_version) for at, window in enumerate(self.windows) if window.value]
        return found | {at: version for (_, before), (at, version) in pairwise(counted) if before != version}

    @property
    def limits(self) -> list[list[float | None]]:
        """Lower and upper limit of the target at each window's end, as far as there are any.

        Only for windows of the default kind: a sum of a day is held against no target of a year.
        """
        if self.kind is not self.definition.default_window:
            return []
        held = [target_at(self.targets, last_day(window.end)) for window in self.windows]
        goals = [one.target if one else None for one in held]
        pairs = [bounds(goal, self.definition.direction) if goal else (None, None) for goal in goals]
        sides = [[None if limit is None else float(limit) for limit in side] for side in zip(*pairs, strict=True)]
        return [side for side in sides if any(limit is not None for limit in side)]

    @property
    def numbers(self) -> list[float | None]:
        """The values; None where nothing is known."""
        return [window.value.value if window.value else None for window in self.windows]

    @property
    def known(self) -> list[tuple[int, float]]:
        """The known values with their positions."""
        return [(at, number) for at, number in enumerate(self.numbers) if number is not None]

    @property
    def provisional(self) -> list[bool]:
        """Which windows may still change."""
        return [bool(window.value and window.value.label is Label.PROVISIONAL) for window in self.windows]

    @property
    def settled(self) -> list[float | None]:
        """What is drawn solid."""
        return [None if open_ else number for open_, number in zip(self.provisional, self.numbers, strict=True)]

    @property
    def dashed(self) -> list[float | None]:
        """Provisional values, and the settled one right before them, so that the dashes join the line."""
        wanted = self.provisional
        joined = [here or following for here, following in zip(wanted, [*wanted[1:], False], strict=True)]
        return [number if shown else None for shown, number in zip(joined, self.numbers, strict=True)]

    def name(self, at: int) -> str:
        """What a reader calls a window."""
        window = self.windows[at]
        return formats.period(self.kind, window.start, window.end, self.now, self.lang)

    def words(self, number: float | None) -> str:
        """A value with its unit."""
        if number is None:
            return t(self.lang, T.NO_DATA)
        return formats.quantity(number, self.definition.unit, self.lang)


def chart(series: Series) -> Component:
    """The picture with its sentence; the table twin stands beside it on the page."""
    if not series.known:
        return html.P(t(series.lang, T.SERIES_EMPTY), className="empty")
    graph = dcc.Graph(id="series-chart", figure=figure(series), config=CONFIG, style={"height": f"{HEIGHT_REM}rem"})
    return html.Figure(
        [
            html.Div(graph, role="img", **{"aria-labelledby": "series-sentence"}),
            html.Figcaption(sentence(series), id="series-sentence"),
        ],
        className="series",
    )


def figure(series: Series) -> go.Figure:
    """The picture. Windows stand at equal distances, so that clock changes neither stretch nor fold the line."""
    palette, numbers = PALETTES[series.theme], series.numbers
    names = [f"{series.name(at)}: {series.words(number)}" for at, number in enumerate(numbers)]
    drawn = go.Figure(layout={"template": plotly_template(series.theme)})
    for dash, part in (("solid", series.settled), ("4px,3px", series.dashed)):
        drawn.add_scatter(
            x=list(range(len(part))),
            y=part,
            mode="lines+markers",
            line={"color": palette.ink, "width": 2, "dash": dash},
            marker={"color": palette.ink, "size": _dots(part), "opacity": 1},
            customdata=names,
            hovertemplate="%{customdata}<extra></extra>",
        )
    at, last = series.known[-1]
    drawn.add_scatter(
        x=[at], y=[last], mode="markers", marker={"color": palette.ink, "size": 9}, hoverinfo="skip", cliponaxis=False
    )
    drawn.add_annotation(
        x=at,
        y=last,
        text=f"<b>{series.words(last)}</b>",
        showarrow=False,
        xshift=8,
        xanchor="left",
        bgcolor=palette.surface,
    )
    _draw_limits(drawn, series)
    _mark_breaks(drawn, series)
    drawn.update_xaxes(**_ticks(series), range=[-0.5, len(numbers) - 0.5])
    drawn.update_yaxes(ticksuffix=_suffix(series), nticks=5, **_range(series))
    drawn.update_layout(separators=".," if series.lang == "en" else ",.")
    return drawn


def _draw_limits(drawn: go.Figure, series: Series) -> None:
    """The target as thin lines, stepping where another one began to hold."""
    line = {"color": PALETTES[series.theme].muted, "width": 1, "shape": "hvh"}
    for limit in series.limits:
        drawn.add_scatter(x=list(range(len(limit))), y=limit, mode="lines", line=line, hoverinfo="skip")


def _mark_breaks(drawn: go.Figure, series: Series) -> None:
    """A thin rule before the first window of another version."""
    muted, middle = PALETTES[series.theme].muted, len(series.windows) / 2
    for at, version in series.breaks.items():
        drawn.add_vline(
            x=at - 0.5,
            line={"color": muted, "width": 1, "dash": "dot"},
            annotation={"text": t(series.lang, P.BREAK, version=version), "font": {"color": muted}},
            annotation_position="top left" if at > middle else "top right",
        )


def sentence(series: Series) -> str:
    """The picture in words, for everybody and for screen readers."""
    points = {
        "last": series.known[-1],
        "high": max(series.known, key=lambda point: point[1]),
        "low": min(series.known, key=lambda point: point[1]),
    }
    parts = {name: series.words(number) for name, (_, number) in points.items()}
    parts |= {f"{name}_at": series.name(at) for name, (at, _) in points.items()}
    name = series.definition.name.get(series.lang)
    text = [t(series.lang, T.SERIES_SENTENCE, name=name, span=series.span, **parts)]
    total, missing = len(series.windows), len(series.windows) - len(series.known)
    if missing:
        text.append(t(series.lang, T.SERIES_GAPS, n=missing, total=total))
    if any(series.provisional):
        text.append(t(series.lang, T.SERIES_DASHED))
    for at, version in series.breaks.items():
        text.append(t(series.lang, P.BREAK_SENTENCE, version=version, window=series.name(at)))
    return " ".join(text)


def _dots(part: Sequence[float | None]) -> list[int]:
    """A value between two gaps would be no line at all: it becomes a dot."""
    around = [None, *part, None]
    return [5 if around[at] is None and around[at + 2] is None else 0 for at in range(len(part))]


def _suffix(series: Series) -> str:
    """The unit beside every tick, where it is short."""
    sign = units.sign(series.definition.unit, series.lang)
    if len(sign) > _LONGEST_SUFFIX or not sign:
        return ""
    return sign if sign == "%" and series.lang == "en" else formats.NBSP + sign


def _range(series: Series) -> dict[str, Any]:
    """Shares zoom in on what happened, but not on noise; small ones and everything else start at 0."""
    numbers = [number for _, number in series.known]
    low, high = min(numbers), max(numbers)
    if series.definition.unit != "%" or high < _LEAST_POINTS:
        return {"rangemode": "tozero"}
    spare = max(_LEAST_POINTS - (high - low), 0.0) / 2 + 1.0
    return {"range": [max(low - spare, -1.0), high + spare if high > _WHOLE else min(high + spare, 101.0)]}


def _ticks(series: Series) -> dict[str, Any]:
    """Noon and, as a date, midnight; of other windows a handful. Made here, as Plotly writes no German."""
    last = len(series.windows) - 1
    every = max(1, round(len(series.windows) / _DATES))
    marks: dict[int, str] = {}
    for at, window in enumerate(series.windows):
        if series.kind is not WindowKind.HOUR:
            if (last - at) % every == 0:
                marks[at] = formats.mark(series.kind, window.start, window.end, series.lang)
            continue
        hour = window.start.astimezone(berlin()).hour
        if hour % _TICK_HOURS == 0:
            date = formats.short_date(window.start, series.lang).replace(" ", "<br>", 1)
            marks[at] = formats.clock(window.start, series.lang) if hour else date
    return {"tickvals": list(marks), "ticktext": list(marks.values()), "tickangle": 0}
