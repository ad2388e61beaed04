"""A table people can scroll by keyboard and take away as a file, and sort where it has an order to choose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from urllib.parse import urlencode

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from cityhub.dashboard import formats
from cityhub.dashboard.address_query import Order
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.marks import icon
from cityhub.dashboard.tables import Cell, Column, Shown, Table
from cityhub.dashboard.texts import Lang, T, t


class Filed(Protocol):
    """The address of a page with tables; the file of a table lies below its path."""

    @property
    def path(self) -> str: ...
    @property
    def query(self) -> str: ...


class Sortable(Filed, Protocol):
    """The address of a page whose tables can be sorted."""

    def query_with(self, orders: Mapping[str, str]) -> str: ...


def data_table(table: Table, page: Sortable, lang: Lang, beside: Component | None = None) -> Component:
    """The table with its caption and its CSV link; sorting changes the address, so a view can be shared.

    Args:
        beside: what stands below the caption.
    """
    heads = [_sort_head(table, column, page, lang) for column in table.columns]
    return html.Section([table_head(table, page, lang), beside, _scrolled(table, heads, lang)], className="card")


def plain_table(table: Table, lang: Lang) -> Component:
    """A table in its only order, below a head with the id `<parameter>-head`."""
    return _scrolled(table, [_head(column) for column in table.columns], lang)


def table_rows(table: Table, lang: Lang) -> Sequence[Component]:
    """The rows alone, for a table that stands already: below the id `<parameter>-rows`."""
    return [_row(table, at, lang) for at in range(len(table.rows))]


def table_head(table: Table, page: Filed, lang: Lang, heading: Component | None = None) -> Component:
    """The caption, and the file of the table while it has rows.

    Args:
        heading: drawn in place of the caption; its id has to be `<parameter>-head`.
    """
    caption = heading or html.H2(table.caption, id=f"{table.parameter}-head")
    file = html.Div(_csv_link(table, page, lang), hidden=not table.rows, id=f"{table.parameter}-file")
    return html.Div([caption, file], className="section-head")


def _scrolled(table: Table, heads: Sequence[Component], lang: Lang) -> Component:
    labelled = {"aria-labelledby": f"{table.parameter}-head"}
    rows = dmc.TableTbody(table_rows(table, lang), id=f"{table.parameter}-rows")
    body = [dmc.TableThead(dmc.TableTr(heads)), rows]
    drawn = dmc.Table(body, stickyHeader=True, id=f"{table.parameter}-table", **labelled)
    return html.Div(drawn, className="table-scroll", role="region", tabIndex="0", **labelled)


def _csv_link(table: Table, page: Filed, lang: Lang) -> Component:
    query = "&".join(filter(None, (page.query, urlencode({"lang": lang}))))
    return html.A(
        [icon("download"), t(lang, T.CSV)],
        href=f"{page.path}/{table.parameter}.csv?{query}",
        className="button",
        id=f"{table.parameter}-csv",
        **{"aria-label": t(lang, T.CSV_OF, table=table.caption)},
    )


def _head(column: Column, children: object = None, **attributes: str) -> Component:
    align = "left" if column.decimals is None else "right"
    return dmc.TableTh(children or column.head, className=align, **attributes)


def _sort_head(table: Table, column: Column, page: Sortable, lang: Lang) -> Component:
    if column.key is None:
        return _head(column)
    active = table.order.column == column.key
    order = Order(column.key, descending=active and not table.order.descending)
    sorted_as = ("descending" if table.order.descending else "ascending") if active else "none"
    to = link(
        [column.head, icon(f"sort-{sorted_as}")],
        f"{page.path}?{page.query_with({table.parameter: order.text})}",
        id=f"{table.parameter}-sort-{column.key}",
    )
    return _head(column, to, id=f"{table.parameter}-head-{column.key}", **{"aria-sort": sorted_as})


def _row(table: Table, number: int, lang: Lang) -> Component:
    row = table.rows[number]
    cells = enumerate(zip(row, table.columns, strict=True))
    to = table.links[number] if table.links else ""
    head = row[0].drawn if isinstance(row[0], Shown) else row[0]
    first = dmc.TableTh(link(head, to) if to else head)
    return dmc.TableTr(
        [first, *(_cell(cell, column, lang, full=table.bars.get(at, 0.0)) for at, (cell, column) in cells if at)]
    )


def _cell(cell: Cell, column: Column, lang: Lang, *, full: float) -> Component:
    if isinstance(cell, Shown):
        return dmc.TableTd(cell.drawn)
    if column.decimals is None:
        return dmc.TableTd(cell)
    if cell is None or isinstance(cell, str):
        return dmc.TableTd(cell or t(lang, T.UNKNOWN_VALUE), className="right")
    text = formats.number(cell, lang, column.decimals)
    return dmc.TableTd(
        [_bar(cell / full), html.Span(text, className="bar-number")] if full else text, className="right"
    )


def _bar(share: float) -> Component:
    """A solid bar, 1 being a full one; the number beside it says the same."""
    return html.Span(
        html.Span(className="bar-fill", style={"width": f"{min(max(share, 0.0), 1.0):.1%}"}),
        className="bar",
        **{"aria-hidden": "true"},
    )
