"""Random and hand-made observations, and what the cells make of them, in the oracle's words. All are synthetic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from hypothesis import strategies as st

from cityhub.kpi.kernel.bucket import DIGEST, FIRST_SLOT, SYNTHETIC, Deltas, N, Vector
from cityhub.kpi.kernel.cells import (
    CellKind,
    CorrectableCell,
    DistinctCell,
    JoinCell,
    LatestCell,
    Observation,
    StateCell,
)
from cityhub.kpi.kernel.histogram import bin_of
from cityhub.kpi.kernel.windows import Grain
from cityhub.kpi.values import WindowKind
from tests.unit.kpi import oracle

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
ROLES = ("first", "then")
NAMES = ("n", "synthetic_n", "digest")


def ms(text: str) -> int:
    """Epoch ms of a local time such as `2026-11-20 23:30`."""
    return int(datetime.fromisoformat(text).replace(tzinfo=oracle.BERLIN).timestamp()) * 1000


def event(t: int | str, digest: int = 1, *terms: Any, entity: str = "a", **more: Any) -> oracle.Event:
    """An event as the oracle reads it; `t` = epoch ms or a local time."""
    at = ms(t) if isinstance(t, str) else t
    base = {"entity": entity, "t": at, "digest": digest, "synthetic": True, "scope": "", "dims": (), "terms": terms}
    return {**base, **more}


def observation(event: oracle.Event) -> Observation:
    role, terms = event.get("role", ""), event["terms"]
    where = (event["t"], event["digest"], event["synthetic"], event["scope"], event["dims"])
    return Observation(role, *where, terms)


class Sample(NamedTuple):
    """A class of KPIs for property tests.

    Attributes:
        slots: names of the cell's slots in the oracle; meaning: the oracle's answer.
        terms: a strategy for an event's terms; roles: what an event can be.
    """

    kind: CellKind[Any]
    slots: tuple[str, ...]
    terms: st.SearchStrategy[tuple[Any, ...]]
    meaning: Callable[[Sequence[oracle.Event]], oracle.Buckets]
    roles: tuple[str, ...] = ("",)


_BASES = tuple(map(ms, ("2026-10-24 20:00", "2026-03-28 20:00", "2026-12-30 18:00")))
_BASE = st.shared(st.sampled_from(_BASES), key="base")


def times() -> st.SearchStrategy[int]:
    """Instants around a change of clocks or of the year; often the same ones, often on a boundary."""
    steps = st.integers(0, 8).map(lambda n: n * HOUR_MS) | st.integers(0, 4 * 24 * 60).map(lambda n: n * 60_000)
    return st.builds(lambda *parts: sum(parts), _BASE, steps, st.sampled_from((0, 0, 1, 999)))


def values(low: int = -5, high: int = 9) -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(low, high)


def state_sample(grain: Grain, hold_ms: int) -> Sample:
    kind = StateCell(width=3, grain=grain, true_ms=0, observed_ms=1, entities=2, hold_ms=hold_ms)
    terms = st.tuples(st.none() | st.booleans() | st.integers(-3, 300))
    return Sample(kind, ("true_ms", "observed_ms", "entities"), terms, lambda e: oracle.state(e, grain, hold_ms))


def latest_sample(grain: Grain, *, over: bool, expires: bool) -> Sample:
    kind = LatestCell(width=3, grain=grain, value=1, over=2 if over else None, entities=0, expires=expires)
    slots = ("entities", "value", "over" if over else "unused")
    terms = st.tuples(values(), values(0), st.none() | times())
    return Sample(kind, slots, terms, lambda e: oracle.latest(e, grain, over=over, expires=expires))


def distinct_sample(grain: Grain, layers: tuple[WindowKind, ...]) -> Sample:
    kind = DistinctCell(width=1, grain=grain, slot=0, layers=layers)
    return Sample(kind, ("distinct",), st.just(()), lambda e: oracle.distinct(e, layers))


def join_sample(grain: Grain, cohort: Any) -> Sample:
    def holds(elapsed_ms: int) -> bool:
        return elapsed_ms >= 2 * HOUR_MS

    slots = ("closed", "unmatched", "holds", "open", "open_since_s", "opened")
    more: dict[str, Any] = {"holds_slot": 2, "open_slot": 3, "open_since_s": 4, "histogram": 0, "cohort": cohort}
    kind = JoinCell(width=6, grain=grain, closed=0, unmatched=1, holds=holds, opened=5, **more)
    return Sample(
        kind, slots, st.just(()), lambda e: oracle.join(e, grain, cohort=cohort, holds=holds, opened=True), ROLES
    )


def correctable_sample(grain: Grain) -> Sample:
    kind = CorrectableCell(width=2, grain=grain)
    terms = st.tuples(st.integers(1, 4), st.none() | st.booleans(), st.tuples(values(), values()))
    return Sample(kind, ("one", "two"), terms, lambda e: oracle.correctable(e, grain, ("one", "two")))


SAMPLES = {
    "state, held over days": state_sample(Grain.DAY, 30 * HOUR_MS),
    "state, held a minute and a half": state_sample(Grain.QUARTER_HOUR, 90_000),
    "state by night": state_sample(Grain.NIGHT, 6 * HOUR_MS),
    "latest": latest_sample(Grain.DAY, over=False, expires=False),
    "latest over a sum, expiring": latest_sample(Grain.HOUR, over=True, expires=True),
    "distinct by day, week and school year": distinct_sample(
        Grain.DAY, (WindowKind.DAY, WindowKind.WEEK, WindowKind.MONTH, WindowKind.SCHOOL_YEAR)
    ),
    "distinct by seven days and hour": distinct_sample(Grain.HOUR, (WindowKind.HOUR, WindowKind.SEVEN_DAYS)),
    "distinct by year to date": distinct_sample(Grain.DAY, (WindowKind.YEAR_TO_DATE, WindowKind.YEAR)),
    "join by its end": join_sample(Grain.HOUR, "then"),
    "join by its beginning": join_sample(Grain.DAY, "first"),
    "correctable": correctable_sample(Grain.HOUR),
}


def events(sample: Sample, *, max_size: int = 10, entities: str = "ab") -> st.SearchStrategy[list[oracle.Event]]:
    """Events of few entities, every digest different."""
    one = st.builds(
        lambda t, digest, entity, role, synthetic, scope, dims, terms: event(
            t, digest, *terms, entity=entity, role=role, synthetic=synthetic, scope=scope, dims=(dims,)
        ),
        times(),
        st.integers(0, 50) | st.integers(0, 2**128 - 1),
        st.sampled_from(entities),
        st.sampled_from(sample.roles),
        st.booleans(),
        st.sampled_from(("", "STB01", "STB02")),
        st.sampled_from(("", "x")),
        sample.terms,
    )
    return st.lists(one, min_size=1, max_size=max_size, unique_by=lambda e: e["digest"])


def observations(sample: Sample, events: Sequence[oracle.Event]) -> list[Observation]:
    """What a sample's cells observe; correctable ones get their amounts packed."""
    found = [observation(e) for e in events]
    if isinstance(sample.kind, CorrectableCell):
        return [o._replace(terms=(*o.terms[:2], (o.terms[2], ()))) for o in found]
    return found


def total(sample: Sample, events: Sequence[oracle.Event]) -> Deltas:
    """The contributions of all entities' cells."""
    mine: dict[str, list[oracle.Event]] = defaultdict(list)
    for found in events:
        mine[found["entity"]].append(found)
    deltas = Deltas(sample.kind.width)
    for group in mine.values():
        deltas.merge(sample.kind.contributions(sample.kind.merge(None, observations(sample, group))))
    return deltas.settled()


def named(deltas: Deltas, slots: Sequence[str]) -> dict[oracle.Place, dict[str, int]]:
    """Deltas in the oracle's words."""
    return {
        place: {name: amount for name, amount in zip((*NAMES, *slots), _sums(vector), strict=True) if amount}
        for place, vector in deltas.vectors.items()
    }


def _sums(vector: Vector) -> list[int]:
    return [vector[N], vector[SYNTHETIC], vector[DIGEST], *vector[FIRST_SLOT:]]


def binned(buckets: oracle.Buckets) -> dict[tuple[Any, ...], int]:
    """The oracle's raw values as counts per bin of histogram 0."""
    counts: dict[tuple[Any, ...], int] = defaultdict(int)
    for place, raw in buckets.values.items():
        for value in raw:
            counts[place, 0, bin_of(value)] += 1
    return dict(counts)


def plain(deltas: Deltas) -> tuple[dict[Any, Any], dict[Any, int]]:
    """Deltas to compare."""
    return deltas.vectors, deltas.bins


NOTHING: Any = None


def sums(kind: CellKind[Any], slots: tuple[str, ...], events: Sequence[oracle.Event], meaning: oracle.Buckets) -> Any:
    """What the cells give, by start (or by layer, start, scope and dimensions); the oracle gives the same."""
    found = named(total(Sample(kind, slots, NOTHING, NOTHING), events), slots)
    assert found == meaning.settled()
    if {(layer, scope, dims) for layer, _, scope, dims in found} == {("", "", ())}:
        return {start * 1000: amounts for (_, start, _, _), amounts in found.items()}
    return found


def real(t: str, digest: int, *terms: Any, **more: Any) -> oracle.Event:
    return event(t, digest, *terms, synthetic=False, **more)
