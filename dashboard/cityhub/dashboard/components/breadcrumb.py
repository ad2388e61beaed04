"""Where a page is: the way back to the overview."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard.components.link import link
from cityhub.dashboard.texts import Lang, T, t
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.fields import ActionField


def breadcrumb(lang: Lang, field: ActionField | None, here: str, whole: KpiDefinition | None = None) -> Component:
    """Overview, the field unless it is this page itself, the KPI whose further value this is, and this page."""
    steps = [link(t(lang, T.HOME), "/")]
    if field:
        steps.append(link(field.name.get(lang), f"/field/{field.id}"))
    if whole:
        steps.append(link(whole.name.get(lang), f"/kpi/{whole.id}"))
    return _drawn(lang, [*steps, here])


def trail(lang: Lang, way: Sequence[Component], here: str) -> Component:
    """Overview, the pages on the way, and this page."""
    return _drawn(lang, [link(t(lang, T.HOME), "/"), *way, here])


def _drawn(lang: Lang, steps: Sequence[object]) -> Component:
    return html.Nav(
        html.Ol([html.Li(step) for step in steps]),
        className="breadcrumb",
        **{"aria-label": t(lang, T.BREADCRUMB)},
    )
