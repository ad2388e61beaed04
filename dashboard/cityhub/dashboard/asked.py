"""Which number of a KPI an address names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Self

from msgspec import Struct

from cityhub.dashboard.address_query import LONGEST, instant_in, parameter, parameters
from cityhub.kpi.reader import anchor_of
from cityhub.kpi.values import KpiValue, WindowKind


class Asked(Struct, frozen=True):
    """A number of a KPI: of the window kind that holds an instant, for a place and held dimensions.

    Attributes:
        window: None = the default kind. at: None = the newest window that is over.
    """

    window: WindowKind | None = None
    at: datetime | None = None
    scope: str = "city"
    dimensions: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, value: KpiValue) -> Self:
        """What asks for a published number."""
        return cls(value.window, anchor_of(value), value.scope, tuple(value.dimensions.items()))

    @classmethod
    def parse(cls, query: object) -> Self | None:
        """None when there is no such window or instant, or the query is too long to be read whole.

        Places and dimensions are not looked up here.
        """
        if isinstance(query, str) and len(query) > LONGEST:
            return None
        window, at = parameter(query, "window"), parameter(query, "at")
        kind = next((kind for kind in WindowKind if kind.value == window), None)
        instant = None if at is None else instant_in(at)
        if (window and kind is None) or (at and instant is None):
            return None
        pairs = tuple(text.partition("=")[::2] for text in parameters(query, "dimension"))
        return cls(kind, instant, parameter(query, "scope") or "city", pairs)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """As parameters of a query."""
        found = [("window", self.window.value)] if self.window else []
        found += [("at", f"{self.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")] if self.at else []
        found += [("scope", self.scope)] if self.scope != "city" else []
        return found + [("dimension", f"{name}={value}") for name, value in self.dimensions]
