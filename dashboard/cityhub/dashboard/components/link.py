"""Links inside the dashboard: they change the address without loading the frame again."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash.development.base_component import Component


def link(children: object, href: str, **attributes: str) -> Component:
    """A link to a page of ours; with a modifier key it opens in a new tab like any other."""
    return dmc.Anchor(children, href=href, refresh=False, unstyled=True, **attributes)
