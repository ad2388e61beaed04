"""One published number."""

from __future__ import annotations

from datetime import datetime

import strawberry

from cityhub.api.context import Info
from cityhub.api.described import described
from cityhub.api.enums import Label, Language, Reason, WindowKind, spoken
from cityhub.api.health import Health
from cityhub.api.scalars import Long
from cityhub.kpi import values
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.health.kpi import health_of
from cityhub.kpi.naming import NamedText, stands_beside


@strawberry.type(description="One dimension and its value.")
class Dimension:
    name: str
    value: str


@strawberry.type(description="A count shown beside the value, such as cancelled trips.")
class BesideCount:
    text: strawberry.Private[NamedText]
    name: str
    count: Long

    @described("Name for readers.")
    def title(self, lang: Language = Language.DE) -> str:
        return spoken(self.text.title, lang)


@strawberry.type(description="A further value of the same KPI, such as its 90th percentile.")
class NamedValue:
    text: strawberry.Private[NamedText]
    name: str
    unit: str = strawberry.field(description="UCUM.")
    value: float | None = strawberry.field(description="In `unit`; null is unknown, which is never 0.")

    @described("Name for readers.")
    def title(self, lang: Language = Language.DE) -> str:
        return spoken(self.text.title, lang)


@strawberry.type(description="A versioned denominator, such as the population.")
class ReferenceValue:
    name: str
    value: Long


@strawberry.type(description="The value of a KPI in one window.")
class KpiValue:
    definition: strawberry.Private[KpiDefinition]
    published: strawberry.Private[values.KpiValue]
    kpi: strawberry.ID
    definition_version: int
    window: WindowKind
    scope: str = strawberry.field(description="`city`, or a borough such as `STB01`.")
    dimensions: list[Dimension] = strawberry.field(description="Empty: all taken together.")
    start: datetime = strawberry.field(description="Begin of the half-open window, UTC.")
    end: datetime = strawberry.field(description="End of the half-open window, UTC.")
    value: float | None = strawberry.field(description="In `unit`; null is unknown, which is never 0.")
    unit: str = strawberry.field(description="UCUM.")
    numerator: Long = strawberry.field(
        description="The value is numerator ÷ denominator, scaled to its unit; of a quantile, the value found."
    )
    denominator: Long = strawberry.field(description="Of a quantile: how many values there are.")
    n: Long = strawberry.field(description="Events counted into the value.")
    beside: list[BesideCount]
    named: list[NamedValue]
    coverage: float | None = strawberry.field(
        description="Share of the time that was observed, 0 to 1; null where the KPI measures no time."
    )
    references: list[ReferenceValue] = strawberry.field(description="The denominators that were applied.")
    synthetic: bool = strawberry.field(description="True when any counted event comes from a simulation.")
    label: Label
    reasons: list[Reason] = strawberry.field(description="Why a corrected value changed; else empty.")
    revision: int = strawberry.field(description="Grows by one with every change of this window; 0: not kept (`asOf`).")
    inputs_up_to: datetime = strawberry.field(description="Arrival of the newest event the value knows of.")
    digest: str = strawberry.field(description="128-bit digest of the counted events, 32 hex digits.")
    suppressed: bool = strawberry.field(
        description="Withheld: few people are behind it, or behind what would follow from it. Its numbers say nothing."
    )
    rounded_to: int | None = strawberry.field(
        description="Of a KPI about people: counts are multiples of this smallest group; null: counts are exact."
    )
    definition_hash: str = strawberry.field(
        description="SHA-256 of the definition it was made with; empty in values of older engines."
    )

    @classmethod
    def of(cls, definition: KpiDefinition, value: values.KpiValue) -> KpiValue:
        """The API's shape of a published value."""
        beside = stands_beside(definition, value)
        return cls(
            definition=definition,
            published=value,
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
                BesideCount(text=one.text, name=one.name, count=Long(value.beside[one.name]))
                for one in beside
                if one.name in value.beside
            ],
            named=[
                NamedValue(text=one.text, name=one.name, unit=one.text.unit, value=one.value)
                for one in beside
                if one.name in value.named
            ],
            coverage=value.coverage,
            references=[ReferenceValue(name=name, value=Long(size)) for name, size in value.references.items()],
            synthetic=value.synthetic,
            label=value.label,
            reasons=[Reason(reason) for reason in value.reasons],
            revision=value.revision,
            inputs_up_to=value.inputs_up_to,
            digest=value.digest,
            suppressed=value.suppressed,
            rounded_to=value.minimum_group or None,
            definition_hash=value.definition_hash,
        )

    @described("Whether it can be relied on: by its sources at the window's end, in a running one now.")
    def health(self, info: Info) -> Health:
        at = min(self.published.end, info.context.clock())
        return Health.of(health_of(self.definition, self.published, info.context.reader.source_healths(at)))
