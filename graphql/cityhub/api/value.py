"""One published number."""

from __future__ import annotations

from datetime import datetime

import strawberry

from cityhub.api.described import described
from cityhub.api.enums import Label, Language, WindowKind, spoken
from cityhub.api.scalars import Long
from cityhub.kpi import values
from cityhub.kpi.definition import CountTerm, KpiDefinition


@strawberry.type(description="One dimension and its value.")
class Dimension:
    name: str
    value: str


@strawberry.type(description="A count shown beside the value, such as cancelled trips.")
class BesideCount:
    term: strawberry.Private[CountTerm | None]
    name: str
    count: Long

    @described("Name for readers.")
    def title(self, lang: Language = Language.DE) -> str:
        return spoken(self.term.name, lang) if self.term and self.term.name else self.name


@strawberry.type(description="The value of a KPI in one window.")
class KpiValue:
    kpi: strawberry.ID
    definition_version: int
    window: WindowKind
    scope: str = strawberry.field(description="`city`, or a borough such as `STB01`.")
    dimensions: list[Dimension] = strawberry.field(description="Empty: all taken together.")
    start: datetime = strawberry.field(description="Begin of the half-open window, UTC.")
    end: datetime = strawberry.field(description="End of the half-open window, UTC.")
    value: float | None = strawberry.field(description="In `unit`; null is unknown, which is never 0.")
    unit: str = strawberry.field(description="UCUM.")
    numerator: Long = strawberry.field(description="The value is numerator ÷ denominator, scaled to its unit.")
    denominator: Long
    n: Long = strawberry.field(description="Events counted into the value.")
    beside: list[BesideCount]
    synthetic: bool = strawberry.field(description="True when any counted event comes from a simulation.")
    label: Label
    revision: int = strawberry.field(description="Grows by one with every change of this window.")
    inputs_up_to: datetime = strawberry.field(description="Arrival of the newest event the value knows of.")
    digest: str = strawberry.field(description="128-bit digest of the counted events, 32 hex digits.")

    @classmethod
    def of(cls, definition: KpiDefinition, value: values.KpiValue) -> KpiValue:
        """The API's shape of a published value."""
        return cls(
            kpi=strawberry.ID(value.kpi_id),
            definition_version=value.definition_version,
            window=value.window,
            scope=value.scope,
            dimensions=[Dimension(name=name, value=item) for name, item in value.dimensions.items()],
            start=value.start,
            end=value.end,
            value=value.value,
            unit=value.unit,
            numerator=Long(value.numerator),
            denominator=Long(value.denominator),
            n=Long(value.n),
            beside=[
                BesideCount(term=definition.beside.get(name), name=name, count=Long(count))
                for name, count in value.beside.items()
            ],
            synthetic=value.synthetic,
            label=value.label,
            revision=value.revision,
            inputs_up_to=value.inputs_up_to,
            digest=value.digest,
        )
