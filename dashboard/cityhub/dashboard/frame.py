"""What one browser sees: the page and the account beside it, drawn together, first as a whole and then in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import dash
import dash_mantine_components as dmc
import msgspec
from dash import dcc, html
from dash.development.base_component import Component
from msgspec import Struct
from starlette.datastructures import QueryParams
from starlette.requests import Request

from cityhub.dashboard.address import parse
from cityhub.dashboard.address_query import LONGEST
from cityhub.dashboard.components.header import account, footer, header
from cityhub.dashboard.drawing import draw
from cityhub.dashboard.inplace import Sheet, drawn_of
from cityhub.dashboard.preferences import Preferences, chosen_in, preferences
from cityhub.dashboard.render import Page
from cityhub.dashboard.services import Services
from cityhub.dashboard.texts import T, t
from cityhub.dashboard.tokens import mantine_theme


class Frame(Struct, frozen=True):
    """Page and account for an address (path and query) at one moment."""

    asked: str
    page: Page
    account: Sequence[Component]

    @classmethod
    def of(cls, services: Services, chosen: Preferences, asked: str) -> Frame:
        """Draw both. Blocks for the reads of a page."""
        path, _, query = asked.partition("?")
        return_to = asked if len(asked) <= LONGEST else "/"
        viewer, desk = services.viewer(), services.sandbox
        admitted = desk is not None and desk.admits(viewer)
        way = account(viewer, services.login_state(), chosen.lang, return_to, sandbox=admitted)
        return cls(asked, draw(services, chosen, parse(path, query)), way)

    @property
    def shown(self) -> dict[str, object]:
        """What the browser will show, for the next comparison."""
        drawn = {"page": Sheet.of(self.page.body).drawn, "account": Sheet.of(self.account).drawn}
        return {"asked": self.asked} | {name: msgspec.to_builtins(digests) for name, digests in drawn.items()}

    def updates(self, before: Mapping[str, object]) -> tuple[object, object]:
        """New children for page and account; none for one that could be changed in place."""
        return _update(self.page.body, before.get("page")), _update(self.account, before.get("account"))


def layout(services: Services, request: Request | None) -> Component:
    """The whole first paint, values included.

    Args:
        request: for the layout; its Referer is the document's address. None where Dash asks before any request.
    """
    chosen, asked = _first_request(request)
    lang, now = chosen.lang, services.clock()
    frame = Frame.of(services, chosen, asked) if asked else None
    settings = {
        "lang": lang,
        "theme": chosen.theme,
        "area": chosen.area,
        "leads": chosen.leads,
        "now": now.isoformat(),
        "lost": t(lang, T.CONNECTION_LOST, time="{time}"),
    }
    return dmc.MantineProvider(
        [
            html.A(t(lang, T.SKIP), href="#page", className="skip"),
            header(chosen, now, frame.account if frame else []),
            html.P(id="connection", className="connection", role="status"),
            html.Main(frame.page.body if frame else None, id="page", tabIndex="-1"),
            footer(lang),
            dcc.Location(id="address", refresh=False),
            dcc.Store(id="live"),
            dcc.Store(id="settings", data=settings),
            dcc.Store(id="shown", data=frame.shown if frame else None),
            dcc.Store(id="arrival"),
        ],
        theme=mantine_theme(),
        forceColorScheme="dark" if chosen.theme == "dark" else "light",
    )


def _first_request(request: Request | None) -> tuple[Preferences, str | None]:
    """Preferences and address of the document; a browser that sends no Referer gets its page by the callback."""
    if request is None:
        return Preferences(), None
    referer = urlsplit(request.headers.get("referer", ""))
    ours = referer.netloc == request.url.netloc
    chosen = preferences(chosen_in(QueryParams(referer.query if ours else ""), request.cookies))
    return chosen, referer._replace(scheme="", netloc="", fragment="").geturl() or "/" if ours else None


def _update(tree: object, shown: object) -> object:
    """Set the parts that differ; the tree itself only when its skeleton does."""
    changes = Sheet.of(tree).changes(drawn_of(shown))
    if changes is None:
        return tree
    for key, properties in changes.items():
        dash.set_props(key, properties)
    return dash.no_update
