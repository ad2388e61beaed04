"""The real evaluator over some of the city's definitions, with a subject that they cannot bear."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from msgspec.structs import asdict, replace

from cityhub.kpi.kernel.bucket import Deltas
from cityhub.kpi.kernel.cell_pairs import Seen
from cityhub.kpi.kernel.cells import CellKind, Change, Observation, PairsCell
from cityhub.kpi.kernel.effect import Effect, Evaluator
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.record import Row
from tests.unit.kpi.simulator import city
from tests.unit.kpi.simulator.log import CURSED

CURSED_DIGESTS: set[int] = set()
"""Digests of the cursed events of the log under way: a cell knows no subjects."""


class CursedError(Exception):
    """Stands for a fault in a compiled function."""


class CursedCell:
    """A kind of cell that fails on cursed events."""

    def __init__(self, kind: CellKind[Any]) -> None:
        self._kind = kind
        self.width = kind.width
        self.trim = kind.trim

    def change(
        self, state: bytes | None, observations: Sequence[Observation], forget_before_ms: int | None = None
    ) -> Change:
        if any(one.digest in CURSED_DIGESTS for one in observations):
            raise CursedError("cell")
        return self._kind.change(state, observations, forget_before_ms)

    def contributions(self, state: bytes | None) -> Deltas:
        return self._kind.contributions(state)


class CursedPairs(PairsCell, frozen=True, kw_only=True):
    """The same, of many rows."""

    def read(self, observation: Observation) -> tuple[str, Seen] | None:
        if observation.digest in CURSED_DIGESTS:
            raise CursedError("cell")
        return super().read(observation)


class CursedEvaluator(Evaluator):
    """Fails on cursed events."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        super().__init__([_cursed(plan) for plan in plans], city.CONTRACTS)

    def _effect(self, rows: Sequence[Row]) -> Effect:
        if any(row.event.subject == CURSED and row.type not in self._families for row in rows):
            raise CursedError("fold")
        return super()._effect(rows)


@cache
def engine(ids: tuple[str, ...]) -> CursedEvaluator:
    """The evaluator of some definitions."""
    return CursedEvaluator([city.plan(id_) for id_ in ids])


def _cursed(plan: Plan) -> Plan:
    return replace(plan, cells=tuple(replace(cell, kind=_cursed_kind(cell.kind)) for cell in plan.cells))


def _cursed_kind(kind: CellKind[Any] | PairsCell) -> Any:
    return CursedPairs(**asdict(kind)) if isinstance(kind, PairsCell) else CursedCell(kind)
