"""The store under test as the harness sees it: an address for the processes, plain SQL for checks, its faults."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, LiteralString, Protocol

import psycopg

from cityhub.kpi.definition import Catalogue
from cityhub.kpi.reader import KpiReader
from cityhub.kpi.store.sql_reader import SqlReader
from tests.integration.faults.schedule import Kind
from tests.integration.postgres import Postgres


class Store(Protocol):
    """One store of one campaign."""

    @property
    def address(self) -> str:
        """What the processes are given."""
        ...

    @property
    def faults(self) -> frozenset[Kind]:
        """Kinds of fault that only some stores know, and this one can suffer here."""
        ...

    def reader(self, catalogue: Catalogue) -> KpiReader:
        """The read service over it."""
        ...

    def rows(self, query: LiteralString) -> Sequence[tuple[Any, ...]]:
        """What a plain query finds; nothing where the tables do not exist yet or cannot be read at this moment."""
        ...

    def kill(self) -> None:
        """The server dies and comes back."""
        ...

    def full(self) -> AbstractContextManager[None]:
        """No space is left on its disk for a while."""
        ...

    def close(self) -> None:
        """The campaign is over."""
        ...


class SqliteStore:
    """A file.

    Args:
        disk_kib: where the system lets us, on a file system of this size in memory, which can really be full.
    """

    def __init__(self, folder: Path, disk_kib: int = 0) -> None:
        self._folder = folder / "disk"
        self._folder.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={disk_kib}k", "tmpfs", str(self._folder)]
        wanted = disk_kib > 0 and os.geteuid() == 0
        self._mounted = wanted and subprocess.run(mount, check=False, capture_output=True).returncode == 0
        self._path = self._folder / "store.db"

    @property
    def address(self) -> str:
        return str(self._path)

    @property
    def faults(self) -> frozenset[Kind]:
        return frozenset({Kind.FULL_DISK} if self._mounted else ())

    def reader(self, catalogue: Catalogue) -> KpiReader:
        return SqlReader(self._path, catalogue)

    def rows(self, query: LiteralString) -> Sequence[tuple[Any, ...]]:
        try:
            with closing(sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
                return connection.execute(query).fetchall()
        except sqlite3.OperationalError:
            return []

    def kill(self) -> None:
        raise NotImplementedError("SQLite has no server")

    @contextmanager
    def full(self) -> Iterator[None]:
        ballast = self._folder / "ballast"
        try:
            with ballast.open("wb", buffering=0) as file:
                self._fill(file.fileno())
            yield
        finally:
            ballast.unlink()

    def _fill(self, file: int) -> None:
        block = bytes(1 << 16)
        while True:
            try:
                os.write(file, block)
            except OSError:
                if len(block) == 1:
                    return
                block = block[: len(block) // 2]

    def close(self) -> None:
        """Give the small file system back."""
        if self._mounted:
            subprocess.run(["umount", "--lazy", str(self._folder)], check=True)


class PostgresStore:
    """A new database of the test's server."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self.address = server.create()
        self.faults = frozenset({Kind.KILL_DATABASE})
        self._readers: list[SqlReader] = []

    def reader(self, catalogue: Catalogue) -> KpiReader:
        self._readers.append(SqlReader(self.address, catalogue))
        return self._readers[-1]

    def rows(self, query: LiteralString) -> Sequence[tuple[Any, ...]]:
        try:
            with psycopg.connect(self.address, connect_timeout=5) as connection:
                return connection.execute(query).fetchall()
        except (psycopg.OperationalError, psycopg.errors.UndefinedTable):
            return []

    def kill(self) -> None:
        self._server.kill9()
        self._server.start()

    def full(self) -> AbstractContextManager[None]:
        raise NotImplementedError("the server's disk is not ours to fill")

    def close(self) -> None:
        """The server removes its databases when it ends."""
        for reader in self._readers:
            reader.close()
