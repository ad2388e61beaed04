"""From events to what they change: one pass over a batch for all definitions of a job.

Everything here is a function of its arguments. An event that makes a definition fail is found by halving the batch,
becomes a verdict, and costs its neighbours nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from xxhash import xxh3_128_digest

from cityhub.kpi.kernel.bucket import Deltas
from cityhub.kpi.kernel.cell_pairs import Ground, PairsCell, Seen
from cityhub.kpi.kernel.cells import Observation
from cityhub.kpi.kernel.plan import CellPlan, Plan
from cityhub.kpi.kernel.program import Fold, Observe, Sighting, Sums, compile_fold, compile_observe
from cityhub.kpi.kernel.record import Row, TopicReader
from cityhub.sdk.contract import Contracts

REFERENCE_TYPE = "de.duisburg.city.reference.set.v1"
"""Events that set a versioned denominator; they count into no bucket."""
REFERENCE_TOPIC = "du.evt.city.reference.v1"
"""Where they stand."""


class CellId(NamedTuple):
    """One cell. Attributes: family = "<kpi>/<version>/<number>"; key = 16 bytes that stand for its entity."""

    family: str
    key: bytes


ReadCells = Callable[[Sequence[CellId]], Mapping[CellId, bytes]]


class Arrival(NamedTuple):
    """An observation and the partition's clock when it arrived."""

    clock_ms: int
    observation: Observation


class ReferenceRow(NamedTuple):
    """A denominator from an instant on, by its event. `valid_from` and `recorded_ms` in epoch s and ms."""

    source: str
    id: str
    name: str
    scope: str
    valid_from: int
    recorded_ms: int
    value: int


class Poisoned(Exception):  # noqa: N818 - a finding
    """Events that make the engine fail. Attributes: errors = what each fails with, by digest."""

    def __init__(self, errors: dict[int, Exception]) -> None:
        super().__init__(repr(errors))
        self.errors = errors


class Effect(NamedTuple):
    """What the counted events of a batch add.

    Attributes:
        sums: per plan, in the evaluator's order; empty where nothing was added.
        cells: what was observed of each touched cell, in the log's order.
        rows: the events that are counted.
    """

    rows: Sequence[Row]
    sums: Sequence[Sums]
    cells: dict[CellId, list[Arrival]]
    references: list[ReferenceRow]


class _Family(NamedTuple):
    name: str
    observe: Observe


class Evaluator:
    """All definitions of a job, compiled and routed by event type."""

    def __init__(self, plans: Iterable[Plan], contracts: Contracts) -> None:
        self.plans = tuple(plans)
        self._contracts = contracts
        self._folds: dict[str, list[tuple[int, Fold]]] = {}
        self._families: dict[str, list[_Family]] = {}
        self._readers: dict[str, TopicReader] = {}
        self.cells: dict[str, tuple[int, CellPlan]] = {}
        self._horizons: dict[str, dict[str, int]] = {}
        for number, plan in enumerate(self.plans):
            self._route(number, plan)
        uses_references = any(plan.references for plan in self.plans)
        types = {source.type for plan in self.plans for source in plan.definition.sources.values()}
        self._types = types | ({REFERENCE_TYPE} if uses_references else set())

    def _route(self, number: int, plan: Plan) -> None:
        definition = plan.definition
        for source in plan.fills:
            folds = self._folds.setdefault(definition.sources[source].type, [])
            folds.append((number, compile_fold(plan, source)))
        for index, cell in enumerate(plan.cells):
            name = f"{definition.id}/{definition.version}/{index}"
            self.cells[name] = (number, cell)
            horizons = self._horizons[name] = {}
            for given in cell.inputs:
                read = definition.sources[given.part.source]
                horizons[read.topic] = max(read.horizon_s * 1000, horizons.get(read.topic, 0))
                families = self._families.setdefault(read.type, [])
                families.append(_Family(name, compile_observe(plan, given, cell.fills)))

    @property
    def topics(self) -> tuple[str, ...]:
        """Event topics of the job."""
        return tuple(sorted({self._contracts[type_].topic for type_ in self._types}))

    def reader(self, topic: str) -> TopicReader:
        """What reads the records of one topic, made once: its types are compiled."""
        found = self._readers.get(topic)
        if found is None:
            topics = {contract.type: contract.topic for contract in self._contracts.values()}
            found = self._readers[topic] = TopicReader(topic, self._contracts.of_topic(topic), topics.get)
        return found

    def horizon_ms(self, topic: str) -> int:
        """How long ids of a topic are remembered."""
        return max(contract.horizon_s for contract in self._contracts.of_topic(topic)) * 1000

    def effect(self, rows: Sequence[Row]) -> Effect:
        """Contributions of events that were not counted before.

        Raises:
            Poisoned: events that a definition cannot bear.
        """
        try:
            return self._effect(rows)
        except Exception as error:
            raise Poisoned(self._failing(rows)) from error

    def _failing(self, rows: Sequence[Row]) -> dict[int, Exception]:
        """The events that fail by themselves, by digest; found by halving."""
        try:
            self._effect(rows)
        except Exception as error:  # noqa: BLE001 - as above
            if len(rows) == 1:
                return {rows[0].digest: error}
            half = len(rows) // 2
            return self._failing(rows[:half]) | self._failing(rows[half:])
        return {}

    def _effect(self, rows: Sequence[Row]) -> Effect:
        sums = [Sums() for _ in self.plans]
        cells: dict[CellId, list[Arrival]] = {}
        references: list[ReferenceRow] = []
        groups = _by_type(rows)
        for type_, group in groups.items():
            for number, fold in self._folds.get(type_, ()):
                fold(group, sums[number])
            for family in self._families.get(type_, ()):
                seen: list[Sighting] = []
                family.observe(group, seen)
                _gather(family.name, seen, cells)
            if type_ == REFERENCE_TYPE:
                references += map(_reference, group)
        if cells and len(groups) > 1:
            _as_in_log(rows, cells)
        return Effect(rows, sums, cells, references)

    def floor_ms(self, family: str, clocks: Mapping[str, int]) -> int | None:
        """Before which instant no event can come to the cells of a family any more; None = nothing is known.

        An event is refused when it is older than its partition's clock by more than its contract's horizon.

        Args:
            clocks: by topic, what the slowest partition's clock shows at least.
        """
        horizons = self._horizons[family]
        if not horizons.keys() <= clocks.keys():
            return None
        return min(clocks[topic] - horizon_ms for topic, horizon_ms in horizons.items())

    def merge(
        self,
        cell: CellId,
        state: bytes | None,
        arrivals: Sequence[Arrival],
        total: Deltas,
        *,
        read: ReadCells,
        clocks: Mapping[str, int] = MappingProxyType({}),
    ) -> dict[CellId, bytes]:
        """Merge a cell's observations one by one, so that the outcome does not depend on batches.

        Args:
            read: gives further rows of a cell that has many; whoever holds the cell holds them all.
            total: takes up what the changes add to buckets.
            clocks: see `floor_ms`; the cells of one partition go by that one's clock.

        Returns:
            The new states of the rows that changed, without what no later event can change.

        Raises:
            Poisoned: an event is more than the cell can bear; `total` is worthless.
        """
        _, plan = self.cells[cell.family]
        if isinstance(plan.kind, PairsCell):
            return _merge_pairs(plan.kind, cell.family, arrivals, read, total)
        (topic, *_), floor_ms = self._horizons[cell.family], self.floor_ms(cell.family, clocks)
        for clock_ms, observation in arrivals:
            if plan.owned:
                floor_ms = self.floor_ms(cell.family, {topic: clock_ms})
            try:
                state, deltas, reason = plan.kind.change(state, [observation], floor_ms)
            except Exception as error:
                raise Poisoned({observation.digest: error}) from error
            total.absorb(deltas, clock_ms, reason)
        return {cell: state or b""}


def _merge_pairs(
    kind: PairsCell, family: str, arrivals: Sequence[Arrival], read: ReadCells, total: Deltas
) -> dict[CellId, bytes]:
    coming: list[tuple[int, str, Seen]] = []
    for clock_ms, observation in arrivals:
        try:
            known = kind.read(observation)
        except Exception as error:
            raise Poisoned({observation.digest: error}) from error
        if known is not None:
            coming.append((clock_ms, *known))

    def rows(room: str, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        found = read([CellId(f"{family}/{room}", key) for key in keys])
        return {row.key: state for row, state in found.items()}

    ground = Ground(kind, [(name, seen) for _, name, seen in coming], rows)
    for clock_ms, name, seen in coming:
        total.absorb(ground.add(name, seen), clock_ms)
    return {CellId(f"{family}/{room}", key): state for (room, key), state in ground.rows().items()}


def _as_in_log(rows: Sequence[Row], cells: dict[CellId, list[Arrival]]) -> None:
    """Sort what was observed by type: which changes came first decides the clocks of the buckets between them."""
    places = {row.digest: place for place, row in enumerate(rows)}
    for arrivals in cells.values():
        arrivals.sort(key=lambda arrival: places[arrival.observation.digest])


def _by_type(rows: Sequence[Row]) -> Mapping[str, Sequence[Row]]:
    types = {row.type for row in rows}
    if len(types) == 1:
        return {rows[0].type: rows}
    return {type_: [row for row in rows if row.type == type_] for type_ in sorted(types)}


def _gather(family: str, seen: Iterable[Sighting], cells: dict[CellId, list[Arrival]]) -> None:
    for key, clock_ms, observation in seen:
        cell = CellId(family, xxh3_128_digest("\x1f".join(map(str, key)).encode()))
        cells.setdefault(cell, []).append(Arrival(clock_ms, observation))


def _reference(row: Row) -> ReferenceRow:
    data = row.event.data
    valid_from = int(data.valid_from.timestamp())
    scope = row.event.borough or "city"
    return ReferenceRow(row.event.source, row.event.id, data.name, scope, valid_from, row.clock_ms, data.value)
