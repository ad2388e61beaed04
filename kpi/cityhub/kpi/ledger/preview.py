"""Which numbers an event would change, before it is sent: a correction's author sees what it touches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from cityhub.kpi.definition import Catalogue
from cityhub.kpi.kernel.bucket import Deltas, Place
from cityhub.kpi.kernel.effect import CellId, Evaluator
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.record import Row
from cityhub.kpi.kernel.windows import window_at
from cityhub.kpi.store.database import reading
from cityhub.kpi.store.decisions import Choice
from cityhub.kpi.values import WindowKind
from cityhub.sdk import codec
from cityhub.sdk.errors import RejectedEvent
from cityhub.sdk.event import Event


class Change(Struct, frozen=True, order=True):
    """A window whose number an event changes.

    Attributes:
        window: its kind. start, end: half-open. scope: `city` or a borough, which is only known for events whose
            borough the hub has stamped; dimensions: of the definition, those of the event.
    """

    kpi: str
    window: str
    start: datetime
    end: datetime
    scope: str
    dimensions: tuple[tuple[str, str], ...]


class _Record(NamedTuple):
    """An event as the log would hold it now."""

    offset: int
    timestamp: int
    value: bytes


class Previews:
    """Looks ahead, by the versions that count today.

    Args:
        store: file or URL.
    """

    def __init__(self, store: Path | str, catalogue: Catalogue) -> None:
        self._store = store
        self._choice = Choice(catalogue)
        self._contracts = catalogue.contracts

    def preview(self, event: Event, before: Event | None, now: datetime) -> list[Change]:
        """What an event would change; sorted.

        Args:
            before: the version of the same entity that counts now, where there is one.

        Raises:
            RejectedEvent: the engine would refuse the event. StoreUnavailable: the store.
        """
        with reading(self._store) as connection:
            evaluator = self._choice.evaluator(connection)
        topic = self._contracts[event.type].topic
        old = [] if before is None else [_row(evaluator, topic, before, now)]
        return sorted(set(changes(evaluator, old, _row(evaluator, topic, event, now))))


def changes(evaluator: Evaluator, before: Iterable[Row], row: Row) -> Iterator[Change]:
    """Windows that a row changes after others of its entity; one may come twice."""
    states: dict[CellId, bytes] = {}
    for one in before:
        _merged(evaluator, one, states)
    effect = evaluator.effect([row])
    for plan, sums in zip(evaluator.plans, effect.sums, strict=True):
        for start, scope, *dims in sums.vectors:
            yield from _windows(plan, Place("", start, scope, tuple(dims)))
    for number, deltas in _merged(evaluator, row, states):
        settled = deltas.settled()
        for place in settled.vectors.keys() | {key.place for key in settled.bins}:
            yield from _windows(evaluator.plans[number], place)


def _merged(evaluator: Evaluator, row: Row, states: dict[CellId, bytes]) -> list[tuple[int, Deltas]]:
    """What a row changes by its cells, number of the plan first; the states follow."""
    found = []
    for cell, arrivals in evaluator.effect([row]).cells.items():
        number, plan = evaluator.cells[cell.family]
        deltas = Deltas(plan.kind.width)
        states.update(
            evaluator.merge(
                cell,
                states.get(cell),
                arrivals,
                deltas,
                read=lambda wanted: {one: states[one] for one in wanted if one in states},
            )
        )
        found.append((number, deltas))
    return found


def _windows(plan: Plan, place: Place) -> Iterator[Change]:
    definition = plan.definition
    dims = tuple(zip(definition.dimensions, place.dims, strict=True))
    for kind in [WindowKind(place.layer)] if place.layer else sorted(definition.windows):
        window = window_at(kind, place.start)
        for scope in sorted({"city", place.scope or "city"}):
            yield Change(definition.id, kind.value, _instant(window.start), _instant(window.end), scope, dims)


def _row(evaluator: Evaluator, topic: str, event: Event, now: datetime) -> Row:
    now_ms = int(now.timestamp() * 1000)
    rows, verdicts = evaluator.reader(topic).read([_Record(0, now_ms, codec.encode(event))], now_ms)
    for verdict in verdicts:
        raise RejectedEvent(verdict.reason.value, verdict.detail)
    return rows[0]


def _instant(epoch_s: int) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC)
