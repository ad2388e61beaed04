"""Files that prove numbers: receipts, their key, and the events behind a number."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from msgspec import structs

from cityhub.kpi.definition import Catalogue
from cityhub.kpi.proof import signature
from cityhub.kpi.proof.explain import Page
from cityhub.kpi.proof.receipt import parse
from cityhub.kpi.proof.service import Number
from cityhub.kpi.proof.verify import verify
from cityhub.kpi.store.sql_reader import SqlReader
from tests.unit.dashboard.reading import by_id, nodes, page, read, text
from tests.unit.dashboard.test_proof import WEDNESDAY
from tests.unit.dashboard.world import World
from tests.unit.kpi.proof.world import World as Week


@pytest.fixture
def world(proved: World) -> World:
    return proved


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    server, _ = world.dashboard()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://hub") as client:
        yield client


async def test_the_receipt_is_a_file_that_verifies_and_is_signed(http: httpx.AsyncClient, week: Week) -> None:
    answer = await http.get(f"/receipts/M01?{WEDNESDAY}")
    key = (await http.get("/receipts/key")).text
    receipt = parse(answer.content)

    assert answer.headers["content-type"] == "application/json"
    name = f"cityhub-receipt-M01-{receipt.id[:12]}.json"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert verify(receipt, week.archive, week.catalogue).differences == []
    assert receipt.signature is not None
    signature.check(receipt.signature, receipt.id, key)
    assert receipt.start == datetime(2026, 10, 27, 23, tzinfo=UTC)
    assert abs(receipt.issued.timestamp() - time.time()) < 600
    line = next(iter({event.dimensions["line"] for event in week.published("M01") if event.dimensions}))
    assert parse((await http.get(f"/receipts/M01?dimension=line={line}")).content).dimensions == {"line": line}


async def test_links_to_receipts_lead_to_them(world: World, http: httpx.AsyncClient) -> None:
    drawn = page(world, "/kpi/M01/events", f"{WEDNESDAY}&dimension=line=x").body
    receipt = parse((await http.get(by_id(drawn, "proof-receipt")["props"]["href"])).content)
    assert (receipt.start.day, receipt.dimensions) == (27, {"line": "x"})


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/receipts/Z99", 404, "Diese Kennzahl gibt es nicht"),
        ("/receipts/M01?window=minute", 400, "M01 has no 'minute'; it has hour, day"),
        ("/receipts/M01?at=today", 400, "Diesen Zeitraum"),
        ("/receipts/M01?scope=moon", 400, "M01 has no 'moon'"),
        ("/kpi/Z99/events.csv", 404, "Diese Kennzahl gibt es nicht"),
        ("/receipts/M01?dimension=line=" + "x" * 600, 400, "Diesen Zeitraum"),
    ],
)
async def test_files_that_do_not_exist_are_refused(http: httpx.AsyncClient, path: str, status: int, words: str) -> None:
    answer = await http.get(path)
    assert answer.status_code == status
    assert words in answer.text


async def test_a_kpi_that_is_not_public_proves_nothing_to_visitors(world: World, week: Week) -> None:
    hidden = Catalogue({one.id: structs.replace(one, audience="city") for one in week.catalogue})
    world.reader = SqlReader(week.store, hidden)  # type: ignore[assignment]
    server, _ = world.dashboard()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://hub") as http:
        assert (await http.get("/receipts/M01")).status_code == 200
        world.viewer = None
        assert (await http.get("/receipts/M01")).status_code == 404
        assert (await http.get("/kpi/M01/events")).status_code == 404


@pytest.mark.parametrize("show", ["counted", "excluded"])
async def test_the_csv_file_holds_all_rows_of_the_screen(world: World, http: httpx.AsyncClient, show: str) -> None:
    drawn = page(world, "/kpi/M01/events", f"{WEDNESDAY}&show={show}").body
    answer = await http.get(by_id(drawn, "events-csv")["props"]["href"])
    head, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";")
    assert answer.headers["content-disposition"] == f'attachment; filename="M01-events-{show}-2026-10-27T2300Z.csv"'
    assert f" von {len(rows)}" in read(drawn, "events-range")
    assert head[:4] == ["Zeitpunkt", "Grund" if show == "excluded" else "Trägt bei", "Partner", "Gegenstand"]
    screen = [row for row in nodes(by_id(drawn, "events-rows")) if row["type"] == "TableTr"]
    for row, line in zip(screen, rows, strict=False):
        assert [text(cell) for cell in row["props"]["children"]][:4] == line[:4]
        assert all(cell in text(row) for cell in line)


async def test_the_csv_file_is_for_those_who_are_logged_in(world: World, http: httpx.AsyncClient) -> None:
    world.viewer = None
    assert (await http.get("/kpi/M01/events.csv")).status_code == 401


async def test_a_long_list_says_how_many_are_left_out(
    world: World, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cityhub.dashboard.proof_rows.MOST_ROWS", 20)
    monkeypatch.setattr("cityhub.dashboard.proof_rows._AT_ONCE", 10)
    rows = (await http.get(f"/kpi/M01/events.csv?{WEDNESDAY}&lang=en")).text.strip().split("\r\n")
    assert len(rows) == 22
    assert rows[-1].startswith("and ")


async def test_without_a_key_receipts_are_not_signed(world: World, http: httpx.AsyncClient) -> None:
    world.proofs._key = ""  # type: ignore[union-attr]
    assert parse((await http.get("/receipts/M01")).content).signature is None
    assert (await http.get("/receipts/key")).status_code == 404


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\n="])
async def test_no_spreadsheet_runs_what_partners_write(world: World, start: str) -> None:
    evil = f"{start}HYPERLINK(A1)"

    class Evil:
        def page(
            self, wanted: Number, *, first: int = 0, size: int = 100, excluded: bool = False, subject: str = ""
        ) -> Page:
            assert (first, excluded) == (0, False)
            found = real.page(wanted, size=1)
            (one,) = found.contributions
            origin = structs.replace(one.origin, id=evil, subject=evil, source=evil, adapter=evil)
            return structs.replace(found, counted=1, contributions=[structs.replace(one, origin=origin)])

    real, world.proofs = world.proofs, Evil()  # type: ignore[assignment]
    server, _ = world.dashboard()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://hub") as http:
        answer = await http.get(f"/kpi/M01/events.csv?{WEDNESDAY}")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    _, line = csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""), delimiter=";")
    assert line.count("'" + evil) == 4
    assert not [cell for cell in line if cell.startswith(tuple("=+-@\n"))]
