"""What the plan is made of: fields with goals, goals with KPIs, programmes with measures. Pure; docs/masterplan.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cityhub.sdk.text import Text


class Goal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a field wants in part, and the KPIs that measure it."""

    id: str
    name: Text
    kpis: tuple[str, ...]


class FieldPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One action field: what it wants in one sentence, and its goals."""

    field: str
    wants: Text
    goals: tuple[Goal, ...]


class Figure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A published number; `at_most`: it is a limit."""

    value: float
    at_most: bool = False


class Fact(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a measure changes, as a paper says it. `kpi` measures whether it does, in a unit of its own."""

    what: Text
    kpi: str
    unit: str
    before: Figure
    after: Figure
    source: Text


class Measure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One project or measure of a programme.

    Attributes:
        id: as events name it. field, goal: None = nobody has said to which it belongs. kpis: what it is to move.
        placeholder: its name is not known; it is there because the programme says how many there are.
    """

    id: str
    name: Text
    field: str | None = None
    goal: str | None = None
    weight: float | None = None
    kpis: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    placeholder: bool = False


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A field of a programme, as its events name it; a placeholder where the programme's own names are not known."""

    id: str
    name: Text
    placeholder: bool = False


class ProgrammeFacts(Struct, frozen=True, kw_only=True):
    """What is known of a programme without its measures.

    Attributes:
        total: measures that it has, by its paper; 0 = it is measured as a whole.
        progress: KPI that counts how far each measure is, in its dimension `measure`; None = none does.
        kpis: what it is measured by as a whole.
        named: measures whose name a paper says without their id.
    """

    id: str
    name: Text
    sentence: Text
    source: Text
    total: int = 0
    progress: str | None = None
    kpis: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    named: tuple[Measure, ...] = ()


class Programme(ProgrammeFacts, frozen=True, kw_only=True):
    """A programme. Attributes: measures = all that have an id; imported = whether they were imported."""

    measures: tuple[Measure, ...] = ()
    imported: bool = False


class Masterplan(Struct, frozen=True):
    """All of it."""

    fields: tuple[FieldPlan, ...]
    programmes: tuple[Programme, ...]

    def of_field(self, field: str) -> FieldPlan | None:
        """What a field wants; None for a field without a plan, such as `platform`."""
        return next((one for one in self.fields if one.field == field), None)

    def goals_of(self, field: str) -> tuple[Goal, ...]:
        """A field's goals, in the order in which they are shown."""
        found = self.of_field(field)
        return found.goals if found else ()

    def programme(self, programme: str) -> Programme | None:
        """A programme by its id."""
        return next((one for one in self.programmes if one.id == programme), None)

    def measures_for(self, goal: Goal) -> Sequence[Measure]:
        """Measures that say so, or that are to move one of the goal's KPIs."""
        return [
            one for one in self.measures() if one.goal == goal.id or (one.goal is None and set(one.kpis) & {*goal.kpis})
        ]

    def measures_of(self, field: str) -> Sequence[tuple[Goal | None, Measure]]:
        """A field's measures in the order of its goals; last, with None, those that say the field and no goal of it."""
        found = [(goal, one) for goal in self.goals_of(field) for one in self.measures_for(goal)]
        placed = [one for _, one in found]
        return [*found, *((None, one) for one in self.measures() if one.field == field and one not in placed)]

    def measures(self) -> Iterator[Measure]:
        """Of all programmes, those whose names are known first."""
        for programme in self.programmes:
            yield from programme.named
            yield from programme.measures

    def with_imports(self, imports: Mapping[str, Sequence[Measure]]) -> Masterplan:
        """With the measures that were imported, by programme, in place of those that the hub brings along."""
        merged = (
            replace(one, named=(), measures=tuple(imports[one.id]), imported=True) if one.id in imports else one
            for one in self.programmes
        )
        return Masterplan(self.fields, tuple(merged))
