"""Whether a pass of the publisher is worth while: what was committed to the store since the last one."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Protocol

from cityhub.kpi.store.database import Database

_WORK = """
    select exists (select 1 from touched) or exists (select 1 from dirty where start <= ?)
        or exists (select 1 from verdict where payload is not null)
"""


class Watch(Protocol):
    """Tells whether a pass is worth while."""

    def has_work(self) -> bool: ...

    def close(self) -> None: ...


def watch_of(database: Database) -> Watch:
    """SQLite tells cheaply whether anything was committed; elsewhere the store is asked once per pass."""
    return CommitWatch(database.path) if database.path is not None else AlwaysDue()


class AlwaysDue:
    """Has work whenever a pass may begin: a pass that finds nothing costs a few indexed questions."""

    def has_work(self) -> bool:
        return True

    def close(self) -> None:
        """Holds nothing."""


class CommitWatch:
    """Notices commits of other processes to an SQLite store, without taking any lock."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        self._version = -1

    def has_work(self) -> bool:
        """Whether a commit since the last "no" left buckets to publish or dead letters to relay."""
        (version,) = self._connection.execute("pragma data_version").fetchone()
        if version == self._version:
            return False
        (work,) = self._connection.execute(_WORK, (int(time.time()),)).fetchone()
        if not work:
            self._version = int(version)
        return bool(work)

    def close(self) -> None:
        self._connection.close()
