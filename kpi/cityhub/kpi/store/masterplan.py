"""The imported masterplan in the store: each import is kept, the newest of a programme counts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from sqlalchemy import Connection, func, select

from cityhub.kpi.masterplan.model import Measure
from cityhub.kpi.store.appending import append
from cityhub.kpi.store.dialect import upsert
from cityhub.kpi.store.plan_tables import masterplan as table

_decode = msgspec.json.Decoder(tuple[Measure, ...]).decode


def write_import(store: str | Path, programme: str, measures: Sequence[Measure], *, who: str) -> int:
    """Append an import; its number is returned.

    Raises:
        StoreUnavailable: there is no store, or it cannot be written now.
    """
    row: dict[str, object] = {"programme": programme, "who": who, "payload": msgspec.json.encode(measures)}
    row["recorded_ms"] = int(time.time() * 1000)

    def attempt(connection: Connection) -> int | None:
        row["number"] = (connection.scalar(select(func.max(table.c.number))) or 0) + 1
        insert = upsert(connection, table).values(row).on_conflict_do_nothing().returning(table.c.number)
        number: int | None = connection.scalar(insert)
        return number

    return append(store, attempt)


def imports(connection: Connection) -> dict[str, tuple[Measure, ...]]:
    """The measures that count, by programme."""
    query = select(table.c.programme, table.c.payload).order_by(table.c.number)
    newest = dict(connection.execute(query).all())
    return {programme: _decode(payload) for programme, payload in newest.items()}
