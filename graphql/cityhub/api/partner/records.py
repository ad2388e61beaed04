"""`/v1/partner/ledger` and `/v1/partner/trace/{id}`: what became of a partner's events (docs/ledger.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import Protocol

from msgspec import Struct
from starlette.requests import Request
from starlette.routing import Route

from cityhub.api.app import PrincipalOf
from cityhub.api.partner.answering import answering
from cityhub.api.partner.asking import of_query, wrong
from cityhub.api.partner.who import Whose, partner_of
from cityhub.kpi.ledger.balance import Balance
from cityhub.kpi.ledger.trace import Trace
from cityhub.sdk.event import MAX_TEXT


class _Days(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Attributes: since, until = local days, both included. partner: only for operators."""

    since: date | None = None
    until: date | None = None
    partner: str = ""


class Ledger(Protocol):
    """`kpi.ledger.reader.LedgerReader`."""

    def balance(self, partner: str, since: date | None = None, until: date | None = None) -> Balance: ...
    def differences(self) -> Mapping[str, int]: ...


class Finder(Protocol):
    """`kpi.ledger.trace.Traces`."""

    async def trace(self, partner: str, id_: str) -> Trace: ...


class RecordRoutes:
    """The routes' handlers."""

    def __init__(self, ledger: Ledger, finder: Finder, principal_of: PrincipalOf) -> None:
        self._ledger = ledger
        self._finder = finder
        self._principal_of = principal_of

    def routes(self) -> list[Route]:
        """To be put on a server."""
        return [
            Route("/v1/partner/ledger", answering(self._balance), methods=["GET"]),
            Route("/v1/partner/trace/{id:path}", answering(self._trace), methods=["GET"]),
        ]

    async def _balance(self, request: Request) -> object:
        principal = await self._principal_of(request)
        partner = partner_of(principal, request.query_params.get("partner", ""))
        asked = of_query(request.query_params, _Days)
        return await asyncio.to_thread(self._ledger.balance, partner, asked.since, asked.until)

    async def _trace(self, request: Request) -> object:
        principal = await self._principal_of(request)
        partner = partner_of(principal, request.query_params.get("partner", ""))
        of_query(request.query_params, Whose)
        id_ = request.path_params["id"]
        if not 0 < len(id_) <= MAX_TEXT:
            raise wrong(f"an id has 1 to {MAX_TEXT} characters, this one has {len(id_)}")
        return await self._finder.trace(partner, id_)
