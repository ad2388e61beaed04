"""The imported masterplan in the store: each import is kept, the newest of a programme counts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from sqlalchemy import Connection, func, select

from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.masterplan.model import Measure
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.dialect import upsert
from cityhub.kpi.store.plan_tables import masterplan as table

_decode = msgspec.json.Decoder(tuple[Measure, ...]).decode


def write_import(store: str | Path, programme: str, measures: Sequence[Measure], *, who: str) -> int:
    """Append an import; its number is returned.

    Raises:
        StoreUnavailable: there is no store, or it cannot be written now.
    """
    if isinstance(store, Path) and not store.exists():
        raise StoreUnavailable(f"{store} does not exist: start the hub first, it makes the store")
    database = Database(store)
    row: dict[str, object] = {"programme": programme, "who": who, "payload": msgspec.json.encode(measures)}
    row["recorded_ms"] = int(time.time() * 1000)
    try:
        while True:  # whoever imports at the same time has taken the number: look again
            with database.begin() as connection:
                row["number"] = (connection.scalar(select(func.max(table.c.number))) or 0) + 1
                insert = upsert(connection, table).values(row).on_conflict_do_nothing().returning(table.c.number)
                if (number := connection.scalar(insert)) is not None:
                    return int(number)
    finally:
        database.close()


def imports(connection: Connection) -> dict[str, tuple[Measure, ...]]:
    """The measures that count, by programme."""
    query = select(table.c.programme, table.c.payload).order_by(table.c.number)
    newest = dict(connection.execute(query).all())
    return {programme: _decode(payload) for programme, payload in newest.items()}
