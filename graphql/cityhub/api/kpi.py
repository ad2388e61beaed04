"""A KPI: what it means and where its numbers are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import strawberry

from cityhub.api.access import is_city
from cityhub.api.context import Info
from cityhub.api.cut import DimensionInput, check_dimension, cut_of, scopes_of
from cityhub.api.described import described
from cityhub.api.enums import Audience, Direction, Language, MeasureClass, Stability, WindowKind, spoken
from cityhub.api.errors import InvalidArgument
from cityhub.api.health import Health
from cityhub.api.past import Remembered
from cityhub.api.proof import Audit, Contributions, Receipt, VersionDecision, ask, check_open, check_page
from cityhub.api.series import MAX_WINDOWS, Series
from cityhub.api.standing import Judged, Siblings
from cityhub.api.value import KpiValue
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.kernel.windows import STEP, window_at
from cityhub.kpi.naming import NamedText, named_values
from cityhub.kpi.proof.service import Number, number
from cityhub.kpi.reader import anchor_of, instant, last_windows

MAX_LAST = 500


@strawberry.type(description="An event type a KPI is counted from.")
class KpiSource:
    name: str
    type: str = strawberry.field(description="CloudEvents type.")
    cadence_s: int = strawberry.field(description="Expected seconds between events.")
    lateness_s: int = strawberry.field(description="Seconds after its end for which a window stays provisional.")


@strawberry.type(description="A standard or paper that a KPI leans on.")
class Standard:
    text: str
    verified: bool = strawberry.field(description="Whether somebody read there that it says so.")


@strawberry.type(description="A published figure to compare with; not counted by the hub.")
class Baseline:
    value: float
    period: str
    source: str


@strawberry.type(description="What a further value of a KPI is called, wherever its values have one.")
class NamedTitle:
    text: strawberry.Private[NamedText]
    name: str
    unit: str = strawberry.field(description="UCUM.")

    @described("Name for readers.")
    def title(self, lang: Language = Language.DE) -> str:
        return spoken(self.text.title, lang)


@strawberry.type(description="A KPI. Without `window` its numbers are those of its default window.")
class Kpi(Judged, Remembered):
    id: strawberry.ID
    version: int
    field: strawberry.ID = strawberry.field(description="Action field.")
    unit: str = strawberry.field(description="UCUM.")
    direction: Direction
    owner: str
    audience: Audience
    windows: list[WindowKind]
    default_window: WindowKind
    scopes: list[str] = strawberry.field(description="Places it has numbers for.")
    dimensions: list[str] = strawberry.field(description="Names its numbers can be split by.")
    measure: MeasureClass
    named_values: list[NamedTitle] = strawberry.field(
        description="Everything that can stand in `beside` and `named` of its values."
    )
    sources: list[KpiSource]
    value_of: strawberry.ID | None = strawberry.field(
        description="The KPI that this is a further value of, with a measure of its own; null = a KPI by itself."
    )
    stability: Stability
    baseline: list[Baseline]
    minimum_group: int | None = strawberry.field(description="Smallest group of people that is shown.")
    reference: list[Standard] = strawberry.field(description="Standards and papers it leans on.")

    @classmethod
    def all_of(cls, definitions: Sequence[KpiDefinition]) -> list[Kpi]:
        """The API's shapes of the definitions of one answer."""
        siblings = Siblings(definitions)
        return [cls._of(one, siblings) for one in definitions]

    @classmethod
    def _of(cls, definition: KpiDefinition, siblings: Siblings) -> Kpi:
        return cls(
            definition=definition,
            siblings=siblings,
            id=strawberry.ID(definition.id),
            version=definition.version,
            field=strawberry.ID(definition.field),
            unit=definition.unit,
            direction=Direction(definition.direction),
            owner=definition.owner,
            audience=Audience(definition.audience),
            windows=list(definition.windows),
            default_window=definition.default_window,
            scopes=list(scopes_of(definition)),
            dimensions=list(definition.dimensions),
            measure=MeasureClass(type(definition.measure).__name__.lower()),
            named_values=[
                NamedTitle(text=text, name=name, unit=text.unit) for name, text in named_values(definition).items()
            ],
            sources=[
                KpiSource(name=name, type=source.type, cadence_s=source.cadence_s, lateness_s=source.lateness_s)
                for name, source in definition.sources.items()
            ],
            value_of=None if definition.value_of is None else strawberry.ID(definition.value_of),
            stability=Stability(definition.stability),
            baseline=[Baseline(value=one.value, period=one.period, source=one.source) for one in definition.baseline],
            minimum_group=definition.minimum_group,
            reference=[Standard(text=one.text, verified=one.verified) for one in definition.reference],
        )

    @described("SHA-256 of everything that affects the number.")
    def definition_hash(self) -> str:
        return self.definition.hash

    @strawberry.field
    def name(self, lang: Language = Language.DE) -> str:
        return spoken(self.definition.name, lang)

    @described("What it measures, in one plain sentence.")
    def sentence(self, lang: Language = Language.DE) -> str:
        return spoken(self.definition.sentence, lang)

    @described("The question it answers.")
    def question(self, lang: Language = Language.DE) -> str:
        return spoken(self.definition.question, lang)

    @strawberry.field
    def formula(self, lang: Language = Language.DE) -> str:
        return spoken(self.definition.formula, lang)

    @described("Whether it can be relied on now.")
    def health(self, info: Info) -> Health:
        return Health.of(self._standing(info).health)

    @described("The newest window; null where nothing was counted yet.")
    def latest(
        self,
        info: Info,
        *,
        window: WindowKind | None = None,
        scope: str = "city",
        dimensions: Sequence[DimensionInput] = (),
    ) -> KpiValue | None:
        cut = cut_of(self.definition, window, scope, dimensions)
        found = info.context.reader.latest(cut.kpi_id, cut.window, scope=cut.scope, dimensions=cut.dimensions)
        return KpiValue.of(self.definition, found) if found else None

    @described("The newest `last` windows, 1 to 500, oldest first. Windows without events are absent.")
    def values(
        self,
        info: Info,
        *,
        window: WindowKind | None = None,
        scope: str = "city",
        dimensions: Sequence[DimensionInput] = (),
        last: int = 1,
    ) -> list[KpiValue]:
        if not 1 <= last <= MAX_LAST:
            raise InvalidArgument(f"last: {last} is not within 1 to {MAX_LAST}; `series` answers more windows at once")
        cut = cut_of(self.definition, window, scope, dimensions)
        reader = info.context.reader
        newest = reader.latest(cut.kpi_id, cut.window, scope=cut.scope, dimensions=cut.dimensions)
        if newest is None:
            return []
        start = instant(last_windows(cut.window, anchor_of(newest), last)[0].anchor)
        found = reader.series(cut.kpi_id, cut.window, start, newest.end, scope=cut.scope, dimensions=cut.dimensions)
        return [KpiValue.of(self.definition, value) for value in found]

    @described(
        "Windows that start in [from, to), at most 2000; `to` is now when left out. "
        "Of windows that overlap, those whose last day does."
    )
    async def series(
        self,
        info: Info,
        *,
        from_: Annotated[datetime, strawberry.argument(name="from")],
        to: datetime | None = None,
        window: WindowKind | None = None,
        scope: str = "city",
        dimensions: Sequence[DimensionInput] = (),
    ) -> Series:
        cut = cut_of(self.definition, window, scope, dimensions)
        end = to or info.context.clock()
        if from_ >= end:
            raise InvalidArgument(f"from: {from_.isoformat()} is not before {end.isoformat()}")
        if end - from_ > STEP[cut.window] * MAX_WINDOWS:
            raise InvalidArgument(f"from, to: more than {MAX_WINDOWS} windows; ask in parts or for longer windows")
        read = info.context.reader.series
        rows = await asyncio.to_thread(
            read, cut.kpi_id, cut.window, from_, end, scope=cut.scope, dimensions=cut.dimensions, limit=MAX_WINDOWS
        )
        return Series(rows=rows, unit=self.definition.unit, window=cut.window)

    @described("One window split by a dimension. `start` is any instant in it, or in its last day; else the newest.")
    def breakdown(
        self,
        info: Info,
        *,
        dimension: str,
        window: WindowKind | None = None,
        start: datetime | None = None,
        scope: str = "city",
    ) -> list[KpiValue]:
        cut = cut_of(self.definition, window, scope, ())
        check_dimension(self.definition, dimension)
        reader = info.context.reader
        if start is None:
            newest = reader.latest(cut.kpi_id, cut.window, scope=cut.scope)
            if newest is None:
                return []
            start = anchor_of(newest)
        anchor = instant(window_at(cut.window, int(start.timestamp())).anchor)
        found = reader.breakdown(cut.kpi_id, cut.window, anchor, dimension, scope=cut.scope)
        return [KpiValue.of(self.definition, value) for value in found]

    @described("The events behind one window's number: `first` (1 to 100) of them after as many as `after`.")
    async def contributions(
        self,
        info: Info,
        *,
        window: WindowKind | None = None,
        start: datetime | None = None,
        scope: str = "city",
        dimensions: Sequence[DimensionInput] = (),
        excluded: bool = False,
        after: int = 0,
        first: int = 25,
    ) -> Contributions | None:
        check_page(after, first)
        check_open(info.context, self.definition)
        asked = self._number(info, window, start, scope, dimensions)
        if asked is None:
            return None
        context = info.context
        found = await ask(context, lambda proofs: proofs.page(asked, first=after, size=first, excluded=excluded))
        return Contributions.of(found, context.principal, self.definition)

    @described("The receipt of one window's number, made now. `start` is any instant in it; else the newest.")
    async def receipt(
        self,
        info: Info,
        *,
        window: WindowKind | None = None,
        start: datetime | None = None,
        scope: str = "city",
        dimensions: Sequence[DimensionInput] = (),
    ) -> Receipt | None:
        check_open(info.context, self.definition)
        asked = self._number(info, window, start, scope, dimensions)
        return None if asked is None else Receipt.of(await ask(info.context, lambda proofs: proofs.receipt(asked)))

    @described("The newest audit; null where there was none yet.")
    async def audit(self, info: Info) -> Audit | None:
        found = await ask(info.context, lambda proofs: proofs.audits())
        return next((Audit.of(state) for state in found if state.audit.kpi == self.definition.id), None)

    @described("Which version counted since when, who decided so, and why; oldest first.")
    def versions(self, info: Info) -> list[VersionDecision]:
        named = is_city(info.context.principal)
        return [VersionDecision.of(one, named=named) for one in info.context.reader.decisions(self.definition.id)]

    def _number(
        self,
        info: Info,
        window: WindowKind | None,
        start: datetime | None,
        scope: str,
        dimensions: Sequence[DimensionInput],
    ) -> Number | None:
        """The number that arguments name; None where nothing was counted yet."""
        cut = cut_of(self.definition, window, scope, dimensions)
        if start is None:
            newest = info.context.reader.latest(cut.kpi_id, cut.window, scope=cut.scope, dimensions=cut.dimensions)
            if newest is None:
                return None
            start = anchor_of(newest)
        return number(cut.kpi_id, cut.window, start, scope=cut.scope, dimensions=cut.dimensions)
