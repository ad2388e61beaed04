"""Every table of a page as a file: exactly what is shown, in the order in which it is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

import structlog
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from cityhub.adapters.errors import AdapterError
from cityhub.bus.errors import BusError
from cityhub.dashboard.address import (
    Address,
    DataPage,
    FieldPage,
    KpiPage,
    MasterplanPage,
    TargetPage,
    parse,
)
from cityhub.dashboard.address_partner import PartnerPage
from cityhub.dashboard.drawing import look
from cityhub.dashboard.export import csv_of
from cityhub.dashboard.facts import KpiFacts, read_facts
from cityhub.dashboard.pages.field import facts_of, map_table
from cityhub.dashboard.pages.kpi import boroughs_of, comparison_of, lines_of, series_of
from cityhub.dashboard.pages.masterplan import masterplan_tables
from cityhub.dashboard.pages.measures import measures_table
from cityhub.dashboard.pages.partner import TABLES, partner_table
from cityhub.dashboard.pages.series import spans_of
from cityhub.dashboard.pages.target import target_table
from cityhub.dashboard.preferences import Preferences, chosen_in, preferences
from cityhub.dashboard.services import Services
from cityhub.dashboard.source_table import source_table
from cityhub.dashboard.tables import Table
from cityhub.dashboard.texts import T, t
from cityhub.dashboard.view import View
from cityhub.kpi.errors import KpiError
from cityhub.kpi.kernel.windows import berlin

_log = structlog.get_logger()
Found = TypeVar("Found")

OF_KPI: dict[str, Callable[[View, KpiPage, KpiFacts], Table | None]] = {
    "series": series_of,
    "lines": lines_of,
    "boroughs": boroughs_of,
    "comparison": comparison_of,
}
PATHS = (
    *(f"/kpi/{{kpi_id}}/{name}.csv" for name in OF_KPI),
    "/kpi/{kpi_id}/target/targets.csv",
    "/field/{field_id}/boroughs.csv",
    "/field/{field_id}/measures.csv",
    "/data/sources.csv",
    "/masterplan/{table}.csv",
    *(f"/partner/{name}.csv" for name in TABLES),
)


class _NoTableError(Exception):
    """There is no such table; the text says why."""

    def __init__(self, why: T) -> None:
        super().__init__(why)
        self.why = why


class _Named(Struct, frozen=True):
    """A table and what its file is called by."""

    name: str
    table: Table | None


class TableFiles:
    """The handler of all these paths."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def answer(self, request: Request) -> Response:
        """The table of the page that the path without its last part names, as CSV."""
        return await asyncio.to_thread(self._answer, request)

    def _answer(self, request: Request) -> Response:
        chosen = chosen_by(request)
        try:
            path, _, file = request.url.path.rpartition("/")
            page = parse(path, request.url.query)
            view = look(self._services, chosen, page)
            found = _table(view, page, file.removesuffix(".csv"))
        except (KpiError, AdapterError, BusError) as error:
            _log.warning("file_unreadable", error=str(error))
            return PlainTextResponse(t(chosen.lang, T.UNREADABLE_TITLE), HTTPStatus.SERVICE_UNAVAILABLE)
        except _NoTableError as error:
            return PlainTextResponse(t(chosen.lang, error.why), HTTPStatus.NOT_FOUND)
        if found.table is None or not found.table.rows:
            return PlainTextResponse(t(chosen.lang, T.SERIES_EMPTY), HTTPStatus.NOT_FOUND)
        name = f"{found.name}-{view.now.astimezone(berlin()):%Y-%m-%d}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Response(csv_of(found.table, view.lang), media_type="text/csv; charset=utf-8", headers=headers)


def chosen_by(request: Request) -> Preferences:
    """What the reader of a request has chosen."""
    return preferences(chosen_in(request.query_params, request.cookies))


def _table(view: View, page: Address, name: str) -> _Named:
    """The table of a page.

    Raises:
        _NoTableError: the page does not exist, is not for this viewer, or cannot be looked at so.
    """
    match page:
        case KpiPage():
            return _kpi(view, page, name)
        case FieldPage():
            return _field(view, page, name)
        case DataPage():
            return _Named(name, source_table(view, page.sources))
        case MasterplanPage():
            return _Named(name, next((one for one in masterplan_tables(view) if one.parameter == name), None))
        case TargetPage():
            return _target(view, page, name)
        case PartnerPage():
            return _partner(view, page, name)
    raise _NoTableError(T.MISSING_VIEW)


def _kpi(view: View, page: KpiPage, name: str) -> _Named:
    definition = _found(view.find(page.kpi_id), T.MISSING_KPI)
    if page.span not in (None, *spans_of(definition)) or page.by not in (None, *definition.dimensions):
        raise _NoTableError(T.MISSING_VIEW)
    return _Named(f"{definition.id}-{name}", OF_KPI[name](view, page, read_facts(view, definition)))


def _field(view: View, page: FieldPage, name: str) -> _Named:
    facts = facts_of(view, view.visible(page.field_id))
    if page.kpi and page.kpi not in facts:
        raise _NoTableError(T.MISSING_KPI)
    table = measures_table(view, page.field_id) if name == "measures" else map_table(view, page, facts)
    return _Named(f"{page.field_id}-{name}", table)


def _target(view: View, page: TargetPage, name: str) -> _Named:
    definition = _found(view.find(page.kpi_id), T.MISSING_KPI)
    return _Named(f"{definition.id}-{name}", target_table(view, definition))


def _partner(view: View, page: PartnerPage, name: str) -> _Named:
    partner, table = _found(partner_table(view, page, name), T.MISSING_PARTNER)
    return _Named(f"{partner}-{name}", table)


def _found(found: Found | None, why: T) -> Found:
    if found is None:
        raise _NoTableError(why)
    return found
