"""What happens when a controller presses a button on the page of a KPI's targets.

A page of another origin cannot press them: the web application's guard looks at Origin and Fetch Metadata of each call.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence

import dash
import structlog
from dash import Input, Output, State, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from cityhub.api.access import may_read, may_set_targets
from cityhub.bus.errors import BusError
from cityhub.dashboard.address import TargetPage, parse
from cityhub.dashboard.components.marks import icon
from cityhub.dashboard.goal_form import PARTS, Filled, count_in, target_in, text_of
from cityhub.dashboard.goal_texts import Goal
from cityhub.dashboard.preferences import preferences
from cityhub.dashboard.services import Services
from cityhub.dashboard.target_desk import TargetDesk
from cityhub.dashboard.texts import Lang, t
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.errors import StoreUnavailable, TargetRefused, UnknownKpi
from cityhub.sdk.principal import Principal

_log = structlog.get_logger()
_FIELDS = ("target-first", "target-high", "target-watch", "target-since", "target-source", "target-why")
Press = Callable[[TargetDesk, Principal, KpiDefinition, Lang], Awaitable[Component]]


def register_goal_callbacks(app: dash.Dash, services: Services) -> None:
    """Listen to the page's two buttons."""

    @app.callback(  # type: ignore[untyped-decorator]
        Output("target-said", "children"),
        Input("target-save", "n_clicks"),
        State("address", "pathname"),
        State("settings", "data"),
        *(State(key, "value") for key in _FIELDS),
        prevent_initial_call=True,
    )
    async def save(clicks: object, path: object, settings: object, *said: object) -> Component:
        """Append a target, or say what is wrong with it."""
        return await _pressed(services, clicks, path, settings, _saving(Filled.of(said)))

    @app.callback(  # type: ignore[untyped-decorator]
        Output("target-retract-said", "children"),
        Input("target-retract", "n_clicks"),
        State("address", "pathname"),
        State("settings", "data"),
        State("target-number", "value"),
        State("target-retract-why", "value"),
        prevent_initial_call=True,
    )
    async def retract(clicks: object, path: object, settings: object, number: object, why: object) -> Component:
        """Take a record back, or say why not."""
        return await _pressed(services, clicks, path, settings, _retracting(text_of(number), text_of(why)))


async def _pressed(services: Services, clicks: object, path: object, settings: object, press: Press) -> Component:
    if not clicks:
        raise PreventUpdate  # the button was only drawn
    lang = preferences(settings if isinstance(settings, dict) else {}).lang
    address, viewer = parse(path, ""), services.viewer()
    definition = _definition(services, address.kpi_id) if isinstance(address, TargetPage) else None
    mine = definition is not None and may_set_targets(viewer) and may_read(viewer, definition)
    if services.targets is None or viewer is None or definition is None or not mine:
        return _trouble([t(lang, Goal.NOT_YOURS)])
    try:
        answer = await press(services.targets, viewer, definition, lang)
    except TargetRefused as refused:
        return _trouble([_named(part, flaw.get(lang), lang) for part, flaw in refused.flaws])
    except (BusError, StoreUnavailable) as error:
        _log.warning("target_not_set", kpi=definition.id, error=str(error))
        return _trouble([t(lang, Goal.NOT_SAVED)])
    dash.set_props("live", {"data": time.time_ns()})  # the records are drawn anew
    return answer


def _saving(filled: Filled) -> Press:
    async def press(desk: TargetDesk, viewer: Principal, definition: KpiDefinition, lang: Lang) -> Component:
        target = target_in(filled, definition, lang)
        if isinstance(target, list):
            return _trouble([_named(part, words, lang) for part, words in target])
        record = await desk.record(viewer, definition, target, filled.why)
        return _done(t(lang, Goal.SAVED, number=record.number))

    return press


def _retracting(number: str, why: str) -> Press:
    async def press(desk: TargetDesk, viewer: Principal, definition: KpiDefinition, lang: Lang) -> Component:
        count = count_in(number)
        if count is None:
            return _trouble([t(lang, Goal.NO_COUNT, said=number[:40])])
        await desk.retract(viewer, definition, count, why)
        return _done(t(lang, Goal.RETRACTED, number=count))

    return press


def _definition(services: Services, kpi_id: str) -> KpiDefinition | None:
    try:
        return services.reader.catalogue[kpi_id]
    except UnknownKpi:
        return None


def _named(part: str, words: str, lang: Lang) -> str:
    return t(lang, Goal.FLAW, part=t(lang, PARTS[part]), text=words)


def _done(words: str) -> Component:
    return html.P([icon("met"), words], className="verdict")


def _trouble(lines: Sequence[str]) -> Component:
    return html.Ul([html.Li([icon("warning"), line], className="trouble") for line in lines], className="plain")
