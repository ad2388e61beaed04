"""What happens when somebody makes, opens up or deletes a tenant of the sandbox."""

from __future__ import annotations

from typing import Any

import dash
from dash import Input, Output, State, html

from cityhub.dashboard import formats
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.tenants import key_life, secret, tenant_list
from cityhub.dashboard.room_answers import Here, done, pressed, unread
from cityhub.dashboard.sandbox_address import SandboxPage
from cityhub.dashboard.sandbox_form import Typed, one_line, words_in
from cityhub.dashboard.sandbox_texts import Box
from cityhub.dashboard.services import Services
from cityhub.dashboard.texts import t

_WHERE = (State("address", "pathname"), State("settings", "data"))


def register_tenant_callbacks(app: dash.Dash, services: Services) -> None:
    """Listen to the buttons."""
    _register_tenants(app, services)
    _register_access(app, services)


def _register_tenants(app: dash.Dash, services: Services) -> None:
    @app.callback(  # type: ignore[untyped-decorator]
        Output("sandbox-made", "children"),
        Input("sandbox-make", "n_clicks"),
        *_WHERE,
        State("sandbox-name", "value"),
        State("sandbox-days", "value"),
        State("sandbox-organisation", "value"),
        State("sandbox-key-days", "value"),
        prevent_initial_call=True,
    )
    async def make(clicks: object, path: object, settings: object, *said: object) -> Any:
        """Make a tenant; its key is shown once."""
        return await pressed(services, clicks, path, settings, lambda here: _make(here, *said))

    @app.callback(  # type: ignore[untyped-decorator]
        Output("sandbox-deleted", "children"),
        Input("sandbox-delete", "n_clicks"),
        *_WHERE,
        prevent_initial_call=True,
    )
    async def delete(clicks: object, path: object, settings: object) -> Any:
        """Delete the tenant and go to the list."""
        return await pressed(services, clicks, path, settings, _delete)


def _register_access(app: dash.Dash, services: Services) -> None:
    @app.callback(  # type: ignore[untyped-decorator]
        Output("sandbox-rotated", "children"),
        Input("sandbox-rotate", "n_clicks"),
        *_WHERE,
        State("sandbox-key-days", "value"),
        prevent_initial_call=True,
    )
    async def rotate(clicks: object, path: object, settings: object, days: object) -> Any:
        """Give the tenant another key."""
        return await pressed(services, clicks, path, settings, lambda here: _rotate(here, days))

    @app.callback(  # type: ignore[untyped-decorator]
        Output("sandbox-allowed", "children"),
        Input("sandbox-allow", "n_clicks"),
        *_WHERE,
        State("sandbox-origins", "value"),
        prevent_initial_call=True,
    )
    async def allow(clicks: object, path: object, settings: object, origins: object) -> Any:
        """Let web pages ask."""
        return await pressed(services, clicks, path, settings, lambda here: _allow(here, origins))


async def _make(here: Here, name: object, days: object, organisation: object, key_days: object) -> Any:
    lang, typed = here.lang, Typed(here.lang)
    count, of_key = typed.whole(Box.DAYS_FIELD, days), typed.whole_or_none(Box.KEY_DAYS_FIELD, key_days)
    if typed.unread:
        return unread(typed.unread, lang)
    made = await here.desk.create(here.who, one_line(name), count, one_line(organisation), of_key)
    dash.set_props("sandbox-tenants", {"children": tenant_list(await here.desk.tenants(here.who), lang)})
    way = html.P(link(t(lang, Box.OPEN, name=made.tenant.name), SandboxPage(made.tenant.name).path, id="sandbox-open"))
    if made.key is None:
        return done(t(lang, Box.THERE_ALREADY, time=formats.date_and_clock(made.tenant.expires, lang)), way)
    return done(t(lang, Box.MADE), secret(made.key, lang), way)


async def _rotate(here: Here, days: object) -> Any:
    typed = Typed(here.lang)
    of_key = typed.whole_or_none(Box.KEY_DAYS_FIELD, days)
    if typed.unread:
        return unread(typed.unread, here.lang)
    made = await here.desk.rotate(here.who, here.tenant, of_key)
    dash.set_props("sandbox-key-life", {"children": key_life(made.tenant.key, here.lang)})
    return secret(made.key, here.lang) if made.key else dash.no_update


async def _allow(here: Here, said: object) -> Any:
    kept = await here.desk.allow(here.who, here.tenant, [one for one in words_in(said) if one])
    if not kept.origins:
        return done(t(here.lang, Box.ORIGINS_NONE))
    return done(t(here.lang, Box.ORIGINS_SAVED, origins=", ".join(kept.origins)))


async def _delete(here: Here) -> Any:
    await here.desk.delete(here.who, here.tenant)
    dash.set_props("address", {"pathname": SandboxPage().path, "search": ""})
    return dash.no_update
