"""A startup's tenants as a list, and the key of one, which is shown once."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard import formats
from cityhub.dashboard.components.marks import icon
from cityhub.dashboard.components.table import plain_table
from cityhub.dashboard.sandbox_address import SandboxPage
from cityhub.dashboard.sandbox_desk import Key, KeyLife, Tenant
from cityhub.dashboard.sandbox_texts import Box
from cityhub.dashboard.tables import Column, Table
from cityhub.dashboard.texts import Lang, t


def simulated(lang: Lang) -> Component:
    """One quiet line above everything."""
    return html.P([icon("simulation"), t(lang, Box.SIMULATED)], className="banner")


def tenant_list(tenants: Sequence[Tenant], lang: Lang) -> Component:
    """Name, organisation and end of each; the name leads to it."""
    if not tenants:
        return html.P(t(lang, Box.NO_TENANTS), className="empty")
    table = Table(
        caption=t(lang, Box.TENANTS),
        parameter="tenants",
        columns=tuple(Column(None, t(lang, head)) for head in (Box.NAME, Box.ORGANISATION, Box.ENDS, Box.KEY_ENDS)),
        rows=tuple(
            (
                one.name,
                one.organisation,
                formats.date_and_clock(one.expires, lang),
                formats.date_and_clock(one.key.expires, lang) if one.key else "–",
            )
            for one in tenants
        ),
        links=tuple(SandboxPage(one.name).path for one in tenants),
    )
    return plain_table(table, lang)


def key_life(key: KeyLife | None, lang: Lang) -> Sequence[Component]:
    """Since when and until when a key is good, when it was used, and a warning before its end."""
    if key is None:
        return [html.P(t(lang, Box.KEY_NONE), className="hint")]
    until = formats.date_and_clock(key.expires, lang)
    used = formats.date_and_clock(key.used, lang) if key.used else t(lang, Box.KEY_NEVER)
    made = formats.date_and_clock(key.made, lang)
    terms = ((Box.KEY_MADE, made), (Box.KEY_UNTIL, until), (Box.KEY_USED, used))
    parts = [part for name, said in terms for part in (html.Dt(t(lang, name)), html.Dd(said))]
    warned = {"ends-soon": Box.KEY_SOON, "over": Box.KEY_OVER}.get(key.state)
    warning = [html.P([icon("warning"), t(lang, warned, time=until)], className="banner")] if warned else []
    return [*warning, html.Dl(parts)]


def secret(key: Key, lang: Lang) -> Component:
    """Client credentials."""
    terms = ((Box.CLIENT_ID, "sandbox-client", key.client), (Box.CLIENT_SECRET, "sandbox-secret", key.secret))
    parts = [part for name, id_, said in terms for part in (html.Dt(t(lang, name)), html.Dd(html.Code(said, id=id_)))]
    return html.Div([html.P(t(lang, Box.SECRET)), html.Dl(parts)], className="secret")
