"""Engines whose cells are wrong on purpose, each in one place."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection, func, select

from cityhub.kpi.kernel.bucket import Deltas
from cityhub.kpi.kernel.cell_pairs import Ground, PairsCell
from cityhub.kpi.kernel.cells import CorrectableCell
from cityhub.kpi.kernel.effect import Evaluator
from cityhub.kpi.kernel.label import Reason as LabelReason
from cityhub.kpi.store import cells, cursors, schema
from tests.unit.kpi.simulator.city import PARTS
from tests.unit.kpi.simulator.mutation import mutant


@mutant
def cells_without_their_missing_row() -> Iterator[None]:
    with patch.object(cells, "insert_missing", lambda *_: None):
        yield


@mutant
def cell_merged_without_its_state() -> Iterator[None]:
    real = Evaluator.merge

    def merge(self: Evaluator, cell: Any, _: bytes | None, *rest: Any, **more: Any) -> dict[Any, bytes]:
        return real(self, cell, None, *rest, **more)

    with patch.object(Evaluator, "merge", merge):
        yield


@mutant
def cells_forget_by_the_fastest_partition() -> Iterator[None]:
    def fastest(connection: Connection, _: str) -> dict[str, int]:
        row = schema.cursor.c
        newest = connection.execute(select(func.max(row.appended_ms))).scalar_one()
        return dict.fromkeys(PARTS, newest)

    with patch.object(cursors, "slowest", fastest):
        yield


@mutant
def pairs_within_a_square_only() -> Iterator[None]:
    real = PairsCell.squares
    with patch.object(PairsCell, "squares", lambda self, spot: islice(real(self, spot), 1)):
        yield


@mutant
def neighbours_not_evaluated_again() -> Iterator[None]:
    real = Ground._around

    def around(self: Ground, *where: Any) -> Iterator[Any]:
        return (standing for standing in real(self, *where) if standing.end in (None, standing.seen.spot.until))

    with patch.object(Ground, "_around", around):
        yield


@mutant
def correction_counted_twice() -> Iterator[None]:
    real = Deltas.merge
    with patch.object(Deltas, "merge", lambda self, other, sign=1: real(self, other, sign) if sign > 0 else None):
        yield


@mutant
def corrections_called_late() -> Iterator[None]:
    with patch.object(CorrectableCell, "_reason", lambda *_: LabelReason.LATE):
        yield
