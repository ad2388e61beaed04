"""The last day of a source: sums of its steps and the newest observation, at whatever instant is asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from sqlalchemy import insert

from cityhub.kpi.definition import Catalogue
from cityhub.kpi.health.day import SourceDay
from cityhub.kpi.health.source import STEP_S, Observation
from cityhub.kpi.store import health_tables as tables
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.sql_reader import SqlReader

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TYPE = "de.duisburg.wbd.bin.level-observed.v1"


def step(hours: float, accepted: int, stream: str = TYPE, **refused: int) -> dict[str, object]:
    start = int((NOW - timedelta(hours=hours)).timestamp())
    encoded = {"refused": msgspec.json.encode(refused), "lags": b"{}"}
    return {"partner": "wbd", "stream": stream, "start": start, "accepted": accepted, "newest_ms": 0, **encoded}


def look(hours: float, age_s: int, heard: int) -> dict[str, object]:
    start = int((NOW - timedelta(hours=hours)).timestamp())
    newest_s = start + STEP_S - age_s
    seen = Observation(
        source=TYPE, start_s=start, newest_s=newest_s, promised_s=3600, age_s=age_s, known=240, heard=heard
    )
    return {"source": TYPE, "start": start, "payload": msgspec.json.encode(seen)}


def test_a_day_is_summed_and_the_newest_look_counts(store_url: str | Path) -> None:
    database = Database(store_url)
    steps = [step(25, 1_000), step(23, 10, contract=2), step(1, 20, contract=1, future=4), step(2, 5, stream="")]
    with database.begin() as connection:
        connection.execute(insert(tables.step), [*steps, step(3, 7, stream="de.duisburg.wbd.bin.emptied.v1")])
        connection.execute(insert(tables.observation), [look(2, 60, 100), look(1, 120, 236)])
    database.close()
    reader = SqlReader(store_url, Catalogue({}))
    newest = NOW - timedelta(hours=1) + timedelta(minutes=5, seconds=-120)
    assert reader.source_days(NOW) == {
        TYPE: SourceDay(received=37, rejected=7, newest=newest, known=240, heard=236),
        "de.duisburg.wbd.bin.emptied.v1": SourceDay(received=7),
    }
    reader.close()


def test_before_the_store_exists_nothing_is_known(tmp_path: Path) -> None:
    assert SqlReader(tmp_path / "store.db", Catalogue({})).source_days(NOW) == {}
