"""Addresses of a partner's side. Whose it is, and what is there, is not looked up here."""

from __future__ import annotations

from urllib.parse import urlencode

from msgspec import Struct

from cityhub.dashboard.address_query import LONGEST, parameter
from cityhub.sdk.event import MAX_TEXT

_LONGEST_TRACE = 12 * MAX_TEXT + LONGEST
"""A character of an id takes up to twelve in an address."""


class PartnerPage(Struct, frozen=True):
    """What became of a partner's events.

    Attributes:
        partner: whose; "" = the viewer's own. trace: id of the event whose way is asked for; "" = of none.
    """

    partner: str = ""
    trace: str = ""

    @property
    def path(self) -> str:
        """The page's path without its view."""
        return "/partner"

    @property
    def query(self) -> str:
        """The view as a query string without the question mark."""
        return urlencode([(name, said) for name, said in (("partner", self.partner), ("trace", self.trace)) if said])

    @property
    def address(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path


class TablesPage(Struct, frozen=True):
    """Where a partner hands in tables.

    Attributes:
        feed, table: which one; "" = none is chosen yet. upload: id of a file that was handed in; "" = none.
    """

    feed: str = ""
    table: str = ""
    upload: str = ""

    @property
    def address(self) -> str:
        """Path and query."""
        said = (("feed", self.feed), ("table", self.table), ("upload", self.upload))
        query = urlencode([(name, value) for name, value in said if value])
        return f"/partner/tables?{query}" if query else "/partner/tables"


def partner_page_at(query: object) -> PartnerPage | None:
    """The page that a query asks for; None = it is longer than any."""
    if isinstance(query, str) and len(query) > _LONGEST_TRACE:
        return None
    partner, trace = (parameter(query, name, _LONGEST_TRACE) or "" for name in ("partner", "trace"))
    return PartnerPage(partner, trace.strip())


def tables_page_at(query: object) -> TablesPage:
    """The page that a query asks for."""
    return TablesPage(*(parameter(query, name) or "" for name in ("feed", "table", "upload")))
