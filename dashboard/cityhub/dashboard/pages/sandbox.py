"""The sandbox: a startup's tenants, and the form that makes one."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard.components.form import button, field, section
from cityhub.dashboard.components.state import unreadable_part
from cityhub.dashboard.components.tenants import simulated, tenant_list
from cityhub.dashboard.pages.room import room_page
from cityhub.dashboard.pages.room_events import room_events_page
from cityhub.dashboard.sandbox_address import SandboxEventsPage, SandboxPage
from cityhub.dashboard.sandbox_desk import NoSuchTenant, SandboxDesk, SandboxTrouble
from cityhub.dashboard.sandbox_texts import Box
from cityhub.dashboard.texts import t
from cityhub.dashboard.view import View


def sandbox_page(view: View, page: SandboxPage | SandboxEventsPage) -> Component | None:
    """Draw the list, a tenant, or events of it; None where there is none of that name for the viewer."""
    desk = view.sandbox
    if desk is None or not desk.admits(view.viewer):
        return None
    try:
        if isinstance(page, SandboxEventsPage):
            return room_events_page(view, desk, page)
        if page.tenant:
            return room_page(view, desk, desk.waited(desk.tenant(view.viewer, page.tenant)))
    except NoSuchTenant:
        return None
    except SandboxTrouble as error:
        head = html.H1(t(view.lang, Box.PAGE), id="headline", tabIndex="-1")
        return html.Div([head, unreadable_part(Box.AWAY, error, view.lang)], className="sandbox-page")
    return _list_page(view, desk)


def _list_page(view: View, desk: SandboxDesk) -> Component:
    lang = view.lang
    try:
        tenants = tenant_list(desk.waited(desk.tenants(view.viewer)), lang)
    except SandboxTrouble as error:
        tenants = unreadable_part(Box.AWAY, error, lang)
    return html.Div(
        [
            simulated(lang),
            html.H1(t(lang, Box.PAGE), id="headline", tabIndex="-1"),
            html.P(t(lang, Box.INTRO), className="sentence"),
            section("tenants", t(lang, Box.TENANTS), [html.Div(tenants, id="sandbox-tenants")]),
            section("make", t(lang, Box.MAKE), _form(view, desk)),
        ],
        className="sandbox-page",
        key="tenants",
    )


def _form(view: View, desk: SandboxDesk) -> Sequence[Component]:
    lang, chooses = view.lang, desk.chooses(view.viewer)
    organisation = field("sandbox-organisation", t(lang, Box.ORGANISATION_FIELD), required=chooses)
    return [
        html.Div(
            [
                field("sandbox-name", t(lang, Box.NAME_FIELD)),
                field("sandbox-days", t(lang, Box.DAYS_FIELD), value="30"),
                field("sandbox-key-days", t(lang, Box.KEY_DAYS_FIELD)),
                html.Div(organisation, hidden=not chooses),
            ],
            className="target-fields",
        ),
        button("sandbox-make", t(lang, Box.MAKE)),
        html.Div(id="sandbox-made", role="status"),
    ]
