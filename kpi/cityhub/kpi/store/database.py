"""Opening the store: SQLite in WAL mode, one short writer at a time, readers that never block it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.store import schema

SCHEMA_VERSION = "1"


class Database:
    """The store's file.

    Args:
        path: SQLite file; created with its tables when it does not exist, unless `read_only`.

    Raises:
        StoreUnavailable: the file cannot be opened, or another version of the hub made it.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self._read_only = read_only
        self._engine = _engine(path, read_only=read_only)
        if not read_only:
            self._create()

    def _create(self) -> None:
        with self.begin() as connection:
            schema.metadata.create_all(connection)
            found = connection.scalar(select(schema.meta.c.value).where(schema.meta.c.key == "schema"))
            if found is None:
                rows = [{"key": "schema", "value": SCHEMA_VERSION}, {"key": "incarnation", "value": uuid4().hex}]
                connection.execute(insert(schema.meta), rows)
            elif found != SCHEMA_VERSION:
                raise StoreUnavailable(
                    f"{self.path} has schema {found}, this version of the hub needs {SCHEMA_VERSION}; "
                    "move the file away: the numbers are computed again from the log"
                )

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction: committed at the end, rolled back on any error.

        Raises:
            StoreUnavailable: locked for too long, disk full, file damaged.
        """
        try:
            with self._engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            raise StoreUnavailable(f"{self.path}: {type(error.orig).__name__}: {error.orig}") from error

    def has_tables(self) -> bool:
        """Whether a writer has finished creating the store."""
        with self.begin() as connection:
            return inspect(connection).has_table(schema.value.name)

    def close(self) -> None:
        self._engine.dispose()


def _engine(path: Path, *, read_only: bool) -> Engine:
    def connect() -> sqlite3.Connection:
        mode = "ro" if read_only else "rwc"
        uri = f"{path.absolute().as_uri()}?mode={mode}"
        connection = sqlite3.connect(uri, uri=True, timeout=30, isolation_level=None, check_same_thread=False)
        if not read_only:
            connection.execute("pragma journal_mode=wal")
            connection.execute("pragma synchronous=normal")
        connection.execute("pragma busy_timeout=30000")
        connection.execute("pragma cache_size=-65536")
        return connection

    engine = create_engine("sqlite://", creator=connect, pool_size=4, max_overflow=8, poolclass=QueuePool)
    begin = "begin" if read_only else "begin immediate"

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
