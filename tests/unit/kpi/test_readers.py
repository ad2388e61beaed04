"""One behaviour of both read services: the store's and the one in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec import structs
from sqlalchemy import insert

from cityhub.kpi.definition import Catalogue, load_catalogue
from cityhub.kpi.errors import UnknownKpi
from cityhub.kpi.kernel.windows import window_at
from cityhub.kpi.memory_reader import InMemoryReader
from cityhub.kpi.reader import Ask, KpiReader, anchor_of, instant, last_windows
from cityhub.kpi.store import schema
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.sql_reader import SqlReader
from cityhub.kpi.values import KpiValue, StreamState, WindowKind
from tests.integration.postgres import postgres
from tests.unit.api.classes import value_of, values_of

__all__ = ["postgres"]

TOPIC = "du.evt.dvv.transit.v1"
NOW = datetime(2026, 11, 20, 12, 5, tzinfo=UTC)
NOON = NOW.replace(minute=0)
COUNT = 5
EVERY_KIND = structs.replace(load_catalogue()["M01"], windows=tuple(WindowKind))
STATE = StreamState(
    topic=TOPIC,
    partner="dvv",
    records=9,
    rejected=1,
    duplicates=2,
    newest_append=NOW,
    newest_event=NOW - timedelta(minutes=2),
    synthetic=True,
)


@pytest.fixture(params=["sqlite", "postgresql", "memory"])
def reader(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KpiReader]:
    catalogue = Catalogue({"M01": EVERY_KIND})
    values = [value for value in values_of(EVERY_KIND, NOW, COUNT) if value.end != NOON]
    if request.param == "memory":
        memory = InMemoryReader(catalogue, [STATE])
        memory.put(values)
        yield memory
        return
    there = (
        str(request.getfixturevalue("postgres").create()) if request.param == "postgresql" else tmp_path / "store.db"
    )
    database = Database(there)
    fill(database, values)
    reader = SqlReader(there, catalogue)
    yield reader
    reader.close()
    database.close()


def fill(database: Database, values: Sequence[KpiValue]) -> None:
    """Rows as the publisher and two workers write them."""
    rows = [
        {
            "kpi": value.kpi_id,
            "window": value.window.value,
            "anchor": window_at(value.window, int(value.end.timestamp()) - 1).anchor,
            "scope": value.scope,
            "dims": msgspec.json.encode(value.dimensions, order="sorted").decode(),
            "version": 1,
            "start": int(value.start.timestamp()),
            "end": int(value.end.timestamp()),
            "label": value.label.value,
            "revision": value.revision,
            "published": value.revision,
            "payload": msgspec.json.encode(value),
        }
        for value in values
    ]
    cursor = {"job": "kpi", "topic": TOPIC, "topic_id": "t", "off": 4, "hash": b"", "complete_ms": 0, "rejected": 0}
    newest = int(NOW.timestamp())
    counts = {"records": 4, "duplicates": 1, "synthetic": 4, "appended_ms": newest * 1000, "newest_event_s": 0}
    more = {"records": 5, "rejected": 1, "newest_event_s": newest - 120}
    with database.begin() as connection:
        connection.execute(insert(schema.value), rows)
        connection.execute(insert(schema.cursor), [{**cursor, **counts, "part": 0}])
        connection.execute(insert(schema.cursor), [{**cursor, **counts, **more, "part": 1}])


@pytest.mark.parametrize("kind", WindowKind)
def test_every_kind_of_window_is_read_by_its_anchor(reader: KpiReader, kind: WindowKind) -> None:
    windows = last_windows(kind, NOW, COUNT)
    kept = [window for window in windows if instant(window.end) != NOON]
    found = reader.series("M01", kind, instant(windows[0].anchor), instant(windows[-1].end))
    assert [(value.start, value.end) for value in found] == [(instant(w.start), instant(w.end)) for w in kept]
    newest = reader.latest("M01", kind)
    assert newest is not None
    assert (newest.start, newest.end) == (instant(windows[-1].start), instant(windows[-1].end))
    assert anchor_of(newest) == instant(windows[-1].anchor)
    complete = reader.latest("M01", kind, ended_by=NOW)
    assert complete is not None
    assert complete.end == max(value.end for value in found if value.end <= NOW)


@pytest.mark.parametrize("kind", WindowKind)
def test_a_series_is_half_open_in_anchors(reader: KpiReader, kind: WindowKind) -> None:
    windows = last_windows(kind, NOW, COUNT)
    start, end = instant(windows[0].anchor), instant(windows[1].anchor)
    assert [value.end for value in reader.series("M01", kind, start, end)] == [instant(windows[0].end)]
    assert reader.series("M01", kind, start + timedelta(seconds=1), end) == []
    limited = reader.series("M01", kind, start, instant(windows[-1].end), limit=2)
    assert [value.end for value in limited] == [instant(window.end) for window in windows[:2]]


@pytest.mark.parametrize("kind", WindowKind)
def test_a_breakdown_is_of_one_window(reader: KpiReader, kind: WindowKind) -> None:
    window = last_windows(kind, NOW, COUNT)[0]
    lines = reader.breakdown("M01", kind, instant(window.anchor), "line")
    assert [value.dimensions["line"] for value in lines] == ["901", "903", "U79"]
    assert {value.end for value in lines} == {instant(window.end)}
    assert reader.breakdown("M01", kind, instant(window.anchor), "borough") == []
    assert reader.breakdown("M01", kind, instant(window.anchor), "line", scope="STB01") == []


def test_a_gap_is_absent_and_other_cuts_do_not_mix(reader: KpiReader) -> None:
    day = timedelta(days=1)
    ends = [value.end for value in reader.series("M01", WindowKind.HOUR, NOON - day, NOON + day)]
    assert ends == [NOON + timedelta(hours=hour) for hour in (-3, -2, -1, 1)]
    before = reader.latest("M01", WindowKind.HOUR, ended_by=NOW)
    assert before is not None
    assert before.end == NOON - timedelta(hours=1)
    line = reader.latest("M01", WindowKind.HOUR, dimensions={"line": "903"})
    assert line is not None
    assert line.denominator == 99
    assert reader.latest("M01", WindowKind.HOUR, dimensions={"line": "907"}) is None
    assert reader.latest("M01", WindowKind.HOUR, scope="STB01") is None
    assert reader.latest("M01", WindowKind.HOUR, ended_by=NOON - day) is None


@pytest.mark.parametrize("kind", WindowKind)
def test_many_questions_are_answered_as_each_by_itself(reader: KpiReader, kind: WindowKind) -> None:
    windows = last_windows(kind, NOW, COUNT)
    start, end = instant(windows[1].anchor), instant(windows[3].anchor)
    whole = reader.series("M01", kind, instant(windows[0].anchor), instant(windows[-1].end))
    asks = [
        Ask(kpi_id="M01", window=kind, limit=3),
        Ask(kpi_id="M01", window=kind, oldest=True),
        Ask(kpi_id="M01", window=kind, scope="STB01", limit=3),
        Ask(kpi_id="M01", window=kind, start=start, end=end, limit=COUNT),
        Ask(kpi_id="M01", window=kind, end=end, oldest=True, limit=2),
    ] * 30
    newest, oldest, borough, between, first = reader.read(asks)[:5]
    assert list(newest) == list(whole[-3:])
    assert list(oldest) == list(whole[:1])
    assert list(borough) == []
    assert list(between) == list(reader.series("M01", kind, start, end))
    assert list(first) == list(whole[:2])
    assert reader.read(asks)[-5:] == [newest, oldest, borough, between, first]
    assert reader.read([]) == []


def test_streams(reader: KpiReader) -> None:
    assert list(reader.streams()) == [structs.replace(STATE, newest_append=NOW)]


def test_unknown_kpi(reader: KpiReader) -> None:
    with pytest.raises(UnknownKpi):
        reader.latest("Z99", WindowKind.DAY)
    with pytest.raises(UnknownKpi):
        reader.read([Ask(kpi_id="Z99", window=WindowKind.DAY)])


def test_windows_of_a_day_of_25_hours_are_all_there() -> None:
    windows = last_windows(WindowKind.DAY, datetime(2026, 10, 26, 12, tzinfo=UTC), 3)
    assert [(window.end - window.start) // 3600 for window in windows] == [24, 25, 24]
    value = value_of(EVERY_KIND, WindowKind.YEAR_TO_DATE, datetime(2026, 10, 25, 12, tzinfo=UTC), NOW)
    assert anchor_of(value) == datetime(2026, 10, 24, 22, tzinfo=UTC)


def test_windows_that_overlap_follow_each_other_day_by_day() -> None:
    for kind in (WindowKind.SEVEN_DAYS, WindowKind.YEAR_TO_DATE):
        ends = [instant(window.end) for window in last_windows(kind, NOW, 3)]
        assert ends == [datetime(2026, 11, day, 23, tzinfo=UTC) for day in (18, 19, 20)]


def test_before_the_store_exists_there_are_no_values(tmp_path: Path) -> None:
    reader = SqlReader(tmp_path / "store.db", load_catalogue())
    assert reader.latest("M01", WindowKind.DAY) is None
    assert reader.read([Ask(kpi_id="M01", window=WindowKind.DAY)]) == [[]]
    assert reader.streams() == []
    (tmp_path / "store.db").touch()
    assert reader.streams() == []
