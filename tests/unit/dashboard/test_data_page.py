"""Data quality: every source with what it promised and delivered, sorted and filed as it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import httpx
import pytest
from msgspec import structs

from cityhub.dashboard.partner_desk import PartnerDesk
from cityhub.kpi.definition import Catalogue
from cityhub.kpi.health.day import SourceDay
from cityhub.kpi.health.kpi import SourceHealths
from cityhub.kpi.health.source import Cause, SourceHealth, State
from cityhub.kpi.memory_reader import InMemoryReader
from tests.unit.api.classes import CATALOGUE
from tests.unit.api.world import principal
from tests.unit.dashboard.partner_world import PartnerWorld
from tests.unit.dashboard.reading import by_id, ids, nodes, page, read, shown, text
from tests.unit.dashboard.world import NOW, World, stream

LEVEL = "de.duisburg.wbd.bin.level-observed.v1"


@pytest.fixture
def world() -> World:
    """M01, which a feed fills, I11, whose bins report, and E01, of which nothing came."""
    world = World()
    definitions = {name: CATALOGUE[name] for name in ("M01", "I11", "E01")}
    topic = CATALOGUE["I11"].sources["observed"].topic
    world.streams.append(stream(NOW, topic=topic, partner="wbd", synthetic=False))
    values = world.reader._values
    world.reader = InMemoryReader(Catalogue(definitions), world.streams)
    world.reader._values = values
    newest = NOW - timedelta(minutes=20)
    world.reader.days = {LEVEL: SourceDay(received=1_200, rejected=3, newest=newest, known=240, heard=236)}
    return world


def rows(world: World, query: str = "", lang: str = "de") -> list[list[str]]:
    body = by_id(page(world, "/data", query, lang).body, "sources-rows")
    return [[text(cell) for cell in row["props"]["children"]] for row in nodes(body) if row["type"] == "TableTr"]


def test_a_row_says_everything_of_its_source(world: World) -> None:
    found = {row[0]: row[1:] for row in rows(world)}
    assert found[CATALOGUE.contracts[LEVEL].title.de] == [
        "WBD",
        "stündlich",
        "23.11.2026 13:45 Uhr",
        "aktuell",
        "1.200",
        "3",
        "236 von 240",
        "I11",
    ]
    departed = found[CATALOGUE.contracts["de.duisburg.dvv.transit.stop-departed.v1"].title.de]
    assert departed == ["DVV", "alle 30 s", "23.11.2026 14:04 Uhr", "aktuell · Simulation", "–", "–", "–", "M01"]
    booked = found[CATALOGUE.contracts["de.duisburg.city.appointment.booked.v1"].title.de]
    assert booked[2:4] == ["noch nie", "Noch keine Daten – Quelle: Stadt Duisburg"]


def test_what_the_hub_saw_of_a_source_is_a_sentence(world: World) -> None:
    since = int((NOW - timedelta(hours=8)).timestamp())
    stands = SourceHealth(
        source=LEVEL, at_s=since, state=State.UNRELIABLE, cause=Cause.SILENT, share=0.38, since_s=since
    )
    world.reader._source_healths = SourceHealths(NOW, NOW, {LEVEL: stands})
    assert "38 % der" in shown(world, "/data")
    assert "seit 06:05 Uhr nichts (WBD)" in shown(world, "/data")


@pytest.mark.parametrize("column", ["source", "partner", "every", "state", "situation", "received", "heard", "kpis"])
def test_every_column_can_be_sorted_both_ways(world: World, column: str) -> None:
    up, down = rows(world, f"sources={column}"), rows(world, f"sources=-{column}")
    assert sorted(up) == sorted(down) == sorted(rows(world))
    body = page(world, "/data", f"sources=-{column}").body
    assert by_id(body, f"sources-head-{column}")["props"]["aria-sort"] == "descending"


def test_what_is_not_known_comes_last(world: World) -> None:
    for query in ("sources=received", "sources=-received", "sources=heard"):
        assert rows(world, query)[0][5] == "1.200"
    assert rows(world, "sources=-state")[-1][3] == "noch nie"
    assert "Diesen Zeitraum oder diese Sortierung" in shown(world, "/data", "sources=colour")


@pytest.mark.parametrize("query", ["", "sources=-kpis", "sources=received&lang=en"])
async def test_the_file_is_what_the_screen_shows(world: World, query: str) -> None:
    server, _ = world.dashboard()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://hub") as http:
        answer = await http.get(f"/data/sources.csv?{query}")
    assert answer.headers["content-disposition"] == 'attachment; filename="sources-2026-11-23.csv"'
    lines = answer.content.decode("utf-8-sig").replace("\u00a0", " ").split("\r\n")[1:-1]
    screen = rows(world, query, "en" if "lang=en" in query else "de")
    assert lines == [";".join(cell.replace("1.200", "1200").replace("1,200", "1200") for cell in row) for row in screen]


def test_the_platform_s_own_kpis_are_tiles_here_and_in_no_field(world: World) -> None:
    world.with_definition(structs.replace(world.kpi, id="X01", field="platform"))
    assert "tile-X01" in ids(page(world, "/data").body)
    assert "lead-X01" not in ids(page(world, "/").body)
    assert "Noch keine Daten" in read(page(world, "/data").body, "tile-X01")


class Balanced(PartnerWorld):
    """Whose ledger says what a test wants."""

    missing: Mapping[str, int] = {}

    def differences(self) -> Mapping[str, int]:
        return self.missing


def test_whoever_may_see_the_ledger_sees_whether_it_balances() -> None:
    world = Balanced()
    assert isinstance(world.desk, PartnerDesk)
    assert "ledger" not in ids(page(world, "/data").body), "not for everybody"
    world.viewer = principal("partner-publisher", organisation="wbd")
    assert read(page(world, "/data").body, "ledger").startswith("Das Eingangsbuch geht auf")
    world.missing = {"dvv": 1_200}
    assert read(page(world, "/data").body, "ledger").startswith("Das Eingangsbuch geht auf"), "of others nothing"
    world.missing = {"wbd": 2, "dvv": 1_200}
    assert read(page(world, "/data").body, "ledger").endswith("Es fehlen Ereignisse: WBD 2.")
    world.viewer = principal("hub-operator")
    assert read(page(world, "/data").body, "ledger").endswith("Es fehlen Ereignisse: DVV 1.200, WBD 2.")
