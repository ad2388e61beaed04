"""Records that people append, each under the next number: targets, imports of the masterplan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.store.database import Database

Record = TypeVar("Record")


def append(store: str | Path, attempt: Callable[[Connection], Record | None]) -> Record:
    """Append a record in a transaction of its own.

    Args:
        attempt: writes it and returns it; None = whoever appends at the same time has taken its number: it looks again.

    Raises:
        StoreUnavailable: there is no store, or it cannot be written now.
    """
    if isinstance(store, Path) and not store.exists():
        raise StoreUnavailable(f"{store} does not exist: start the hub first, it makes the store")
    database = Database(store)
    try:
        while True:
            with database.begin() as connection:
                found = attempt(connection)
            if found is not None:
                return found
    finally:
        database.close()
