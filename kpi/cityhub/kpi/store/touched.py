"""Which buckets a batch touched: one row per batch, so that a worker pays next to nothing for it.

The publisher turns these rows into marks, one per bucket; see `backlog`. Buckets that higher versions or retractions
touched stand in further rows, one per reason.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np
from sqlalchemy import Connection, delete, func, insert, select, tuple_

from cityhub.kpi.kernel.label import BY_EVENTS, Reason
from cityhub.kpi.store import schema
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.dialect import AddingRows
from cityhub.kpi.store.tenure import Fence

BATCHES_AT_ONCE = 64
_FIELDS = 4
_MARKS = AddingRows(
    "dirty", ("series", "start", "writer", "reason"), (), latest=("stamp", "last_ms"), first=("first_ms",)
)

Touch = tuple[int, int, int, int]
"""Series, start, and the partition's clock at the first and at the last event that touched the bucket for a reason;
a last of 0 = none did."""


def write_touched(connection: Connection, writer: int, offset: int, touches: Mapping[Reason, Sequence[Touch]]) -> None:
    """Note what a batch touched.

    Args:
        writer: the writing partition. offset: the batch's last record.
    """
    rows = [
        {"writer": writer, "off": offset, "reason": number, "places": places}
        for number, places in _places(touches)
        if places
    ]
    if rows:
        connection.execute(insert(schema.touched), rows)


def write_marks(connection: Connection, writer: int, offset: int, touches: Mapping[Reason, Sequence[Touch]]) -> None:
    """As `write_touched`, at once as marks: for whoever fills what is not published yet and has the time."""
    _MARKS.write(connection, _marks([(offset, writer, *found) for found in _places(touches)]))


def _places(touches: Mapping[Reason, Sequence[Touch]]) -> list[tuple[int, bytes]]:
    """Packed, by the reason's number."""
    return [
        (BY_EVENTS.index(reason), array("q", chain.from_iterable(touched)).tobytes())
        for reason, touched in touches.items()
    ]


def mark_touched(database: Database, fence: Fence) -> bool:
    """Turn the oldest batches' rows into marks.

    Returns:
        Whether there may be more.
    """
    row = schema.touched.c
    order = row.off, row.writer, row.reason
    query = select(*order, row.places).order_by(*order).limit(BATCHES_AT_ONCE)
    with database.snapshot() as connection:
        batches = connection.execute(query).all()
    if not batches:
        return False
    with database.begin() as connection:
        fence(connection)
        taken = [tuple(batch[:3]) for batch in batches]
        connection.execute(delete(schema.touched).where(tuple_(*order).in_(taken)))
        _MARKS.write(connection, _marks(batches))  # a partition's clock and offsets never go back
    return len(batches) == BATCHES_AT_ONCE


def first_unmarked_ms(connection: Connection) -> dict[int, int]:
    """By writer, the earliest arrival (epoch ms) of which there is no mark yet; a partition's clock never goes back."""
    row, other = schema.touched.c, schema.touched.alias().c
    oldest = select(func.min(other.off)).where(other.writer == row.writer).scalar_subquery()
    found: dict[int, int] = {}
    for writer, places in connection.execute(select(row.writer, row.places).where(row.off == oldest)):
        first_ms = int(np.frombuffer(places, np.int64).reshape(-1, _FIELDS)[:, 2].min())
        found[writer] = min(found.get(writer, first_ms), first_ms)
    return found


def _marks(batches: Sequence[tuple[int, int, int, bytes]]) -> list[tuple[int, ...]]:
    found: dict[tuple[int, int, int, int], tuple[int, int, int]] = {}
    for offset, writer, reason, places in batches:
        for series, start, first_ms, last_ms in np.frombuffer(places, np.int64).reshape(-1, _FIELDS).tolist():
            if last_ms:
                key = (series, start, writer, reason)
                before = found.get(key)
                found[key] = (before[0] if before else first_ms, offset, last_ms)
    return [(*key, *arrival) for key, arrival in found.items()]
