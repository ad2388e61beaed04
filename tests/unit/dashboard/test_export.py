"""CSV files: exactly what is shown, in a form that a German spreadsheet opens and never runs."""

from __future__ import annotations

import httpx
import pytest

from cityhub.dashboard.address_query import Order
from cityhub.dashboard.export import csv_of, escaped
from cityhub.dashboard.tables import Column, Table
from cityhub.kpi.values import WindowKind
from tests.unit.dashboard.reading import by_id, nodes, page, text
from tests.unit.dashboard.world import NOW, World, value


def table(*cells: str | float | None) -> Table:
    columns = tuple(Column(None, f"c{at}", 1 if isinstance(cell, float) else None) for at, cell in enumerate(cells))
    return Table(caption="", parameter="series", order=Order(), columns=columns, rows=(cells,))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_cells_that_a_spreadsheet_would_run_are_text(start: str) -> None:
    assert escaped(f"{start}1+1").startswith(f"'{start}")


def test_form_of_the_file() -> None:
    data = csv_of(table("Linie; „901“", -1234.56, None, "=1"), "de")
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8-sig").split("\r\n")[1] == '"Linie; „901“";-1234,6;unbekannt;\'=1'


@pytest.mark.parametrize("query", ["", "?span=48h&series=value&lines=-n", "?span=14d&series=-value&lang=en"])
@pytest.mark.parametrize("name", ["series", "lines"])
async def test_the_file_is_what_the_screen_shows(world: World, http: httpx.AsyncClient, query: str, name: str) -> None:
    answer = await http.get(f"/kpi/M01/{name}.csv{query}")
    lines = answer.content.decode("utf-8-sig").split("\r\n")[1:-1]
    lang = "en" if "lang=en" in query else "de"
    body = by_id(page(world, "/kpi/M01", query, lang).body, f"{name}-rows")
    rows = [[text(cell) for cell in row["props"]["children"]] for row in nodes(body) if row["type"] == "TableTr"]
    plain = [";".join(cell.replace("−", "-") for cell in row) for row in rows]
    marks = {"de": ".", "en": ","}[lang]
    assert len(lines) == len(plain) > 2
    for line, row in zip(lines, plain, strict=True):
        first, *cells = row.split(";")
        numbers = [cell if at == 3 else cell.replace(marks, "").replace(".", ",") for at, cell in enumerate(cells)]
        assert line == ";".join([first, *numbers])


async def test_the_page_links_to_the_file_of_its_view(world: World, http: httpx.AsyncClient) -> None:
    href = by_id(page(world, "/kpi/M01", "span=14d&series=value").body, "series-csv")["props"]["href"]
    answer = await http.get(href)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="M01-series-2026-11-23.csv"'
    assert "Simulation" in answer.text


async def test_hostile_names_are_escaped(world: World, http: httpx.AsyncClient) -> None:
    world.reader.put([value(WindowKind.DAY, NOW.replace(day=22), (1, 2), line='=HYPERLINK("x")')])
    assert "\"'=HYPERLINK(" in (await http.get("/kpi/M01/lines.csv")).text


@pytest.mark.parametrize("path", ["/kpi/Z99/series.csv", "/kpi/M01/series.csv?span=1y", "/kpi/M01/other.csv"])
async def test_there_is_no_file_of_what_does_not_exist(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code == 404
