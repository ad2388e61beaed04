"""Many windows at once, as columns: one short array per number instead of one object per window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import strawberry

from cityhub.api.described import described
from cityhub.api.enums import Label, WindowKind
from cityhub.api.scalars import Long
from cityhub.kpi import values

MAX_WINDOWS = 2_000
"""Longest series one field answers: 83 days of hours, five years of days."""


@strawberry.type(
    description="Windows of a KPI as columns of equal length, oldest first. Windows without events are absent."
)
class Series:
    rows: strawberry.Private[Sequence[values.KpiValue]]
    unit: str = strawberry.field(description="UCUM.")
    window: WindowKind

    @described("Begin of each window, UTC.")
    def start(self) -> list[datetime]:
        return [row.start for row in self.rows]

    @described("End of each window, UTC.")
    def end(self) -> list[datetime]:
        return [row.end for row in self.rows]

    @described("In `unit`; null is unknown, which is never 0.")
    def value(self) -> list[float | None]:
        return [row.value for row in self.rows]

    @strawberry.field
    def numerator(self) -> list[Long]:
        return [Long(row.numerator) for row in self.rows]

    @strawberry.field
    def denominator(self) -> list[Long]:
        return [Long(row.denominator) for row in self.rows]

    @described("Events counted into each value.")
    def n(self) -> list[Long]:
        return [Long(row.n) for row in self.rows]

    @strawberry.field
    def label(self) -> list[Label]:
        return [row.label for row in self.rows]

    @described("True where any counted event comes from a simulation.")
    def synthetic(self) -> list[bool]:
        return [row.synthetic for row in self.rows]

    @described("True where the value is withheld: few people are behind it, or behind what would follow from it.")
    def suppressed(self) -> list[bool]:
        return [row.suppressed for row in self.rows]

    @strawberry.field
    def revision(self) -> list[int]:
        return [row.revision for row in self.rows]
