"""A series as one thin line without axes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard.components.chart import Series
from cityhub.dashboard.tokens import PALETTES

_WIDTH, _HEIGHT, _EDGE = 240, 36, 4


def sparkline(series: Series) -> Component | None:
    """An image, so that it costs no script; its text names the range. None below two values: one point is no line."""
    numbers = [number for _, number in series.known]
    if len(numbers) < 2:  # noqa: PLR2004
        return None
    low, high = min(numbers), max(numbers)
    across = (_WIDTH - 2 * _EDGE) / (len(series.windows) - 1)
    up = (_HEIGHT - 2 * _EDGE) / ((high - low) or 1)

    def point(at: int, number: float) -> str:
        return f"{_EDGE + at * across:.1f},{_HEIGHT - _EDGE - (number - low) * up:.1f}"

    solid = _lines([point(at, number) if number is not None else None for at, number in enumerate(series.settled)])
    dashed = _lines([point(at, number) if number is not None else None for at, number in enumerate(series.dashed)])
    x, y = point(*series.known[-1]).split(",")
    ink = PALETTES[series.theme].ink
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" fill="none" stroke-width="2" '
        f'stroke="{ink}">{"".join(solid)}<g stroke-dasharray="3 3">{"".join(dashed)}</g>'
        f'<circle cx="{x}" cy="{y}" r="2.5" stroke="none" fill="{ink}"/></svg>'
    )
    return html.Img(
        src="data:image/svg+xml," + quote(svg),
        alt=f"{series.span}: {series.words(low)} – {series.words(high)}",
        className="sparkline",
    )


def _lines(points: Sequence[str | None]) -> Iterator[str]:
    """One line per run of known points."""
    for run in " ".join(point or "|" for point in points).split("|"):
        if run.strip():
            yield f'<polyline vector-effect="non-scaling-stroke" points="{run.strip()}"/>'
