"""Cells in the store. Partitions may share one: rows are made first, then locked in the order of their keys.

A cell of many rows (pairs) is locked by its own; the others are read, made and changed by whoever holds it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, select, tuple_, update

from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.kernel.bucket import Deltas
from cityhub.kpi.kernel.cells import CellKind
from cityhub.kpi.kernel.effect import Arrival, CellId, Evaluator, Poisoned
from cityhub.kpi.store import cursors, schema
from cityhub.kpi.store.dialect import insert_missing

_PER_QUERY = 500
_ROUNDS = 5
_FIRST = CellId("", b"")
_row = schema.cell.c
_AT = and_(_row.plan == bindparam("at_plan"), _row.key == bindparam("at_key"))
_ROWS: Any = (
    select(_row.key, _row.state)
    .where(_row.plan == bindparam("at_plan"), _row.key.in_(bindparam("keys", expanding=True)))
    .order_by(_row.key)
)
_HELD: Any = _ROWS.with_for_update()
_NEXT: Any = (
    select(_row.plan, _row.key, _row.state)
    .where(tuple_(_row.plan, _row.key) > tuple_(bindparam("after_plan"), bindparam("after_key")))
    .order_by(_row.plan, _row.key)
    .limit(bindparam("count"))
    .with_for_update(skip_locked=True)
)
_CHANGE = update(schema.cell).where(_AT).values(state=bindparam("state"), version=_row.version + 1)
_DROP = delete(schema.cell).where(_AT)


class Cells:
    """The cells of a job.

    A cell that no event comes to any more, such as a closed case, would be remembered for ever. Therefore whoever makes
    new cells looks through twice as many old ones and forgets by the slowest clocks: where nothing but new cells comes,
    at least half of the rows are still of use.
    """

    def __init__(self, evaluator: Evaluator, job: str) -> None:
        self._evaluator = evaluator
        self._job = job
        self._swept = _FIRST

    def merge(self, connection: Connection, cells: Mapping[CellId, Sequence[Arrival]]) -> dict[int, Deltas]:
        """Merge a batch's observations into their cells.

        Returns:
            What the changed cells add to buckets, by number of the plan.

        Raises:
            Poisoned: an event that its cell cannot bear; the cells are as they were, the event must be left out.
        """
        if not cells:
            return {}
        states = _locked(connection, cells)
        new = [cell for cell in cells if cell not in states]
        shared = any(not self._evaluator.cells[family][1].owned for family, _ in cells)
        clocks = cursors.slowest(connection, self._job) if shared or new else {}
        found: dict[int, Deltas] = {}
        changed: dict[CellId, bytes] = {}
        further = partial(_read, connection, _ROWS)
        try:
            for cell in sorted(cells):
                number, plan = self._evaluator.cells[cell.family]
                total = found.setdefault(number, Deltas(plan.kind.width))
                changed |= self._evaluator.merge(
                    cell, states.get(cell), cells[cell], total, read=further, clocks=clocks
                )
        except Poisoned:
            _write(connection, dict.fromkeys(new, b""))
            raise
        _make(connection, changed.keys() - cells.keys())
        _write(connection, changed)
        if new:
            self._sweep(connection, 2 * len(new), clocks)
        return found

    def _sweep(self, connection: Connection, count: int, clocks: Mapping[str, int]) -> None:
        """Forget what can be forgotten of the next cells in the order of their keys, but for those that others hold."""
        after = {"after_plan": self._swept.family, "after_key": self._swept.key, "count": count}
        found = [(CellId(family, bytes(key)), bytes(state)) for family, key, state in connection.execute(_NEXT, after)]
        self._swept = found[-1][0] if len(found) == count else _FIRST
        known = {cell.family for cell, _ in found} & self._evaluator.cells.keys()
        kinds = {
            family: kind for family in known if isinstance(kind := self._evaluator.cells[family][1].kind, CellKind)
        }
        floors = {family: self._evaluator.floor_ms(family, clocks) for family in kinds}
        changed: dict[CellId, bytes] = {}
        for cell, state in found:
            if (floor_ms := floors.get(cell.family)) is not None:
                left = kinds[cell.family].trim(state, floor_ms)
                if left != state or not left:
                    changed[cell] = left
        _write(connection, changed)


def _write(connection: Connection, states: Mapping[CellId, bytes]) -> None:
    """Write states of cells that this transaction holds; one without memory needs no row."""
    kept = [(cell, state) for cell, state in states.items() if state]
    if kept:
        rows = [{"at_plan": cell.family, "at_key": cell.key, "state": state} for cell, state in kept]
        connection.execute(_CHANGE, rows)
    if len(kept) < len(states):
        gone = [{"at_plan": cell.family, "at_key": cell.key} for cell, state in states.items() if not state]
        connection.execute(_DROP, gone)


def _locked(connection: Connection, cells: Iterable[CellId]) -> dict[CellId, bytes]:
    """The states of existing cells; afterwards every cell has a row, and this transaction holds them all.

    A row that was there when missing ones were made can be gone when it is locked: who held it has forgotten the cell.

    Raises:
        StoreUnavailable: rows go again and again.
    """
    states: dict[CellId, bytes] = {}
    missing = set(cells)
    for _ in range(_ROUNDS):
        _make(connection, missing)
        found = _read(connection, _HELD, missing)
        states |= {cell: state for cell, state in found.items() if state}
        missing -= found.keys()
        if not missing:
            return states
    raise StoreUnavailable(f"others drop {len(missing)} cells as fast as they are made; trying again helps")


def _make(connection: Connection, cells: Iterable[CellId]) -> None:
    """Afterwards every cell has a row."""
    empty = [{"plan": cell.family, "key": cell.key, "state": b"", "version": 0} for cell in sorted(cells)]
    insert_missing(connection, schema.cell, empty)


def _read(connection: Connection, query: Any, cells: Collection[CellId]) -> dict[CellId, bytes]:
    """The states of rows, as far as they are there; asked for in the order of their keys."""
    found: dict[CellId, bytes] = {}
    for family in sorted({cell.family for cell in cells}):
        keys = sorted(cell.key for cell in cells if cell.family == family)
        for start in range(0, len(keys), _PER_QUERY):
            part = keys[start : start + _PER_QUERY]
            for key, state in connection.execute(query, {"at_plan": family, "keys": part}):
                found[CellId(family, bytes(key))] = bytes(state)
    return found
