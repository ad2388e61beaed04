"""What happens on a tenant's page: its room is read again and again, and buttons tell it what to do."""

from __future__ import annotations

import asyncio
from typing import Any

import dash
from dash import Input, Output, State
from dash.exceptions import PreventUpdate

from cityhub.dashboard.components.room import (
    ENTRIES,
    clock_words,
    entry_table,
    inject_list,
    limits_words,
    request_table,
)
from cityhub.dashboard.components.table import table_rows
from cityhub.dashboard.pages.room import RESTING_MS, RUNNING_MS, SPEEDS
from cityhub.dashboard.room_answers import Here, here_of, pressed, said_of
from cityhub.dashboard.room_example import EXAMPLE
from cityhub.dashboard.room_presses import (
    add_inject,
    begin_day,
    beside,
    clear_injects,
    compare,
    drop_own,
    put_own,
    set_clock,
    show_own,
)
from cityhub.dashboard.sandbox_desk import SandboxTrouble, Standing
from cityhub.dashboard.sandbox_form import TypedDay, TypedInject
from cityhub.dashboard.sandbox_texts import Box
from cityhub.dashboard.services import Services
from cityhub.dashboard.texts import t

_WHERE = (State("address", "pathname"), State("settings", "data"))
_READ_WITHIN_S = 5.0
"""The next look is under way by then."""
_CLOCK = ("sandbox-freeze", *(f"sandbox-pace-{speed}" for speed in SPEEDS), "sandbox-again", "sandbox-go")
_SHOWN = (
    Output("sandbox-clock", "children"),
    Output("sandbox-tick", "interval"),
    Output("sandbox-injects", "children"),
    Output("sandbox-own", "data"),
    Output("sandbox-own", "value"),
    Output("sandbox-entries-none", "hidden"),
    Output("entries-rows", "children"),
    Output("sandbox-limits", "children"),
    Output("requests-rows", "children"),
)

_AS_IT_IS = [dash.no_update] * (len(_SHOWN) - 2)


def register_room_callbacks(app: dash.Dash, services: Services) -> None:
    """Listen to the page of a tenant."""
    _register_look(app, services)
    _register_course(app, services)
    _register_own(app, services)
    _register_comparison(app, services)


def _register_look(app: dash.Dash, services: Services) -> None:
    @app.callback(  # type: ignore[untyped-decorator]
        *_SHOWN,
        Input("sandbox-tick", "n_intervals"),
        Input("sandbox-poke", "data"),
        Input("sandbox-shown", "value"),
        *_WHERE,
        State("sandbox-own", "data"),
        State("sandbox-own", "value"),
    )
    async def look(_: object, __: object, shown: object, *said: object) -> tuple[object, ...]:
        """Read the room; what is not to be read stays as it is."""
        path, settings, known, chosen = said
        here = here_of(services, path, settings)
        if here is None:
            raise PreventUpdate  # the page is of somebody who has logged out meanwhile
        try:
            return await asyncio.wait_for(_look(here, shown, known, chosen), _READ_WITHIN_S)
        except TimeoutError:
            return t(here.lang, Box.OPENING), RUNNING_MS, *_AS_IT_IS
        except SandboxTrouble as error:
            return said_of(error, here.lang), RESTING_MS, *_AS_IT_IS

    @app.callback(  # type: ignore[untyped-decorator]
        Output("sandbox-clock-said", "children"),
        *(Input(key, "n_clicks") for key in _CLOCK),
        *_WHERE,
        State("sandbox-to", "value"),
        prevent_initial_call=True,
    )
    async def clock(*said: object) -> Any:
        """Set the clock."""
        clicks, (path, settings, to) = said[: len(_CLOCK)], said[len(_CLOCK) :]
        key = str(dash.ctx.triggered_id).removeprefix("sandbox-")
        return await pressed(services, any(clicks), path, settings, lambda here: set_clock(here, key, to))


async def _look(here: Here, shown: object, known: object, chosen: object) -> tuple[object, ...]:
    lang, kinds = here.lang, [shown] if isinstance(shown, str) and shown in ENTRIES else []
    found, entries, usage = await asyncio.gather(
        here.desk.ask(here.who, here.tenant, {"do": "stand"}, Standing),
        here.desk.newest(here.who, here.tenant, kinds),
        here.desk.usage(here.who, here.tenant),
    )
    own = [{"value": kpi, "label": kpi} for kpi in found.kpis]
    return (
        clock_words(found, lang),
        RESTING_MS if found.frozen_at else RUNNING_MS,
        inject_list(found.injects, lang),
        dash.no_update if own == known else own,  # else an open list of them would close
        dash.no_update if chosen in found.kpis else next(iter(found.kpis), None),
        bool(entries),
        table_rows(entry_table(entries, lang), lang),
        limits_words(usage, lang),
        table_rows(request_table(usage, lang), lang),
    )


def _register_course(app: dash.Dash, services: Services) -> None:
    @app.callback(  # type: ignore[untyped-decorator]
        Output("sandbox-replay-said", "children"),
        Input("sandbox-replay", "n_clicks"),
        *_WHERE,
        *(State(f"sandbox-{key}", "value") for key in ("day", "seed", "speed", "streams")),
        State("sandbox-loop", "checked"),
        prevent_initial_call=True,
    )
    async def replay(clicks: object, path: object, settings: object, *said: object) -> Any:
        """Begin a day."""
        return await pressed(services, clicks, path, settings, lambda here: begin_day(here, TypedDay(*said)))

    @app.callback(  # type: ignore[untyped-decorator]
        Output("sandbox-inject-said", "children"),
        Input("sandbox-inject", "n_clicks"),
        Input("sandbox-clear", "n_clicks"),
        *_WHERE,
        *(State(f"sandbox-{key}", "value") for key in ("kind", "share", "from", "until", "types", "subjects")),
        prevent_initial_call=True,
    )
    async def inject(add: object, clear: object, path: object, settings: object, *said: object) -> Any:
        """Let something go wrong, or nothing any more."""
        if dash.ctx.triggered_id == "sandbox-clear":
            return await pressed(services, clear, path, settings, clear_injects)
        return await pressed(services, add, path, settings, lambda here: add_inject(here, TypedInject(*said)))


def _register_own(app: dash.Dash, services: Services) -> None:
    @app.callback(  # type: ignore[untyped-decorator]
        Output("sandbox-put-said", "children"),
        Input("sandbox-put", "n_clicks"),
        Input("sandbox-example", "n_clicks"),
        *_WHERE,
        State("sandbox-spec", "value"),
        prevent_initial_call=True,
    )
    async def put(taken: object, example: object, path: object, settings: object, text: object) -> Any:
        """Take an own KPI, or insert the example."""
        if dash.ctx.triggered_id == "sandbox-example" and example:
            dash.set_props("sandbox-spec", {"value": EXAMPLE})
            return ""
        return await pressed(services, taken, path, settings, lambda here: put_own(here, text))

    @app.callback(  # type: ignore[untyped-decorator]
        Output("sandbox-own-said", "children"),
        Input("sandbox-show", "n_clicks"),
        Input("sandbox-drop", "n_clicks"),
        *_WHERE,
        State("sandbox-own", "value"),
        prevent_initial_call=True,
    )
    async def own(show: object, drop: object, path: object, settings: object, kpi: object) -> Any:
        """Show the text of an own KPI, or delete it."""
        if dash.ctx.triggered_id == "sandbox-drop":
            return await pressed(services, drop, path, settings, lambda here: drop_own(here, kpi))
        return await pressed(services, show, path, settings, lambda here: show_own(here, kpi))


def _register_comparison(app: dash.Dash, services: Services) -> None:
    @app.callback(  # type: ignore[untyped-decorator]
        Output("sandbox-compare-said", "children"),
        Input("sandbox-compare", "n_clicks"),
        *_WHERE,
        State("sandbox-own", "value"),
        State("sandbox-city", "value"),
        prevent_initial_call=True,
    )
    async def chosen(clicks: object, path: object, settings: object, mine: object, city: object) -> Any:
        """An own KPI is to stand beside the city's from now on."""
        return await pressed(services, clicks, path, settings, lambda here: compare(here, mine, city))

    @app.callback(  # type: ignore[untyped-decorator]
        Output("sandbox-compared", "children"),
        Output("sandbox-drawn", "data"),
        Input("sandbox-comparing", "data"),
        Input("sandbox-follow", "n_intervals"),
        *_WHERE,
        State("sandbox-drawn", "data"),
        prevent_initial_call=True,
    )
    async def compared(pair: object, _: object, path: object, settings: object, drawn: object) -> Any:
        """Draw both; one callback, of which the browser takes only the newest answer, so that no older choice wins."""
        here = here_of(services, path, settings)
        if here is None:
            raise PreventUpdate
        try:
            return await beside(here, pair, drawn)
        except SandboxTrouble as error:
            dash.set_props("sandbox-compare-said", {"children": said_of(error, here.lang)})
            return dash.no_update, dash.no_update
