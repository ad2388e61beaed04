"""Windows of every kind on KPI pages, tiles and tables."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec import structs

from cityhub.dashboard.address import Span
from cityhub.dashboard.components.chart import figure
from cityhub.dashboard.pages.series import SPANS, series_in
from cityhub.kpi.definition import Catalogue
from cityhub.kpi.memory_reader import InMemoryReader
from cityhub.kpi.reader import last_windows
from cityhub.kpi.values import KpiValue, WindowKind
from tests.unit.api.classes import CATALOGUE, value_of, values_of
from tests.unit.dashboard.reading import by_id, nodes, page, read, text, view
from tests.unit.dashboard.world import NOW, World

EVERY_KIND = structs.replace(CATALOGUE["M01"], windows=tuple(WindowKind))
EVERY_VALUE = list(values_of(EVERY_KIND, NOW, 100))


@pytest.fixture
def kinds() -> World:
    """M01 in windows of every kind."""
    world = World(hours=0)
    world.reader = InMemoryReader(Catalogue({"M01": EVERY_KIND}))
    world.reader.put(EVERY_VALUE)
    return world


def newest(kind: WindowKind, back: int = 0) -> KpiValue:
    window = last_windows(kind, NOW, back + 1)[0]
    return value_of(EVERY_KIND, kind, NOW - timedelta(seconds=int(NOW.timestamp()) - window.anchor), NOW)


NAMES = {
    WindowKind.MINUTE: "23.11.2026, 14:05–14:06 Uhr",
    WindowKind.FIVE_MINUTES: "23.11.2026, 14:05–14:10 Uhr",
    WindowKind.QUARTER_HOUR: "23.11.2026, 14:00–14:15 Uhr",
    WindowKind.HOUR: "23.11.2026, 14–15 Uhr",
    WindowKind.NIGHT: "Nacht zum 24.11.2026",
    WindowKind.DAY: "23.11.2026",
    WindowKind.SEVEN_DAYS: "7 Tage bis 23.11.2026",
    WindowKind.WEEK: "KW 48/2026",
    WindowKind.MONTH: "November 2026",
    WindowKind.YEAR: "2026",
    WindowKind.YEAR_TO_DATE: "01.01. bis 23.11.2026",
    WindowKind.SCHOOL_YEAR: "Schuljahr 2026/27",
}


@pytest.mark.parametrize("span", SPANS)
def test_each_span_has_a_row_and_a_point_for_each_window(kinds: World, span: Span) -> None:
    kind, count, _ = SPANS[span]
    body = page(kinds, "/kpi/M01", f"span={span}").body
    rows = [node for node in nodes(by_id(body, "series-rows")) if node["type"] == "TableTr"]
    assert len(rows) == count
    assert text(rows[0]).startswith(f"{NAMES[kind]} ")
    drawn = series_in(view(kinds), EVERY_KIND, span)
    assert [window.value is None for window in drawn.windows] == [False] * count
    assert len(set(figure(drawn).layout.xaxis.ticktext)) >= min(count, 3)
    assert by_id(body, f"span-{span}")["props"]["aria-current"] == "true"
    assert len({text(row).split(" 8")[0] for row in rows}) == count, "no two windows share a name"


@pytest.mark.parametrize("kind", WindowKind)
def test_each_kind_stands_for_a_kpi(kinds: World, kind: WindowKind) -> None:
    kinds.with_definition(structs.replace(EVERY_KIND, default_window=kind))
    body = page(kinds, "/kpi/M01").body
    last, running = newest(kind, 1), newest(kind)
    assert read(body, "kpi-value") == f"{last.value:.1f} %".replace(".", ",")
    assert read(body, "kpi-running") == f"{running.value:.1f} %".replace(".", ",")
    tile = page(kinds, "/field/mobilitaet").body
    assert any(node["type"] == "Img" for node in nodes(by_id(tile, "tile-M01-sparkline")))
    rows = [node for node in nodes(by_id(body, "lines-rows")) if node["type"] == "TableTr"]
    assert len(rows) == 3, "the split of that very window"
