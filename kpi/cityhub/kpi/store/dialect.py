"""The few statements that SQLite and PostgreSQL spell differently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(connection: Connection, table: Table) -> Any:
    """An insert that knows `on_conflict_do_…`."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def insert_missing(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert the rows whose key is not there yet."""
    if rows:
        connection.execute(upsert(connection, table).on_conflict_do_nothing(), list(rows))


class AddingRows:
    """Adds many rows of integers to a table of sums: missing rows are inserted, others grow.

    One statement for a whole batch; on PostgreSQL the columns travel as arrays.

    Args:
        keys: columns of the primary key. sums: columns that are added. latest: columns that are overwritten.
        first: columns that stay as they were inserted.
    """

    def __init__(
        self,
        table: str,
        keys: Sequence[str],
        sums: Sequence[str],
        latest: Sequence[str] = (),
        first: Sequence[str] = (),
    ) -> None:
        columns = [*keys, *first, *latest, *sums]
        changes = [f"{name} = {table}.{name} + excluded.{name}" for name in sums]
        changes += [f"{name} = excluded.{name}" for name in latest]
        head = f"insert into {table} ({', '.join(columns)})"
        tail = f"on conflict ({', '.join(keys)}) do update set {', '.join(changes)}"
        marks = ", ".join("?" * len(columns))
        self._sqlite = f"{head} values ({marks}) {tail}"
        arrays = ", ".join(["%s::bigint[]"] * len(columns))
        self._postgresql = f"{head} select * from unnest({arrays}) {tail}"  # noqa: S608 - column names of ours

    def write(self, connection: Connection, rows: Sequence[tuple[int, ...]]) -> None:
        """Add the rows; their keys differ from each other."""
        if not rows:
            return
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(self._postgresql, tuple(map(list, zip(*rows, strict=True))))
        else:
            connection.exec_driver_sql(self._sqlite, list(rows))
