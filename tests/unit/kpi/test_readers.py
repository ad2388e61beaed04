"""One behaviour of both read services: the store's and the one in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.errors import UnknownKpi
from cityhub.kpi.kernel.evaluate import Evaluator
from cityhub.kpi.memory_reader import InMemoryReader
from cityhub.kpi.reader import KpiReader
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.sql_reader import SqlReader
from cityhub.kpi.store.values import ValueStore
from cityhub.kpi.store.writer import KpiWriter
from cityhub.kpi.values import WindowKind
from tests.unit.kpi.samples import NOON, TOPIC, departure, records

HOURS = (0, 1, 3)
"""Hours with events; two on line 901 and one on line 903 in each."""


@pytest.fixture(params=["sql", "memory"])
def reader(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KpiReader]:
    catalogue = load_catalogue()
    database = Database(tmp_path / "store.db")
    writer = KpiWriter(database, Evaluator(catalogue), "test")
    writer.position(TOPIC, 0)
    events = [
        departure(
            f"{hour}/{i}", 900 * (i == 0), at=NOON + timedelta(hours=hour, minutes=i), line="903" if i == 2 else "901"
        )
        for hour in HOURS
        for i in range(3)
    ]
    writer.apply(TOPIC, 0, records(*events, appended=NOON + timedelta(hours=5)))
    ValueStore(database, catalogue, "test").refresh()
    sql = SqlReader(tmp_path / "store.db", catalogue)
    if request.param == "sql":
        yield sql
    else:
        memory = InMemoryReader(catalogue, sql.streams())
        day = sql.latest("M01", WindowKind.DAY)
        assert day is not None
        for kind, starts in (
            (WindowKind.DAY, [day.start]),
            (WindowKind.HOUR, [NOON + timedelta(hours=h) for h in HOURS]),
        ):
            for start in starts:
                end = start + timedelta(seconds=1)
                memory.put(sql.series("M01", kind, start, end))
                memory.put(sql.breakdown("M01", kind, start, "line"))
        yield memory
    database.close()


def test_latest(reader: KpiReader) -> None:
    newest = reader.latest("M01", WindowKind.HOUR)
    assert newest is not None
    assert (newest.start, newest.n, newest.value) == (NOON + timedelta(hours=3), 3, 66.6667)
    before = reader.latest("M01", WindowKind.HOUR, ended_by=NOON + timedelta(hours=3, minutes=59))
    assert before is not None
    assert before.start == NOON + timedelta(hours=1)
    assert reader.latest("M01", WindowKind.HOUR, ended_by=NOON) is None
    line = reader.latest("M01", WindowKind.HOUR, dimensions={"line": "903"})
    assert line is not None
    assert (line.n, line.value) == (1, 100.0)
    assert reader.latest("M01", WindowKind.HOUR, dimensions={"line": "907"}) is None
    assert reader.latest("M01", WindowKind.HOUR, scope="STB01") is None


def test_series(reader: KpiReader) -> None:
    day = timedelta(days=1)
    starts = [value.start for value in reader.series("M01", WindowKind.HOUR, NOON - day, NOON + day)]
    assert starts == [NOON + timedelta(hours=hour) for hour in HOURS]
    half_open = reader.series("M01", WindowKind.HOUR, NOON, NOON + timedelta(hours=3))
    assert [value.start for value in half_open] == starts[:2]
    assert len(reader.series("M01", WindowKind.HOUR, NOON - day, NOON + day, limit=1)) == 1
    line = reader.series("M01", WindowKind.HOUR, NOON - day, NOON + day, dimensions={"line": "901"})
    assert [value.value for value in line] == [50.0] * 3


def test_breakdown(reader: KpiReader) -> None:
    lines = reader.breakdown("M01", WindowKind.HOUR, NOON, "line")
    assert [(value.dimensions, value.n) for value in lines] == [({"line": "901"}, 2), ({"line": "903"}, 1)]
    assert reader.breakdown("M01", WindowKind.HOUR, NOON, "borough") == []
    assert reader.breakdown("M01", WindowKind.HOUR, NOON + timedelta(hours=2), "line") == []


def test_streams(reader: KpiReader) -> None:
    (stream,) = reader.streams()
    assert (stream.topic, stream.partner, stream.records, stream.synthetic) == (TOPIC, "dvv", 9, True)
    assert stream.newest_event == NOON + timedelta(hours=3, minutes=2)


def test_unknown_kpi(reader: KpiReader) -> None:
    with pytest.raises(UnknownKpi):
        reader.latest("Z99", WindowKind.DAY)


def test_before_the_store_exists_there_are_no_values(tmp_path: Path) -> None:
    reader = SqlReader(tmp_path / "store.db", load_catalogue())
    assert reader.latest("M01", WindowKind.DAY) is None
    assert reader.streams() == []
    (tmp_path / "store.db").touch()
    assert reader.streams() == []
