"""Opening the store: SQLite for one machine, PostgreSQL for a cluster; the rest of the code sees no difference.

SQLite runs in WAL mode: one short writer at a time, readers that never block it. On PostgreSQL writers read what is
committed and lock what they change; a process that stops in the middle is thrown out, so that it cannot hold locks.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from cityhub.bus import metrics
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.store.migrations import State, bring_up_to_date, state

_OURS = (IntegrityError, ProgrammingError, DataError, NotSupportedError)
"""Trying again does not help: the statement is wrong."""
_SESSION = {
    "idle_in_transaction_session_timeout": "3s",
    "lock_timeout": "10s",
    "statement_timeout": "60s",
    "timezone": "UTC",
}
_CONNECT_S = 10
_BUSY_S = 30
_WAL_PAGES = 10_000
"""40 MB of the SQLite store's log are written before they are moved into the file: random pages are moved once."""
_ENGINE = {"pool_size": 4, "max_overflow": 8, "hide_parameters": True}
"""An error's text goes into logs: it must not hold what the statement would have written."""
_ADVICE = {
    "SQLITE_NOTADB": "it is no database; move it away: the numbers are computed again from the log",
    "SQLITE_CORRUPT": "it is damaged; move it away: the numbers are computed again from the log",
    "SQLITE_FULL": "make room on the disk",
    "SQLITE_CANTOPEN": "its folder must exist, and this process must be allowed to use it",
    "SQLITE_READONLY": "this process may not write it: change its owner or its rights",
    "SQLITE_BUSY": "another process is writing for too long",
    "55P03": "another process holds what is needed for too long",
    "53100": "make room on the server's disk",
    "25P03": "this process stood still inside a transaction and was thrown out",
}
"""What to do, by SQLite's or PostgreSQL's code."""


class Database:
    """The store.

    Args:
        where: file of an SQLite store, or URL of a PostgreSQL database (`postgresql://user:password@host/name`).
            A writer makes the tables, or upgrades them; several may open at once.
        alone: the one table of an SQLite file beside the store, which is made where it is missing.

    Attributes:
        address: for people: the file, or the URL without its password.
        path: the file of an SQLite store.

    Raises:
        StoreUnavailable: it cannot be opened now, or must not be: damaged, foreign, or of another version of the hub.
    """

    def __init__(self, where: str | Path, *, read_only: bool = False, alone: Table | None = None) -> None:
        self._alone = alone
        self.path: Path | None = None
        if isinstance(where, str) and where.startswith(("postgresql:", "postgres:")):
            self._engine, self.address = _postgresql(where, read_only=read_only)
        else:
            self.path = Path(where)
            self._engine, self.address = _sqlite(self.path, read_only=read_only), str(where)
        self._reading = self._engine.execution_options(**_snapshot_options(self.dialect))
        if not read_only:
            self._prepare()

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction: committed at the end, rolled back on any error.

        Raises:
            StoreUnavailable: locked for too long, deadlock, connection lost, disk full, file damaged: try again.
                Unless it was the commit that failed, nothing was changed; then nothing or everything was.
        """
        with self._translated(), _timed(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A read-only transaction that sees one state of the store from its first question to its end.

        Raises:
            StoreUnavailable: as `begin`.
        """
        with self._translated(), self._reading.begin() as connection:
            yield connection

    def has_tables(self) -> bool:
        """Whether a writer has finished making or upgrading the store.

        Raises:
            StoreUnavailable: it must not be used, see `Database`.
        """
        with self.snapshot() as connection:
            return state(connection, self.address) is State.READY

    def close(self) -> None:
        self._engine.dispose()

    def _prepare(self) -> None:
        try:
            if self.path is not None and self._alone is not None:
                with self.begin() as connection:
                    self._alone.create(connection, checkfirst=True)
            elif not self.has_tables():
                with self.begin() as connection:
                    bring_up_to_date(connection, self.address)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except _OURS:
            raise
        except DBAPIError as error:
            raise StoreUnavailable(f"{self.address}: {_words(error)}") from error
        except PoolTimeout as error:
            raise StoreUnavailable(f"{self.address}: all connections are in use: {error}") from error


class ReadableStore:
    """A store for reading, opened once a writer has made it.

    Args:
        where: as of `Database`.
    """

    def __init__(self, where: str | Path) -> None:
        self._where = where
        self._opened: Database | None = None

    def database(self) -> Database | None:
        """None before there are tables. Raises: StoreUnavailable, as `Database`."""
        if self._opened is None and (isinstance(self._where, str) or self._where.exists()):
            database = Database(self._where, read_only=True)
            if not database.has_tables():
                database.close()
                return None
            self._opened = database
        return self._opened

    def close(self) -> None:
        """Give the connections back; the next question opens it again."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None


@contextmanager
def _timed() -> Iterator[None]:
    begun, outcome = time.perf_counter(), "failed"
    try:
        yield
        outcome = "committed"
    finally:
        metrics.TRANSACTION_SECONDS.labels(outcome).observe(time.perf_counter() - begun)


@contextmanager
def reading(where: str | Path) -> Iterator[Connection]:
    """One look at a store: a read-only transaction that sees one state of it; nothing stays open.

    Raises:
        StoreUnavailable: as `Database`.
    """
    database = Database(where, read_only=True)
    try:
        with database.snapshot() as connection:
            yield connection
    finally:
        database.close()


def _words(error: DBAPIError) -> str:
    said = f"{type(error.orig).__name__}: {error.orig}".strip()
    code = getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None) or ""
    advice = next((advice for start, advice in _ADVICE.items() if code.startswith(start)), None)
    return f"{said}; {advice}" if advice else said


def _snapshot_options(dialect: str) -> dict[str, object]:
    if dialect == "postgresql":
        return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return {"snapshot": True}


def _postgresql(where: str, *, read_only: bool) -> tuple[Engine, str]:
    url = make_url(where).set(drivername="postgresql+psycopg")
    session = _SESSION | ({"default_transaction_read_only": "on"} if read_only else {})
    engine = create_engine(
        url,
        isolation_level="READ COMMITTED",
        connect_args={
            "options": " ".join(f"-c {name}={value}" for name, value in session.items()),
            "connect_timeout": _CONNECT_S,
            "application_name": "cityhub",
        },
        **_ENGINE,
    )
    return engine, url.set(drivername="postgresql").render_as_string(hide_password=True)


def _sqlite(path: Path, *, read_only: bool) -> Engine:
    def connect() -> sqlite3.Connection:
        uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
        connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        if not read_only:
            connection.execute("pragma journal_mode=wal")
            connection.execute("pragma synchronous=normal")
            connection.execute(f"pragma wal_autocheckpoint={_WAL_PAGES}")
        connection.execute("pragma cache_size=-16384")
        return connection

    engine = create_engine("sqlite+pysqlite:///file", creator=connect, **_ENGINE)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reading = read_only or connection.get_execution_options().get("snapshot", False)
        connection.exec_driver_sql(f"pragma query_only={'on' if reading else 'off'}")
        connection.exec_driver_sql("begin" if reading else "begin immediate")

    return engine
