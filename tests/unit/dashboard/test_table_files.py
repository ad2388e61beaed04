"""Files of the tables that cannot be sorted: what the screen shows, for those who see it, and for nobody else."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import date
from typing import Any

import httpx
import pytest
from msgspec import structs

from cityhub.bus.errors import BusUnavailable
from cityhub.kpi.definition import Catalogue, Target, load_catalogue
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.memory_reader import InMemoryReader
from cityhub.kpi.reader import last_windows
from cityhub.kpi.targets import TargetRecord
from cityhub.sdk.principal import Principal
from tests.unit.api.world import principal
from tests.unit.dashboard.partner_world import PartnerWorld, day
from tests.unit.dashboard.reading import by_id, ids, nodes, page, text
from tests.unit.dashboard.world import NOW, World, instant, value

KPIS = load_catalogue()
GOAL = Target(value=85.25, watch=2.0, source="=Ratsbeschluss", since=date(2026, 1, 1))
WBD, OPERATOR = principal("partner-publisher", organisation="wbd"), principal("hub-operator")


def got(world: World, address: str) -> httpx.Response:
    """What a browser gets; in a loop of its own, since a partner's side asks Kafka in one."""

    async def visit() -> httpx.Response:
        transport = httpx.ASGITransport(world.dashboard()[0])
        async with httpx.AsyncClient(transport=transport, base_url="http://hub") as http:
            return await http.get(address)

    return asyncio.run(visit())


def bare(cell: str) -> str:
    """A cell without what only one of both has: marks of thousands, and signs between parts or against formulas."""
    return "".join(one for one in cell.replace("−", "-") if one not in ".,·;' \u00a0")


def assert_files_are_the_screen(world: World, path: str, query: str = "", lang: str = "de") -> list[str]:
    """Every table of a page, cell by cell; returns the tables' names."""
    body = page(world, path, query, lang).body
    names = [key.removesuffix("-table") for key in ids(body) if key.endswith("-table")]
    for name in names:
        rows = [node["props"]["children"] for node in nodes(by_id(body, f"{name}-table")) if node["type"] == "TableTr"]
        answer = got(world, by_id(body, f"{name}-csv")["props"]["href"])
        file = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
        assert [[bare(cell) for cell in row] for row in file] == [[bare(text(cell)) for cell in row] for row in rows]
        assert len(file) > 1
    return names


@pytest.fixture
def plan() -> World:
    made = World(hours=1)
    wanted = {kpi: KPIS[kpi] for kpi in ("B01", "E04", "E14", "I08", "W03", "W05")}
    made.reader = InMemoryReader(Catalogue(wanted))
    for kpi in ("E04", "E14", "I08"):
        kind = KPIS[kpi].default_window
        newest = value(kind, instant(last_windows(kind, NOW, 2)[0].anchor), (87, 100))
        newest = structs.replace(newest, kpi_id=kpi, unit=KPIS[kpi].unit, beside={})
        made.reader.put([newest])
        if kpi == "E14":
            made.reader.put([structs.replace(newest, dimensions={"measure": "projekt-01"}, value=40.0)])
    return made


@pytest.mark.parametrize("lang", ["de", "en"])
def test_every_table_of_the_masterplan(plan: World, lang: str) -> None:
    assert assert_files_are_the_screen(plan, "/masterplan", lang=lang) == [
        "plan-breitband", "plan-e-government", "plan-wohnen", "plan-infrastruktur", "plan-effects",
        "programme-masterplan", "programme-quarters",
    ]  # fmt: skip


def test_the_file_of_a_programme_holds_numbers(plan: World) -> None:
    answer = got(plan, "/masterplan/programme-masterplan.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="programme-masterplan-2026-11-23.csv"'
    assert answer.text.splitlines()[1] == "projekt-01;Projekt 01 (Platzhalter);nicht zugeordnet;40,0;Simulation"
    assert answer.text.splitlines()[2].endswith(";noch nicht gemeldet;")


@pytest.mark.parametrize("name", ["plan-bildung", "plan-other", "programme-6-seen-wedau", "..", "%00"])
def test_the_masterplan_has_no_other_files(plan: World, name: str) -> None:
    assert got(plan, f"/masterplan/{name}.csv").status_code == 404


def test_what_a_reader_may_not_see_of_the_masterplan_is_in_no_file(plan: World) -> None:
    hidden = structs.replace(KPIS["E14"], audience="city")
    plan.reader._catalogue = Catalogue({one.id: one for one in [*plan.reader.catalogue, hidden]})
    for viewer, seen in ((None, False), (principal("leadership", organisation="city"), True)):
        plan.viewer = viewer
        assert ("E14" in got(plan, "/masterplan/plan-e-government.csv").text) is seen
        assert ("40,0" in got(plan, "/masterplan/programme-masterplan.csv").text) is seen


def test_targets_without_the_names_of_those_who_set_them(world: World) -> None:
    made: dict[str, Any] = {"kpi_id": "M01", "who": "Anna Beispiel", "why": "Haushalt", "recorded": NOW}
    world.reader.recorded = [
        TargetRecord(number=1, target=GOAL, **made),
        TargetRecord(number=2, target=None, retracts=1, **made),
    ]
    assert assert_files_are_the_screen(world, "/kpi/M01/target") == ["targets"]
    public = got(world, "/kpi/M01/target/targets.csv")
    assert public.headers["content-disposition"] == 'attachment; filename="M01-targets-2026-11-23.csv"'
    assert "Ziel 85,25 % · zurückgezogen;2 %;01.01.2026;'=Ratsbeschluss;Haushalt" in public.text.replace("\u00a0", " ")
    assert "Anna" not in public.text
    world.viewer = principal("controller", organisation="city")
    assert "Anna Beispiel" in got(world, "/kpi/M01/target/targets.csv").text


def test_without_records_there_is_no_file_and_no_button(world: World) -> None:
    assert by_id(page(world, "/kpi/M01/target").body, "targets-file")["props"]["hidden"] is True
    assert got(world, "/kpi/M01/target/targets.csv").status_code == 404
    assert got(world, "/kpi/Z99/target/targets.csv").status_code == 404


def test_targets_of_a_kpi_that_is_not_public(world: World) -> None:
    world.with_definition(structs.replace(world.kpi, audience="city"))
    world.reader.recorded = [TargetRecord(kpi_id="M01", number=1, target=GOAL)]
    assert got(world, "/kpi/M01/target/targets.csv").status_code == 404
    world.viewer = principal("leadership", organisation="city")
    assert got(world, "/kpi/M01/target/targets.csv").status_code == 200


@pytest.fixture
def partner() -> PartnerWorld:
    world = PartnerWorld()
    world.viewer = WBD
    world.days.append(day(24, stream="", excluded=1_200, excluded_by={"id_reuse": 1_200}))
    world.refuse(1)
    world.refuse(2, plate="DU-X 1", fill=0.5)
    return world


@pytest.mark.parametrize(("viewer", "query"), [(WBD, ""), (OPERATOR, "partner=wbd")])
@pytest.mark.parametrize("lang", ["de", "en"])
def test_a_partners_side(partner: PartnerWorld, viewer: Principal, query: str, lang: str) -> None:
    partner.viewer = viewer
    assert assert_files_are_the_screen(partner, "/partner", query, lang) == ["days", "letters", "readers"]
    answer = got(partner, f"/partner/days.csv?{query}")
    assert answer.headers["content-disposition"] == 'attachment; filename="wbd-days-2026-11-25.csv"'
    assert ";1200;" in answer.text, "a number, so that a spreadsheet can count"
    assert "DU-X" not in got(partner, f"/partner/letters.csv?{query}").text


@pytest.mark.parametrize("name", ["days", "letters", "readers"])
@pytest.mark.parametrize(
    ("viewer", "query"),
    [
        (None, ""), (None, "partner=wbd"), (WBD, "partner=dvv"), (OPERATOR, ""), (OPERATOR, "partner=wdb"),
        (principal("leadership", organisation="city"), "partner=wbd"), (principal("startup"), ""),
    ],
)  # fmt: skip
def test_nobody_takes_away_what_is_not_his(
    partner: PartnerWorld, viewer: Principal | None, query: str, name: str
) -> None:
    partner.viewer = viewer
    answer = got(partner, f"/partner/{name}.csv?{query}")
    assert answer.status_code == 404
    assert "melden Sie sich bitte an" in answer.text
    assert partner.asked == []


def test_what_is_away_is_no_file_and_the_rest_is_there(partner: PartnerWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(*_: object) -> object:
        raise BusUnavailable("gone from 10.0.0.1")

    monkeypatch.setattr(partner.letters.redrive, "past", gone)
    partner.trouble = {"balance": StoreUnavailable("locked at /secret")}
    for name in ("days", "letters"):
        answer = got(partner, f"/partner/{name}.csv")
        assert answer.status_code == 503
        assert "secret" not in answer.text
        assert "10.0.0.1" not in answer.text
    assert got(partner, "/partner/readers.csv").status_code == 200
