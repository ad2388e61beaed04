"""A tenant's KPI beside the city's: both as lines, a sentence, and the windows that differ."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from dash import dcc, html
from dash.development.base_component import Component
from plotly import graph_objects as go

from cityhub.dashboard import formats, units
from cityhub.dashboard.asked import Asked
from cityhub.dashboard.boroughs import PLACES
from cityhub.dashboard.components.chart import CONFIG, HEIGHT_REM
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.table import plain_table
from cityhub.dashboard.preferences import Theme
from cityhub.dashboard.sandbox_address import SandboxEventsPage
from cityhub.dashboard.sandbox_desk import Comparison, Course, Line, Side
from cityhub.dashboard.sandbox_texts import Box
from cityhub.dashboard.tables import Cell, Column, Shown, Table
from cityhub.dashboard.texts import Lang, T, t
from cityhub.dashboard.tokens import PALETTES, plotly_template
from cityhub.kpi.kernel.windows import window_at
from cityhub.kpi.reader import instant
from cityhub.kpi.values import KpiValue

MOST_LINES = 200
_DAY = timedelta(days=1)
_TICKS = 5
_PLACES = {place.scope: place.name for place in PLACES}
_LABELS = {"provisional": T.PROVISIONAL, "final": Box.FINAL, "corrected": T.CORRECTED}


def comparison_part(course: Course, tenant: str, lang: Lang, theme: Theme) -> Component:
    """Everything that is said of two KPIs."""
    found = course.comparison
    if not course.own and not course.city:
        return html.P(t(lang, Box.NO_NUMBERS), className="empty")
    graph = dcc.Graph(
        id="compare-chart", figure=figure(course, lang, theme), config=CONFIG, style={"height": f"{HEIGHT_REM}rem"}
    )
    drawn = html.Figure(
        [
            html.Div(graph, role="img", **{"aria-labelledby": "compare-sentence"}),
            html.Figcaption(sentence(course, lang), id="compare-sentence"),
        ],
        className="series",
    )
    if not found.lines:
        return html.Div([drawn, html.P(t(lang, Box.SAME_ALL), id="compare-same")])
    shown, all_ = (formats.number(n, lang) for n in (min(MOST_LINES, found.differing), found.differing))
    more = html.P(t(lang, Box.MORE_LINES, shown=shown, all=all_), className="hint")
    table = difference_table(found, tenant, lang)
    head = html.H3(table.caption, id="differing-head")
    return html.Div([drawn, head, *([more] if found.differing > MOST_LINES else []), plain_table(table, lang)])


def verdict(found: Comparison, lang: Lang) -> str:
    """How many windows differ."""
    numbers = {"differing": found.differing, "windows": found.windows}
    said = {name: formats.number(number, lang) for name, number in numbers.items()}
    return t(lang, Box.COMPARED, own=found.own, city=found.city, **said)


def sentence(course: Course, lang: Lang) -> str:
    """The picture in words."""
    found, words = course.comparison, []
    for name, values in ((found.own, course.own), (found.city, course.city)):
        known = [one for one in values if one.value is not None]
        if known:
            last = known[-1]
            time = formats.window(last.window, last.start, last.end, lang)
            words.append(t(lang, Box.LAST_OF, name=name, value=_quantity(last, lang), time=time))
    return " ".join(words)


def figure(course: Course, lang: Lang, theme: Theme) -> go.Figure:
    """Own KPI dark, the city's light; windows stand at equal distances, those without a number are gaps."""
    palette, starts = PALETTES[theme], _starts(course)
    drawn = go.Figure(layout={"template": plotly_template(theme)})
    found = course.comparison
    for name, values, colour, width in (
        (found.city, course.city, palette.edge, 3),
        (found.own, course.own, palette.ink, 2),
    ):
        by_start = {one.start: one for one in values}
        held = [by_start.get(start) for start in starts]
        drawn.add_scatter(
            x=list(range(len(starts))),
            y=[one.value if one else None for one in held],
            mode="lines+markers",
            name=name,
            line={"color": colour, "width": width},
            marker={"color": colour, "size": 5},
            customdata=[_hover(name, one, lang) for one in held],
            hovertemplate="%{customdata}<extra></extra>",
        )
    every = max(1, round(len(starts) / _TICKS))
    at = list(range(0, len(starts), every))
    drawn.update_xaxes(tickvals=at, ticktext=[formats.clock(starts[one], lang) for one in at], tickangle=0)
    drawn.update_yaxes(ticksuffix=units.sign(found.unit, lang) if found.unit == "%" else "", nticks=5)
    drawn.update_layout(
        separators=".," if lang == "en" else ",.",
        uirevision=f"{found.own} {found.city}",  # drawn anew, the reader's zoom stays
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "reversed"},
    )
    return drawn


def _starts(course: Course) -> Sequence[datetime]:
    known = sorted({one.start for one in (*course.own, *course.city)})
    first = (*course.own, *course.city)[0]
    step = first.end - first.start
    if step >= _DAY:
        return known
    return [known[0] + step * at for at in range((known[-1] - known[0]) // step + 1)]


def _hover(name: str, one: KpiValue | None, lang: Lang) -> str:
    if one is None:
        return ""
    return f"{name}, {formats.window(one.window, one.start, one.end, lang)}: {_quantity(one, lang)}"


def _quantity(one: KpiValue, lang: Lang) -> str:
    return t(lang, T.UNKNOWN_VALUE) if one.value is None else formats.quantity(one.value, one.unit, lang)


def difference_table(found: Comparison, tenant: str, lang: Lang) -> Table:
    """Windows that differ, with what stands behind each number and a way to it."""
    sides = ((Box.OF_OWN, True), ("n", False), (Box.OF_CITY, True), ("n", False), (Box.DIFFERENCE, True))
    return Table(
        caption=t(lang, Box.DIFFERING),
        parameter="differing",
        columns=(
            Column(None, t(lang, Box.WINDOW)),
            Column(None, t(lang, Box.SCOPE)),
            *(_column(words, found.unit if in_unit else "", lang) for words, in_unit in sides),
            Column(None, t(lang, Box.LABELS)),
            Column(None, t(lang, Box.BEHIND_IT)),
        ),
        rows=tuple(_row(found, one, tenant, lang) for one in found.lines[:MOST_LINES]),
    )


def _column(words: Box | str, unit: str, lang: Lang) -> Column:
    name = words if isinstance(words, str) else t(lang, words)
    sign = units.sign(unit, lang) if "/" not in unit else unit
    return Column(None, t(lang, T.COLUMN_IN_UNIT, name=name, unit=sign) if sign else name, 1 if unit else 0)


def _row(found: Comparison, one: Line, tenant: str, lang: Lang) -> tuple[Cell, ...]:
    own, city = (_numbers(side) for side in (one.own, one.city))
    labels = " / ".join("–" if side is None else t(lang, _LABELS[side.label]) for side in (one.own, one.city))
    span = formats.window(found.window, one.start, one.end, lang)
    return (
        span,
        place_words(one.scope, lang),
        *own,
        *city,
        one.difference,
        labels,
        _ways(found, one, tenant, lang),
    )


def place_words(scope: str, lang: Lang) -> str:
    """What a scope is called; one that is not known by its code."""
    return t(lang, Box.WHOLE_CITY) if scope == "city" else _PLACES.get(scope, scope)


def _numbers(side: Side | None) -> tuple[Cell, Cell]:
    return (None, 0) if side is None else (side.value, side.n)


def _ways(found: Comparison, one: Line, tenant: str, lang: Lang) -> Shown:
    """Links to the events behind both numbers."""
    anchor = instant(window_at(found.window, int(one.end.timestamp()) - 1).anchor)
    asked = Asked(found.window, anchor, one.scope)
    links = []
    for words, kpi, side in ((Box.EVENTS_OWN, found.own, one.own), (Box.EVENTS_CITY, found.city, one.city)):
        if side is not None:
            span = formats.window(found.window, one.start, one.end, lang)
            name = {"aria-label": f"{t(lang, Box.EVENTS_PAGE, kpi=kpi)}, {span}, {one.scope}"}
            links += [link(t(lang, words), SandboxEventsPage(tenant, kpi, asked).address, **name), " "]
    same = [f"({t(lang, Box.SAME_EVENTS)})"] if one.same_events else []
    return Shown("", html.Span([*links, *same]))
