"""A table to read: no order to choose, no file to take away."""

from __future__ import annotations

from collections.abc import Sequence

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component


def plain_table(name: str, heads: Sequence[tuple[str, str]], rows: Sequence[Component]) -> Component:
    """Rows under heads, each `left` or `right`; named by the element `<name>-head`, scrolled by keyboard too."""
    labelled = {"aria-labelledby": f"{name}-head"}
    top = dmc.TableThead(dmc.TableTr([dmc.TableTh(words, className=align) for words, align in heads]))
    drawn = dmc.Table([top, dmc.TableTbody(list(rows), id=f"{name}-rows")], id=f"{name}-table", **labelled)
    return html.Div(drawn, className="table-scroll", role="region", tabIndex="0", **labelled)
