"""Imports of the masterplan, on both databases: each is kept, the newest of a programme counts."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.masterplan.model import Measure
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.masterplan import write_import
from cityhub.kpi.store.plan_tables import masterplan
from cityhub.kpi.store.sql_reader import SqlReader
from cityhub.sdk.text import Text

FIRST = Measure(id="projekt-01", name=Text("Erstes", "First"), weight=1.5, kpis=("W01",))
SECOND = Measure(id="projekt-02", name=Text("Zweites", "Second"))


def test_the_newest_import_of_a_programme_counts(database: Database, store_url: str) -> None:
    where = store_url if "://" in store_url else Path(store_url)
    assert write_import(where, "masterplan", [FIRST, SECOND], who="a") == 1
    assert write_import(where, "quarters", [SECOND], who="a") == 2
    assert write_import(where, "masterplan", [FIRST], who="b") == 3
    reader = SqlReader(where, load_catalogue())
    plan = reader.masterplan()
    reader.close()
    found = {one.id: one.measures for one in plan.programmes if one.imported}
    assert found == {"masterplan": (FIRST,), "quarters": (SECOND,)}
    with database.snapshot() as connection:
        assert connection.scalar(select(func.count()).select_from(masterplan)) == 3, "nothing is overwritten"


def test_without_a_store_there_is_the_plan_that_the_hub_brings_along(tmp_path: Path) -> None:
    assert not any(one.imported for one in SqlReader(tmp_path / "none.db", load_catalogue()).masterplan().programmes)
    with pytest.raises(StoreUnavailable, match="start the hub first"):
        write_import(tmp_path / "none.db", "masterplan", [FIRST], who="a")
