"""A table people can sort, scroll by keyboard and take away as a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlencode

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from cityhub.dashboard import formats
from cityhub.dashboard.address_query import Order
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.marks import icon
from cityhub.dashboard.tables import Cell, Column, Table
from cityhub.dashboard.texts import Lang, T, t


class Sortable(Protocol):
    """The address of a page with tables; the file of a table lies below its path."""

    @property
    def path(self) -> str: ...
    @property
    def query(self) -> str: ...
    def query_with(self, orders: Mapping[str, str]) -> str: ...


def data_table(table: Table, page: Sortable, lang: Lang, beside: Component | None = None) -> Component:
    """The table with its caption and its CSV link; sorting changes the address, so a view can be shared.

    Args:
        beside: what stands below the caption.
    """
    headline = f"{table.parameter}-caption"
    return html.Section(
        [
            html.Div(
                [html.H2(table.caption, id=headline), _csv_link(table, page, lang)],
                className="section-head",
            ),
            beside,
            html.Div(
                dmc.Table(
                    [
                        dmc.TableThead(dmc.TableTr([_head(table, column, page, lang) for column in table.columns])),
                        dmc.TableTbody(
                            [_row(table, at, lang) for at in range(len(table.rows))], id=f"{table.parameter}-rows"
                        ),
                    ],
                    stickyHeader=True,
                    id=f"{table.parameter}-table",
                    **{"aria-labelledby": headline},
                ),
                className="table-scroll",
                role="region",
                tabIndex="0",
                **{"aria-labelledby": headline},
            ),
        ],
        className="card",
    )


def _csv_link(table: Table, page: Sortable, lang: Lang) -> Component:
    query = f"{page.query}&{urlencode({'lang': lang})}"
    return html.A(
        [icon("download"), t(lang, T.CSV)],
        href=f"{page.path}/{table.parameter}.csv?{query}",
        className="button",
        id=f"{table.parameter}-csv",
        **{"aria-label": t(lang, T.CSV_OF, table=table.caption)},
    )


def _head(table: Table, column: Column, page: Sortable, lang: Lang) -> Component:
    align = "right" if column.decimals is not None else "left"
    if column.key is None:
        return dmc.TableTh(column.head, className=align)
    active = table.order.column == column.key
    order = Order(column.key, descending=active and not table.order.descending)
    sorted_as = ("descending" if table.order.descending else "ascending") if active else "none"
    return dmc.TableTh(
        link(
            [column.head, icon(f"sort-{sorted_as}")],
            f"{page.path}?{page.query_with({table.parameter: order.text})}",
            id=f"{table.parameter}-sort-{column.key}",
        ),
        className=align,
        id=f"{table.parameter}-head-{column.key}",
        **{"aria-sort": sorted_as},
    )


def _row(table: Table, number: int, lang: Lang) -> Component:
    row = table.rows[number]
    cells = enumerate(zip(row, table.columns, strict=True))
    to = table.links[number] if table.links else ""
    first = dmc.TableTh(link(row[0], to) if to else row[0])
    return dmc.TableTr(
        [first, *(_cell(cell, column, lang, full=table.bars.get(at, 0.0)) for at, (cell, column) in cells if at)]
    )


def _cell(cell: Cell, column: Column, lang: Lang, *, full: float) -> Component:
    if column.decimals is None:
        return dmc.TableTd(cell)
    if cell is None or isinstance(cell, str):
        return dmc.TableTd(cell or t(lang, T.UNKNOWN_VALUE), className="right")
    text = formats.number(cell, lang, column.decimals)
    return dmc.TableTd([_bar(cell / full), text] if full else text, className="right")


def _bar(share: float) -> Component:
    """A solid bar, 1 being a full one; the number beside it says the same."""
    return html.Span(
        html.Span(className="bar-fill", style={"width": f"{min(max(share, 0.0), 1.0):.1%}"}),
        className="bar",
        **{"aria-hidden": "true"},
    )
