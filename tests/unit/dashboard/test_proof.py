"""The proof of a number on the screen, over a real store and a real archive."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from msgspec import structs

from cityhub.kpi.audited import Audit
from cityhub.kpi.proof import signature
from cityhub.kpi.proof.receipt import parse
from cityhub.kpi.proof.verify import verify
from cityhub.kpi.store.audits import write_audit
from cityhub.kpi.store.decisions import begin
from tests.unit.dashboard.reading import by_id, ids, page, read, shown
from tests.unit.dashboard.world import World
from tests.unit.kpi.proof.world import World as Week


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Week:
    found = Week(tmp_path_factory.mktemp("screen"), per_type=300)
    found.count()
    with found.engine.database.begin() as connection:
        begin(connection, found.catalogue, 0)
    found.engine.publish()
    return found


@pytest.fixture
def world(week: Week) -> World:
    world = World(now=datetime(2026, 10, 29, 12, tzinfo=UTC))
    world.reader, world.proofs = week.reader, week.proofs  # type: ignore[assignment]
    return world


def keep(week: Week, **found: object) -> None:
    definition = week.catalogue["M01"]
    audit = structs.replace(Audit(kpi="M01", version=1, hash=definition.hash, buckets=1234, events=56_789), **found)
    with week.engine.database.begin() as connection:
        write_audit(connection, audit, int(datetime(2026, 10, 29, 11, 56, tzinfo=UTC).timestamp() * 1000))


def test_the_page_of_a_kpi_says_whether_its_number_was_checked(world: World, week: Week) -> None:
    words = read(page(world, "/kpi/M01").body, "proof-audit")
    assert words == "Noch nicht mit dem Archiv verglichen; das geschieht alle paar Minuten."
    keep(week)
    assert read(page(world, "/kpi/M01").body, "proof-audit") == (
        "Geprüft vor 4 Minuten: 1.234 Zwischensummen aus 56.789 Datensätzen stimmen bitgenau mit dem Archiv überein."
    )
    keep(week, mismatches=3)
    assert "3 numbers differ from the archive" in read(page(world, "/kpi/M01", lang="en").body, "proof-audit")
    keep(week, trouble="a file is missing")
    assert "nicht geprüft werden: a file is missing" in read(page(world, "/kpi/M01").body, "proof-audit")
    assert read(page(world, "/kpi/M01").body, "proof-versions") == "Fassung 1, seit Beginn der Aufzeichnung"


def test_without_an_archive_the_page_says_nothing_of_proofs(world: World) -> None:
    world.proofs = None
    assert "proof" not in ids(page(world, "/kpi/M01").body)
    assert "Hier gibt es noch keine Zahl." in shown(world, "/kpi/M01/events")


def test_events_are_shown_page_by_page(world: World) -> None:
    first = page(world, "/kpi/M01/events").body
    assert " Datensätze zählen, " in read(first, "events-lead")
    assert "Nenner +1" in read(first, "events-rows")
    assert "du.evt.dvv.transit.v1 / " in read(first, "events-rows")
    assert read(first, "events-range").startswith("1 bis 25 von ")
    assert "events-previous" not in ids(first)
    target = by_id(first, "events-next")["props"]["href"]
    path, _, query = target.partition("?")
    second = page(world, path, query).body
    assert read(second, "events-range").startswith("26 bis ")
    assert read(second, "events-rows") != read(first, "events-rows")


def test_what_does_not_count_is_shown_with_its_reason(world: World) -> None:
    drawn = page(world, "/kpi/M01/events", "show=excluded", "en").body
    assert "Not counted" in read(drawn, "events-excluded")
    words = read(drawn, "events-rows") if "events-rows" in ids(drawn) else read(drawn, "events-none")
    assert "not part of the figure" in words or "repetition" in words or "reused" in words or "no records" in words


@pytest.mark.parametrize("query", ["show=all", "page=-1", "page=x", "page=99999999"])
def test_views_that_do_not_exist_are_a_message(world: World, query: str) -> None:
    assert not page(world, "/kpi/M01/events", query).found


def test_why_a_number_cannot_be_opened_is_said(world: World, week: Week, tmp_path: Path) -> None:
    proofs = week.proofs
    proofs._archive = tmp_path / "elsewhere"
    world.proofs = proofs
    words = read(page(world, "/kpi/M01/events").body, "events-trouble")
    assert words.startswith("Die Zahl lässt sich gerade nicht öffnen: ")
    assert "is archived up to offset -1" in words


async def test_the_receipt_is_a_file_that_verifies_and_is_signed(world: World, week: Week) -> None:
    server, _ = world.dashboard()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://hub") as http:
        answer = await http.get("/kpi/M01/receipt.json")
        key = (await http.get("/receipts/key")).text
        missing = await http.get("/kpi/Z99/receipt.json")
    receipt = parse(answer.content)

    assert answer.headers["content-disposition"].startswith(
        f'attachment; filename="cityhub-receipt-M01-{receipt.id[:12]}'
    )
    assert verify(receipt, week.archive, week.catalogue).differences == []
    assert receipt.signature is not None
    signature.check(receipt.signature, receipt.id, key)
    assert missing.status_code == 404
    assert abs(receipt.issued.timestamp() - time.time()) < 600
