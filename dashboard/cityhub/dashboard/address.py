"""Addresses of pages, read from what a browser sends. Nothing of it is trusted; the unknown becomes a message page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Literal, get_args
from urllib.parse import quote, urlencode

from msgspec import Struct

from cityhub.dashboard.address_partner import PartnerPage, TablesPage, partner_page_at, tables_page_at
from cityhub.dashboard.address_query import LONGEST, Order, instant_in, parameter
from cityhub.dashboard.asked import Asked
from cityhub.dashboard.sandbox_address import SandboxEventsPage, SandboxPage, sandbox_page
from cityhub.dashboard.texts import T
from cityhub.kpi.kernel.windows import berlin

Span = Literal["60min", "6h", "24h", "48h", "14n", "30n", "14d", "30d", "7d", "12w", "12m", "ytd", "5y", "5s"]
_PAGE_DIGITS = 6
SOURCE_COLUMNS = ("source", "partner", "every", "state", "situation", "received", "rejected", "heard", "kpis")
"""What the table of sources can be sorted by."""


class Overview(Struct, frozen=True):
    """The seven fields."""


class FieldPage(Struct, frozen=True):
    """One action field: the KPI of its map (None: the first that has one) and the order of the map's table."""

    field_id: str
    kpi: str | None = None
    boroughs: Order = Order()

    @property
    def path(self) -> str:
        """The page's path without its view."""
        return "/field/" + quote(self.field_id, safe="")

    @property
    def query(self) -> str:
        """The view as a query string without the question mark."""
        return self.query_with({})

    def query_with(self, orders: Mapping[str, str]) -> str:
        """The same view with other orders of its tables."""
        chosen = {"kpi": self.kpi} if self.kpi else {}
        return urlencode(chosen | {"boroughs": self.boroughs.text} | dict(orders))


class KpiPage(Struct, frozen=True):
    """One KPI: its chart's span, what splits it (None: the first it has), its tables' orders, the instant looked at.

    Attributes:
        lamps: page of single lamps, from 0.
    """

    kpi_id: str
    span: Span | None = None
    series: Order = Order("period", descending=True)
    lines: Order = Order()
    boroughs: Order = Order()
    by: str | None = None
    asof: datetime | None = None
    lamps: int = 0

    @property
    def query(self) -> str:
        """The view as a query string without the question mark."""
        return self.query_with({})

    def query_with(self, orders: Mapping[str, str]) -> str:
        """The same view with other orders of its tables."""
        asof = f"{self.asof.astimezone(berlin()):%Y-%m-%dT%H:%M}" if self.asof else None
        said = {"span": self.span, "by": self.by, "asof": asof, "lamps": self.lamps or None}
        chosen = {name: text for name, text in said.items() if text}
        held = {"series": self.series.text, "lines": self.lines.text, "boroughs": self.boroughs.text}
        return urlencode(chosen | held | dict(orders))

    @property
    def path(self) -> str:
        """The page's path without its view."""
        return "/kpi/" + quote(self.kpi_id, safe="")


class EventsPage(Struct, frozen=True):
    """The events behind a number of a KPI: those that count, or those that do not; pages from 0.

    Attributes:
        subject: only those of this thing; "" = of all.
    """

    kpi_id: str
    asked: Asked = Asked()
    excluded: bool = False
    page: int = 0
    subject: str = ""

    @property
    def path(self) -> str:
        """The page's path without its view."""
        return f"/kpi/{quote(self.kpi_id, safe='')}/events"

    @property
    def query(self) -> str:
        """The view as a query string without the question mark."""
        subject = [("subject", self.subject)] if self.subject else []
        show = [("show", "excluded")] if self.excluded else []
        page = [("page", str(self.page))] if self.page else []
        return urlencode([*self.asked.pairs, *subject, *show, *page])

    @property
    def address(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}"


class TargetPage(Struct, frozen=True):
    """The targets of a KPI: those that were set, and for controllers a form. There is one view of it."""

    kpi_id: str
    query: ClassVar[str] = ""

    @property
    def path(self) -> str:
        """The page's address."""
        return f"/kpi/{quote(self.kpi_id, safe='')}/target"


class MasterplanPage(Struct, frozen=True):
    """Fields, goals, measures and KPIs, and the programmes behind them."""

    @property
    def path(self) -> str:
        """The page's address."""
        return "/masterplan"

    @property
    def query(self) -> str:
        """There is one view of it."""
        return ""


class DataPage(Struct, frozen=True):
    """The data quality of all sources, and the order of their table by the place of its column."""

    sources: Order = Order("source")

    @property
    def path(self) -> str:
        """The page's path without its view."""
        return "/data"

    @property
    def query(self) -> str:
        """The view as a query string without the question mark."""
        return self.query_with({})

    def query_with(self, orders: Mapping[str, str]) -> str:
        """The same view with another order of its table."""
        return urlencode({"sources": self.sources.text} | dict(orders))


class AccessibilityPage(Struct, frozen=True):
    """The accessibility statement."""


class Missing(Struct, frozen=True):
    """No page; the reason is shown."""

    reason: T


Address = (
    Overview
    | FieldPage
    | KpiPage
    | EventsPage
    | TargetPage
    | MasterplanPage
    | DataPage
    | PartnerPage
    | TablesPage
    | AccessibilityPage
    | SandboxPage
    | SandboxEventsPage
    | Missing
)


def _partner_page(query: object) -> Address:
    return partner_page_at(query) or Missing(T.MISSING_PAGE)


def _data_page(query: object) -> Address:
    order = Order.parse(parameter(query, "sources") or "source", SOURCE_COLUMNS)
    return Missing(T.MISSING_VIEW) if order is None else DataPage(order)


def _field_page(below: Sequence[str], query: object) -> Address | None:
    order = Order.parse(parameter(query, "boroughs") or "period")
    if order is None:
        return Missing(T.MISSING_VIEW)
    return FieldPage(below[0], parameter(query, "kpi"), order) if len(below) == 1 else None


_PLAIN: dict[str, Callable[[object], Address]] = {
    "data": _data_page,
    "masterplan": lambda _: MasterplanPage(),
    "accessibility": lambda _: AccessibilityPage(),
    "partner": _partner_page,
    "partner/tables": tables_page_at,
}
_DEEP: dict[str, Callable[[Sequence[str], object], Address | None]] = {"field": _field_page, "sandbox": sandbox_page}
"""Pages by the first part of their path: those without a path below, and others."""


def parse(path: object, query: object) -> Address:
    """Which page a path and a query string (with or without `?`) ask for. Ids are not looked up here."""
    if not isinstance(path, str) or len(path) > LONGEST:
        return Missing(T.MISSING_PAGE)
    match path.rstrip("/").split("/"):
        case ["", *names] if (plain := "/".join(names)) in _PLAIN:
            return _PLAIN[plain](query)
        case [""]:
            return Overview()
        case ["", name, *parts] if name in _DEEP:
            return _DEEP[name](parts, query) or Missing(T.MISSING_PAGE)
        case ["", "kpi", kpi_id, *rest] if (below := "/".join(rest)) in _BELOW_KPI:
            return _BELOW_KPI[below](kpi_id, query)
    return Missing(T.MISSING_PAGE)


def _kpi_page(kpi_id: str, query: object) -> Address:
    span = parameter(query, "span")
    series = Order.parse(parameter(query, "series") or "-period")
    lines, boroughs = (Order.parse(parameter(query, name) or "period") for name in ("lines", "boroughs"))
    asof = instant_in(said) if (said := parameter(query, "asof")) else None
    lamps = _page_number(query, "lamps")
    if (
        span not in (None, *get_args(Span))
        or lamps is None
        or series is None
        or lines is None
        or boroughs is None
        or (said and not asof)
    ):
        return Missing(T.MISSING_VIEW)
    return KpiPage(kpi_id, span, series, lines, boroughs, parameter(query, "by"), asof, lamps)  # type: ignore[arg-type]


def _events_page(kpi_id: str, query: object) -> Address:
    shown, page, asked = parameter(query, "show") or "counted", _page_number(query, "page"), Asked.parse(query)
    if asked is None or shown not in ("counted", "excluded") or page is None:
        return Missing(T.MISSING_VIEW)
    return EventsPage(kpi_id, asked, shown == "excluded", page, parameter(query, "subject") or "")


def _page_number(query: object, name: str) -> int | None:
    """From 0, where none is named as well; None = it is no number, or too long a one."""
    said = parameter(query, name) or "0"
    return int(said) if said.isdecimal() and len(said) <= _PAGE_DIGITS else None


_BELOW_KPI: dict[str, Callable[[str, object], Address]] = {
    "": _kpi_page,
    "events": _events_page,
    "target": lambda kpi_id, _: TargetPage(kpi_id),
}
"""Pages of a KPI, by the rest of their path."""
