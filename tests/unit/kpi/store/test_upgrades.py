"""What each migration does to the rows that are there, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, column, create_engine, insert, select
from sqlalchemy import table as lightweight

from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.store import migrations
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.decisions import chosen, decisions_of
from cityhub.kpi.store.series import family_of

SERIES = {7: ("M01", ""), 8: ("M01", ""), 9: ("E11", "day")}
"""KPI and layer of the old store's series."""
OLD: dict[str, list[dict[str, int]]] = {
    "bucket": [{"series": s, "start": t, "writer": 2, "n": s + t, "v7": -s} for s in SERIES for t in (3600, 7200)],
    "bin": [
        {"series": s, "start": t, "histogram": 1, "bin": s, "writer": 2, "n": t} for s in SERIES for t in (3600, 7200)
    ],
    "rollup": [{"series": s, "start": t, "n": s + t, "d3": 1 << 40} for s in SERIES for t in (0, 86_400)],
}


def insert_rows(connection: Connection, table: str, rows: list[dict[str, Any]]) -> None:
    """Into a table as it was, whatever the code knows of it now."""
    connection.execute(insert(lightweight(table, *map(column, rows[0]))), rows)


MARKED: dict[str, list[dict[str, Any]]] = {
    "touched": [{"writer": 2, "off": 7, "places": b"01234567" * 4}, {"writer": 1, "off": 7, "places": b""}],
    "dirty": [{"series": 7, "start": t, "writer": 2, "stamp": 5, "first_ms": 6, "last_ms": 7} for t in (3600, 7200)],
    "reference": [
        {"name": name, "id": "x", "valid_from": 1, "recorded_ms": 2, "value": 3, "scope": "city"} for name in "ab"
    ],
}
NEW = {"touched": {"reason": 0}, "dirty": {"reason": 0}, "reference": {"source": ""}}
"""What the rows get in columns that 0003 made."""


def make(where: str, revision: str, rows: dict[str, list[dict[str, Any]]]) -> None:
    """A store as it was at a revision, with some rows."""
    url = where.replace("postgresql:", "postgresql+psycopg:") if "://" in where else f"sqlite:///{where}"
    engine = create_engine(url)
    with engine.begin() as connection:
        config = migrations._config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        for table, mine in rows.items():
            insert_rows(connection, table, mine)
    engine.dispose()


@pytest.fixture
def store_of_0001(store_url: str) -> str:
    """A store as the first schema made it, with rows in the tables that 0002 made anew."""
    series = [
        {"id": number, "kpi": kpi, "version": 1, "layer": layer, "scope": "", "dims": f"{number}"}
        for number, (kpi, layer) in SERIES.items()
    ]
    make(store_url, "0001", {"series": series, **OLD})
    return store_url


@pytest.mark.parametrize("table", OLD)
def test_rows_move_to_their_families(store_of_0001: str, table: str) -> None:
    catalogue = load_catalogue()
    wanted = [
        {"family": family_of(catalogue[SERIES[row["series"]][0]], SERIES[row["series"]][1]), **row}
        for row in OLD[table]
    ]
    database = Database(store_of_0001)
    with database.snapshot() as connection:
        found = connection.execute(select(*map(column, wanted[0])).select_from(lightweight(table))).mappings().all()
    database.close()
    assert sorted(map(dict, found), key=str) == sorted(wanted, key=str)


@pytest.mark.parametrize("table", MARKED)
def test_what_was_marked_before_is_late_and_denominators_are_kept(store_url: str, table: str) -> None:
    make(store_url, "0002", MARKED)
    wanted = [{**row, **NEW[table]} for row in MARKED[table]]
    database = Database(store_url)
    with database.snapshot() as connection:
        found = connection.execute(select(*map(column, wanted[0])).select_from(lightweight(table))).mappings().all()
    database.close()
    assert sorted(map(dict, found), key=str) == sorted(wanted, key=str)


COUNTED: dict[str, list[dict[str, Any]]] = {
    "series": [
        {"id": number, "kpi": kpi, "version": version, "layer": "", "scope": "", "dims": f"{number}"}
        for number, (kpi, version) in enumerate([("M01", 1), ("M01", 2), ("E11", 1)])
    ],
    "value": [
        {
            "kpi": kpi,
            "window": "day",
            "anchor": 3600,
            "scope": "city",
            "dims": "{}",
            "version": version,
            "start": 1,
            "end": 2,
            "label": "final",
            "revision": 5,
            "published": 4,
            "payload": b"{}",
        }
        for kpi, version in (("M01", 2), ("E11", 1))
    ],
    "cursor": [
        {
            "id": 3,
            "job": "j",
            "topic": "t",
            "part": 0,
            "topic_id": "",
            "off": 7,
            "hash": b"h",
            "appended_ms": 1,
            **dict.fromkeys(("complete_ms", "records", "duplicates", "rejected", "synthetic", "newest_event_s"), 2),
        }
    ],
}
"""What a store of 0003 holds."""


@pytest.mark.parametrize(("table", "new"), [("series", {}), ("value", {}), ("cursor", {"generation": 0})])
def test_values_get_a_version_in_their_key_and_cursors_a_generation(
    store_url: str, table: str, new: dict[str, int]
) -> None:
    make(store_url, "0003", COUNTED)
    wanted = [{**row, **new} for row in COUNTED[table]]
    database = Database(store_url)
    with database.snapshot() as connection:
        found = connection.execute(select(*map(column, wanted[0])).select_from(lightweight(table))).mappings().all()
    database.close()
    assert sorted(map(dict, found), key=str) == sorted(wanted, key=str)


def test_what_was_counted_last_is_the_first_decision_and_another_version_of_a_value_has_room(store_url: str) -> None:
    make(store_url, "0003", COUNTED)
    database = Database(store_url)
    with database.begin() as connection:
        assert chosen(connection) == {"M01": 2, "E11": 1}
        (first,) = decisions_of(connection, "M01")
        insert_rows(connection, "value", [{**COUNTED["value"][0], "version": 3}])
    database.close()
    assert (first.number, first.state, first.who, first.decided, first.active) == (1, "initial", "cityhub", None, None)
