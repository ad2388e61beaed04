"""A store in memory that fails on demand, at any statement and around any commit."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool

from cityhub.kpi.store import schema
from cityhub.kpi.store.database import Database

_GUARDS = (
    """create trigger cursor_back before update on cursor when new.off < old.off
       begin select raise(abort, 'a cursor went back'); end""",
    """create trigger revision_gap before update on value
       when new.revision not in (old.revision, old.revision + 1)
         or (new.revision = old.revision and new.payload <> old.payload)
       begin select raise(abort, 'a revision was left out, or stands for two values'); end""",
)


class Died(Exception):  # noqa: N818 - an event
    """The process ends here; what it has not committed is gone."""


class How(StrEnum):
    """What goes wrong."""

    DIES = "dies"
    AWAY = "store away"


class Fault(NamedTuple):
    """Attributes:
    statement: the one before which it happens, from 1; 0 = at a commit.
    commit: which commit, from 1. committed: whether it comes through all the same.
    """

    how: How
    statement: int = 0
    commit: int = 0
    committed: bool = False


class FaultyDatabase(Database):
    """The real store on SQLite in memory, one connection for everybody: transactions follow each other.

    Attributes:
        between: called before a transaction that writes: whatever others do just then.
    """

    def __init__(self) -> None:
        self.path = None
        self.address = "memory"
        self.between: Callable[[], None] = _nothing
        self._fault: Fault | None = None
        self._statements = self._commits = 0
        self._engine = create_engine("sqlite+pysqlite://", creator=_connect, poolclass=StaticPool)
        event.listen(self._engine, "begin", _begin)
        event.listen(self._engine, "before_cursor_execute", self._before_statement)
        event.listen(self._engine, "commit", self._before_commit)
        self._reading = self._engine.execution_options(snapshot=True)
        self._prepare()
        with self.raw() as connection:
            for guard in _GUARDS:
                connection.execute(guard)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """As `Database.begin`, after what others do."""
        self.between()
        with super().begin() as connection:
            yield connection

    @contextmanager
    def raw(self) -> Iterator[sqlite3.Connection]:
        """The connection itself, between transactions."""
        found = self._engine.raw_connection()
        try:
            yield found.driver_connection  # type: ignore[misc]
        finally:
            found.close()

    def empty(self) -> None:
        """A new store."""
        with self.raw() as connection:
            for name in schema.metadata.tables:
                some = " where key like 'publish%'" if name == "meta" else ""
                connection.execute(f"delete from {name}{some}")  # noqa: S608 - names of our own tables

    @contextmanager
    def failing(self, fault: Fault | None) -> Iterator[None]:
        """The fault strikes what is done inside, at most once."""
        before = self._fault, self._statements, self._commits
        self._fault, self._statements, self._commits = fault, 0, 0
        try:
            yield
        finally:
            self._fault, self._statements, self._commits = before

    def _before_statement(self, *_: Any) -> None:
        if self._fault is not None and self._fault.statement:
            self._statements += 1
            if self._statements == self._fault.statement:
                self._strike()

    def _before_commit(self, connection: Connection) -> None:
        if self._fault is not None and self._fault.commit:
            self._commits += 1
            if self._commits == self._fault.commit:
                if self._fault.committed:
                    connection.connection.commit()
                self._strike()

    def _strike(self) -> None:
        fault, self._fault = self._fault, None
        if fault is not None and fault.how is How.DIES:
            raise Died
        raise OperationalError("", None, sqlite3.OperationalError("disk I/O error"))


def _nothing() -> None:
    pass


def _connect() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("begin immediate")
