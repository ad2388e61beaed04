"""Addresses of the sandbox's pages. Nothing of them is trusted: a tenant's name has the letters that names have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote, urlencode

from msgspec import Struct

from cityhub.dashboard.address_query import parameter
from cityhub.dashboard.asked import Asked

_TENANT = re.compile(r"[a-z][a-z0-9-]{1,29}[a-z0-9]")
_KPI = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,59}")
_PAGE = re.compile(r"[0-9]{1,6}")


class SandboxPage(Struct, frozen=True):
    """A tenant. Attributes: tenant = "": the list of them."""

    tenant: str = ""

    @property
    def path(self) -> str:
        """The page's address."""
        return f"/sandbox/{self.tenant}" if self.tenant else "/sandbox"

    @property
    def query(self) -> str:
        """There is one view of it."""
        return ""


class SandboxEventsPage(Struct, frozen=True):
    """Events behind a number of a tenant's room; pages from 0. Attributes: asked = with window and instant."""

    tenant: str
    kpi: str
    asked: Asked
    excluded: bool = False
    page: int = 0

    @property
    def address(self) -> str:
        """Path and query."""
        said = [("kpi", self.kpi), *self.asked.pairs]
        said += [("show", "excluded")] if self.excluded else []
        said += [("page", str(self.page))] if self.page else []
        return f"/sandbox/{quote(self.tenant, safe='')}/events?{urlencode(said)}"


def sandbox_page(below: Sequence[str], query: object) -> SandboxPage | SandboxEventsPage | None:
    """What a path below `/sandbox` and a query ask for; None = nothing that there is."""
    match below:
        case []:
            return SandboxPage()
        case [tenant, *rest] if _TENANT.fullmatch(tenant):
            return SandboxPage(tenant) if not rest else _events(tenant, query) if rest == ["events"] else None
    return None


def _events(tenant: str, query: object) -> SandboxEventsPage | None:
    kpi, asked, page = parameter(query, "kpi") or "", Asked.parse(query), parameter(query, "page") or "0"
    show = parameter(query, "show") or "counted"
    if asked is None or asked.window is None or asked.at is None or show not in {"counted", "excluded"}:
        return None
    known = _KPI.fullmatch(kpi) and _PAGE.fullmatch(page)
    return SandboxEventsPage(tenant, kpi, asked, show == "excluded", int(page)) if known else None
