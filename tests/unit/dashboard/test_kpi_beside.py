"""What stands beside a number on its page: other periods, further values, published figures, standards, a print."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest
from msgspec import structs

from cityhub.kpi.definition import Baseline, Responsible, Standard
from cityhub.kpi.health.kpi import SourceHealths
from cityhub.kpi.health.source import Cause, SourceHealth, State
from cityhub.kpi.proof.receipt import number_id, parse
from cityhub.kpi.values import WindowKind
from cityhub.sdk.text import Text
from tests.unit.api.classes import CATALOGUE, value_of
from tests.unit.dashboard.reading import by_id, ids, nodes, page, read, shown, text
from tests.unit.dashboard.world import NOW, World, value


def rows(world: World, path: str, name: str, query: str = "", lang: str = "de") -> list[list[str]]:
    body = by_id(page(world, path, query, lang).body, f"{name}-rows")
    return [[text(cell) for cell in row["props"]["children"]] for row in nodes(body) if row["type"] == "TableTr"]


@pytest.fixture
def days() -> World:
    world = World(hours=24 * 4)
    world.reader.put([value(WindowKind.DAY, NOW - timedelta(days=1), (847, 1000))])
    world.reader.put([value(WindowKind.DAY, NOW - timedelta(days=2), (800, 1000))])
    return world


def test_a_number_is_compared_with_the_period_before_and_a_year_ago(days: World) -> None:
    days.reader.put([value(WindowKind.DAY, NOW - timedelta(days=366), (900, 1000))])
    days.reader.put([value(WindowKind.HOUR, NOW - timedelta(days=400), (1, 2))])
    assert rows(days, "/kpi/M01", "comparison") == [
        ["gezeigter Wert", "22.11.2026", "84,7", "", "Simulation"],
        ["Zeitraum davor", "21.11.2026", "80,0", "+4,7 Pkt.", "Simulation"],
        ["ein Jahr zuvor", "22.11.2025", "90,0", "−5,3 Pkt.", "Simulation"],
    ]


def test_what_was_not_recorded_says_so(days: World) -> None:
    assert rows(days, "/kpi/M01", "comparison")[2] == ["ein Jahr zuvor", "", "unbekannt", "", "nicht erfasst"]
    assert rows(days, "/kpi/M01", "comparison", lang="en")[2][4] == "not recorded"


def test_a_year_to_date_is_compared_with_the_last_year_only() -> None:
    world = World.of_all_classes()
    assert [row[0] for row in rows(world, "/kpi/W01", "comparison")] == ["gezeigter Wert", "ein Jahr zuvor"]


async def test_the_comparison_is_a_file(days: World) -> None:
    server, _ = days.dashboard()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://hub") as http:
        answer = await http.get("/kpi/M01/comparison.csv")
    screen = [";".join(cell.replace("−", "-") for cell in row) for row in rows(days, "/kpi/M01", "comparison")]
    lines = [
        line.replace("'", "").replace("−", "-").replace("\u00a0", " ")
        for line in answer.content.decode("utf-8-sig").split("\r\n")[1:-1]
    ]
    assert lines == screen


def further(world: World) -> None:
    """A further value of M01, with the same numbers."""
    world.with_definition(structs.replace(world.kpi, id="M01-rail", value_of="M01", name=Text("Nur Bahn", "Rail only")))
    world.reader.put([structs.replace(one, kpi_id="M01-rail") for one in list(world.reader._values.values())])


def test_further_values_are_rows_with_unit_trend_and_link(days: World) -> None:
    further(days)
    body = page(days, "/kpi/M01").body
    assert read(body, "named-M01-rail") == "Nur Bahn 84,7 % gestern +4,7 Pkt. zum Vortag (besser) Simulation"
    assert by_id(body, "named-M01-rail")["props"]["href"] == "/kpi/M01-rail"
    assert "Pünktlichkeit der DVG" in [text(node) for node in nodes(page(days, "/kpi/M01-rail").body)], "the way back"
    assert "named-M01-rail" not in ids(page(days, "/kpi/M01-rail").body)


def test_further_values_that_are_not_for_the_viewer_are_not_there(days: World) -> None:
    further(days)
    days.with_definition(structs.replace(days.reader.catalogue["M01-rail"], audience="city"))
    assert "named-M01-rail" not in ids(page(days, "/kpi/M01").body)


def test_published_figures_stand_below_the_counted_ones_and_in_the_definition(world: World) -> None:
    world.with_definition(
        structs.replace(world.kpi, baseline=(Baseline(value=86.5, period="2024", source="Gründungspapier"),))
    )
    last = rows(world, "/kpi/M01", "series")[-1]
    assert last == ["2024", "86,5", "–", "–", "veröffentlicht: Gründungspapier"]
    assert "Veröffentlichte Vergleichswerte 2024: 86,5 %, Gründungspapier" in shown(world, "/kpi/M01")


def test_a_standard_that_nobody_has_looked_up_says_so(world: World) -> None:
    standards = (Standard(text="ISO 1", verified=False), Standard(text="OZG"))
    who = Responsible(unit="Amt 62", mailbox="amt62@example.org")
    world.with_definition(structs.replace(world.kpi, reference=standards, responsible=who, stability="experimental"))
    words = shown(world, "/kpi/M01")
    assert "ISO 1 (nicht geprüft) OZG" in words
    assert "OZG (nicht geprüft)" not in words
    assert "Amt 62 amt62@example.org" in words
    assert "In Erprobung" in words


def test_one_of_several_dimensions_is_chosen(world: World) -> None:
    kpi = CATALOGUE["E01"]
    world.with_definition(kpi)
    whole = value_of(kpi, kpi.default_window, NOW - timedelta(days=1), NOW)
    parts = [{"office": "mitte"}, {"service": "pass"}, {"service": ""}, {"office": "mitte", "service": "pass"}]
    world.reader.put([whole, *(structs.replace(whole, dimensions=one) for one in parts)])
    assert [row[0] for row in rows(world, "/kpi/E01", "lines")] == ["mitte"]
    assert [row[0] for row in rows(world, "/kpi/E01", "lines", "by=service")] == ["pass", "unbekannt"]
    assert by_id(page(world, "/kpi/E01", "by=service").body, "split-service")["props"]["aria-current"] == "true"
    assert "Diesen Zeitraum oder diese Sortierung" in shown(world, "/kpi/E01", "by=colour")


def test_a_source_in_trouble_is_said_in_a_sentence(world: World) -> None:
    type_ = "de.duisburg.dvv.transit.stop-departed.v1"
    since = int((NOW - timedelta(hours=8)).timestamp())
    stands = SourceHealth(source=type_, at_s=since, state=State.UNRELIABLE, cause=Cause.OVERDUE, since_s=since)
    assert read(page(world, "/kpi/M01").body, "trust-health") == "Verlässlich."
    world.reader._source_healths = SourceHealths(NOW, NOW, {type_: stands})
    body = page(world, "/kpi/M01").body
    assert read(body, "trust-health").startswith("Nicht verlässlich: ")
    assert "seit 06:05 Uhr" in read(body, "trust-health")
    assert read(body, "kpi-status") == "nicht verlässlich"
    tile = by_id(page(world, "/field/mobilitaet").body, "tile-M01")
    assert "seit 06:05 Uhr" in text(tile)
    assert not [node for node in nodes(tile) if node["type"] == "Img"], "no line to rely on"
    assert "1 nicht verlässlich" in read(page(world, "/").body, "field-mobilitaet-counts")


def test_a_printed_page_names_its_data_state_and_what_proves_the_number(world: World) -> None:
    foot = read(page(world, "/kpi/M01").body, "print-foot")
    assert foot.startswith("Datenstand: 23.11.2026 14:04 Uhr · Quelle: DVV")
    assert "Gedruckt am 23.11.2026 14:05 Uhr" in foot
    assert f"Definition M01, Fassung 1, Prüfsumme {world.kpi.hash}" in foot
    assert "Revision 3" in foot
    assert "/receipts/" not in foot, "nothing is archived here"


async def test_a_printed_page_names_its_receipt(proved: World) -> None:
    foot = read(page(proved, "/kpi/M01").body, "print-foot")
    (number,) = re.findall("Kennung ([0-9a-f]{16})", foot)
    address = re.search(r"unter (/receipts/M01\?window=day&at=\S+)", foot)
    assert address
    assert address[1].endswith(f"&number={number}")
    server, _ = proved.dashboard()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://hub") as http:
        answer = await http.get(address[1])
        other = await http.get(address[1].replace(number, "0" * 16))
    assert number_id(parse(answer.content)) == number
    assert other.status_code == 409
    assert number in other.text
    assert "Zur Kennung 0000000000000000 gibt es hier keinen Beleg mehr" in other.text
