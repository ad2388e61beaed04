"""Every behaviour of the store on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cityhub.kpi.store.database import Database
from tests.integration.postgres import postgres
from tests.unit.kpi.engine import Engine
from tests.unit.kpi.samples import TOPIC

__all__ = ["postgres"]


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store can be made: nothing is there yet."""
    if request.param == "sqlite":
        return str(tmp_path / "store.db")
    return str(request.getfixturevalue("postgres").create())


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    """An empty store."""
    made = Database(store_url)
    yield made
    made.close()


@pytest.fixture
def engine(database: Database) -> Engine:
    """The engine over an empty store, which knows one topic's cursors."""
    made = Engine(database)
    made.know([TOPIC])
    return made
