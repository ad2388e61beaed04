"""Cells in the store. Partitions may share one: rows are made first, then locked in the order of their keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, bindparam, select, update

from cityhub.kpi.kernel.bucket import Deltas
from cityhub.kpi.kernel.effect import Arrival, CellId, Evaluator
from cityhub.kpi.store import schema
from cityhub.kpi.store.dialect import insert_missing

_PER_QUERY = 500
_row = schema.cell.c
_HELD = (
    select(_row.key, _row.state)
    .where(_row.plan == bindparam("at_plan"), _row.key.in_(bindparam("keys", expanding=True)))
    .order_by(_row.key)
    .with_for_update()
)
_CHANGE = (
    update(schema.cell)
    .where(_row.plan == bindparam("at_plan"), _row.key == bindparam("at_key"))
    .values(state=bindparam("state"), version=_row.version + 1)
)


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
    changed = []
    states = _locked(connection, cells)
    for cell in sorted(cells):
        number, plan = evaluator.cells[cell.family]
        total = found.setdefault(number, Deltas(plan.kind.width))
        state = evaluator.merge(cell, states.get(cell), cells[cell], total)
        changed.append({"at_plan": cell.family, "at_key": cell.key, "state": state})
    connection.execute(_CHANGE, changed)
    return found


def _locked(connection: Connection, cells: Iterable[CellId]) -> dict[CellId, bytes]:
    """The states of existing cells; afterwards every cell has a row, and this transaction holds them all."""
    states: dict[CellId, bytes] = {}
    ordered = sorted(cells)
    empty = [{"plan": cell.family, "key": cell.key, "state": b"", "version": 0} for cell in ordered]
    insert_missing(connection, schema.cell, empty)
    for family in sorted({cell.family for cell in ordered}):
        keys = [cell.key for cell in ordered if cell.family == family]
        for start in range(0, len(keys), _PER_QUERY):
            part = keys[start : start + _PER_QUERY]
            for key, state in connection.execute(_HELD, {"at_plan": family, "keys": part}):
                if state:
                    states[CellId(family, bytes(key))] = bytes(state)
    return states
