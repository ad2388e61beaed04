"""Cells in the store. Partitions may share one: rows are made first, then locked in the order of their keys.

A cell of many rows (pairs) is locked by its own; the others are read, made and changed by whoever holds it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial

from sqlalchemy import Connection, bindparam, select, update

from cityhub.kpi.kernel.bucket import Deltas
from cityhub.kpi.kernel.effect import Arrival, CellId, Evaluator
from cityhub.kpi.store import schema
from cityhub.kpi.store.dialect import insert_missing

_PER_QUERY = 500


def merge_cells(
    connection: Connection, evaluator: Evaluator, cells: Mapping[CellId, Sequence[Arrival]]
) -> dict[int, Deltas]:
    """Merge a batch's observations into their cells.

    Returns:
        What the changed cells add to buckets, by number of the plan.

    Raises:
        Poisoned: an event that its cell cannot bear; nothing may be committed.
    """
    if not cells:
        return {}
    found: dict[int, Deltas] = {}
    changed: dict[CellId, bytes] = {}
    _make(connection, cells)
    states = _states(connection, cells, lock=True)
    further = partial(_states, connection, lock=False)
    for cell in sorted(cells):
        number, plan = evaluator.cells[cell.family]
        total = found.setdefault(number, Deltas(plan.kind.width))
        changed |= evaluator.merge(cell, states.get(cell), cells[cell], further, total)
    _make(connection, changed.keys() - cells.keys())
    _write(connection, changed)
    return found


def _make(connection: Connection, cells: Iterable[CellId]) -> None:
    """Afterwards every cell has a row."""
    empty = [{"plan": cell.family, "key": cell.key, "state": b"", "version": 0} for cell in sorted(cells)]
    insert_missing(connection, schema.cell, empty)


def _states(connection: Connection, cells: Collection[CellId], *, lock: bool) -> dict[CellId, bytes]:
    """The states that are not empty. With `lock`, this transaction holds all rows afterwards."""
    row = schema.cell.c
    states: dict[CellId, bytes] = {}
    for family, keys in _portions(cells):
        query = select(row.key, row.state).where(row.plan == family, row.key.in_(keys)).order_by(row.key)
        for key, state in connection.execute(query.with_for_update() if lock else query):
            if state:
                states[CellId(family, bytes(key))] = bytes(state)
    return states


def _portions(cells: Collection[CellId]) -> Iterator[tuple[str, list[bytes]]]:
    """Keys of one family at a time, in order, as many as one query takes."""
    for family in sorted({cell.family for cell in cells}):
        keys = sorted(cell.key for cell in cells if cell.family == family)
        for start in range(0, len(keys), _PER_QUERY):
            yield family, keys[start : start + _PER_QUERY]


def _write(connection: Connection, states: Mapping[CellId, bytes]) -> None:
    row = schema.cell.c
    statement = update(schema.cell).where(row.plan == bindparam("at_plan"), row.key == bindparam("at_key"))
    connection.execute(
        statement.values(state=bindparam("state"), version=row.version + 1),
        [{"at_plan": cell.family, "at_key": cell.key, "state": state} for cell, state in sorted(states.items())],
    )
