"""Addresses of pages, read from what a browser sends. Nothing of it is trusted; the unknown becomes a message page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args
from urllib.parse import parse_qs, quote, urlencode

from msgspec import Struct

from cityhub.dashboard.texts import T

Span = Literal["60min", "6h", "24h", "48h", "14n", "30n", "14d", "30d", "7d", "12w", "12m", "ytd", "5y", "5s"]
Column = Literal["period", "value", "n"]
LONGEST = 500
_PAGE_DIGITS = 6


class Order(Struct, frozen=True):
    """How a table is sorted."""

    column: Column = "period"
    descending: bool = False

    @property
    def text(self) -> str:
        """`-value` for descending by value."""
        return ("-" if self.descending else "") + self.column

    @classmethod
    def parse(cls, text: str) -> Order | None:
        """None when there is no such order."""
        column = text.removeprefix("-")
        return cls(column, text.startswith("-")) if column in get_args(Column) else None  # type: ignore[arg-type]


class Overview(Struct, frozen=True):
    """The seven fields."""


class FieldPage(Struct, frozen=True):
    """One action field."""

    field_id: str


class KpiPage(Struct, frozen=True):
    """One KPI: the span of its chart (None: the first that it offers) and the order of its two tables."""

    kpi_id: str
    span: Span | None = None
    series: Order = Order("period", descending=True)
    lines: Order = Order()

    @property
    def query(self) -> str:
        """The view as a query string without the question mark."""
        return self.query_with({})

    def query_with(self, orders: Mapping[str, str]) -> str:
        """The same view with other orders of its tables."""
        chosen = {"span": self.span} if self.span else {}
        return urlencode(chosen | {"series": self.series.text, "lines": self.lines.text} | dict(orders))

    @property
    def path(self) -> str:
        """The page's path without its view."""
        return "/kpi/" + quote(self.kpi_id, safe="")


class EventsPage(Struct, frozen=True):
    """The events behind a KPI's newest number: those that count, or those that do not; pages from 0."""

    kpi_id: str
    excluded: bool = False
    page: int = 0

    @property
    def path(self) -> str:
        """The page's path without its view."""
        return f"/kpi/{quote(self.kpi_id, safe='')}/events"

    @property
    def query(self) -> str:
        """The view as a query string without the question mark."""
        return urlencode({"show": "excluded" if self.excluded else "counted", "page": self.page})


class DataPage(Struct, frozen=True):
    """The partners' data state."""


class AccessibilityPage(Struct, frozen=True):
    """The accessibility statement."""


class Missing(Struct, frozen=True):
    """No page; the reason is shown."""

    reason: T


Address = Overview | FieldPage | KpiPage | EventsPage | DataPage | AccessibilityPage | Missing


_PLAIN: dict[str, Address] = {"data": DataPage(), "accessibility": AccessibilityPage()}


def parse(path: object, query: object) -> Address:
    """Which page a path and a query string (with or without `?`) ask for. Ids are not looked up here."""
    if not isinstance(path, str) or len(path) > LONGEST:
        return Missing(T.MISSING_PAGE)
    match path.rstrip("/").split("/"):
        case ["", name] if name in _PLAIN:
            return _PLAIN[name]
        case [""]:
            return Overview()
        case ["", "field", field_id]:
            return FieldPage(field_id)
        case ["", "kpi", kpi_id, *rest] if rest in ([], ["events"]):
            return _events_page(kpi_id, query) if rest else _kpi_page(kpi_id, query)
    return Missing(T.MISSING_PAGE)


def parameter(query: object, name: str) -> str | None:
    """One parameter of a query string, or None; anything that is no query string has none."""
    if not isinstance(query, str) or len(query) > LONGEST:
        return None
    return parse_qs(query.removeprefix("?")).get(name, [None])[0]


def _kpi_page(kpi_id: str, query: object) -> Address:
    span = parameter(query, "span")
    series = Order.parse(parameter(query, "series") or "-period")
    lines = Order.parse(parameter(query, "lines") or "period")
    if span not in (None, *get_args(Span)) or series is None or lines is None:
        return Missing(T.MISSING_VIEW)
    return KpiPage(kpi_id, span, series, lines)  # type: ignore[arg-type]


def _events_page(kpi_id: str, query: object) -> Address:
    shown, page = parameter(query, "show") or "counted", parameter(query, "page") or "0"
    if shown not in ("counted", "excluded") or not page.isdecimal() or len(page) > _PAGE_DIGITS:
        return Missing(T.MISSING_VIEW)
    return EventsPage(kpi_id, shown == "excluded", int(page))
