"""The proof of a number on the screen and as files, over a real store and a real archive."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from msgspec import structs

from cityhub.bus.errors import ArchiveDamaged, BusUnavailable
from cityhub.kpi.audited import Audit, Difference
from cityhub.kpi.errors import BatchError, StoreUnavailable
from cityhub.kpi.store.audits import write_audit
from cityhub.kpi.store.sql_reader import SqlReader
from cityhub.kpi.values import Decision, State
from tests.unit.api.test_proofs import Failing
from tests.unit.api.world import principal
from tests.unit.dashboard.reading import by_id, ids, nodes, page, read, shown, text
from tests.unit.dashboard.world import World
from tests.unit.kpi.proof.world import World as Week

NOW = datetime(2026, 10, 29, 12, tzinfo=UTC)
WEDNESDAY = "window=day&at=2026-10-28"


@pytest.fixture
def world(proved: World) -> World:
    return proved


def keep(week: Week, at: datetime = NOW - timedelta(minutes=4), **found: object) -> None:
    definition = week.catalogue["M01"]
    audit = structs.replace(Audit(kpi="M01", version=1, hash=definition.hash, buckets=1234, events=56_789), **found)
    with week.engine.database.begin() as connection:
        write_audit(connection, audit, int(at.timestamp() * 1000))


def test_the_page_of_a_kpi_says_whether_its_number_was_checked(world: World, week: Week) -> None:
    words = read(page(world, "/kpi/M01").body, "proof-audit")
    assert words == "Noch nicht mit dem Archiv verglichen; das geschieht alle paar Minuten."
    keep(week, buckets=0, events=0)
    assert read(page(world, "/kpi/M01").body, "proof-audit") == words
    keep(week)
    assert read(page(world, "/kpi/M01").body, "proof-audit") == (
        "Geprüft vor 4 Minuten: 1.234 Zwischensummen aus 56.789 Datensätzen stimmen bitgenau mit dem Archiv überein."
    )
    wrong = Difference("", 1_792_620_000, "city", ("901", ""), "n", "3", "2")
    keep(week, mismatches=3, differences=(wrong,))
    drawn = page(world, "/kpi/M01", lang="en").body
    assert "3 numbers differ from the archive" in read(drawn, "proof-audit")
    assert read(drawn, "proof-audit").endswith("Everything last agreed on 29 Oct 2026 12:56.")
    assert "22 Oct 2026 00:00, city, 901, n: counted 3, from the archive 2" in read(drawn, "proof-differences")


def test_what_went_wrong_inside_is_for_the_city(world: World, week: Week) -> None:
    keep(week, trouble="a file is missing")
    drawn = page(world, "/kpi/M01").body
    assert "Konnte vor 4 Minuten nicht geprüft werden" in read(drawn, "proof-audit")
    assert "a file is missing" in read(drawn, "proof-differences")
    world.viewer = None
    assert "a file is missing" not in shown(world, "/kpi/M01")


def test_versions_are_told_with_their_hash(world: World, week: Week) -> None:
    words = read(page(world, "/kpi/M01").body, "proof-versions")
    assert words == f"Fassung 1: seit Beginn der Aufzeichnung {week.catalogue['M01'].hash[:12]}…"


def test_the_chart_marks_where_another_version_began_to_count(world: World, week: Week) -> None:
    began = Decision(
        kpi_id="M01",
        number=2,
        version=2,
        definition_hash="ab" * 32,
        decided=NOW - timedelta(days=2),
        who="Erika Muster",
        why="Ausfälle zählen mit",
        state=State.ACTIVE,
        active=NOW - timedelta(days=1, minutes=10),
    )

    class Reader(SqlReader):
        def decisions(self, kpi_id: str) -> Sequence[Decision]:
            return [*super().decisions(kpi_id), began]

    world.reader = Reader(week.store, week.catalogue)  # type: ignore[assignment]
    drawn = page(world, "/kpi/M01").body
    figure = by_id(drawn, "series-chart")["props"]["figure"]["layout"]
    assert "Fassung 2" in [note["text"] for note in figure["annotations"]]
    assert [line["x0"] for line in figure["shapes"] if line["x0"] == line["x1"]] == [21.5]
    assert "Ab Mi 28.10., 12–13 Uhr gilt Fassung 2." in read(drawn, "series-sentence")
    words = (
        "Fassung 2: seit 28.10.2026 12:50 Uhr, beschlossen von Erika Muster. Grund: Ausfälle zählen mit abababababab…"
    )
    assert read(drawn, "proof-versions").startswith(words)
    for viewer in (principal("startup"), None):
        world.viewer = viewer
        words = read(page(world, "/kpi/M01").body, "proof-versions")
        assert words.startswith("Fassung 2: seit 28.10.2026 12:50 Uhr. Grund: Ausfälle zählen mit")


def test_without_an_archive_the_page_says_nothing_of_proofs(world: World) -> None:
    world.proofs = None
    assert "proof" not in ids(page(world, "/kpi/M01").body)
    assert "Hier gibt es noch keine Zahl." in shown(world, "/kpi/M01/events")


def test_the_number_on_the_page_leads_to_its_own_events(world: World) -> None:
    drawn = page(world, "/kpi/M01").body
    path, _, query = by_id(drawn, "proof-events")["props"]["href"].partition("?")
    there = page(world, path, query).body
    assert read(there, "events-number") == f"{read(drawn, 'kpi-value')} {read(drawn, 'kpi-period')}"


@pytest.mark.parametrize("part", ["series", "lines"])
def test_every_row_of_the_tables_leads_to_its_events(world: World, part: str) -> None:
    rows = [row for row in nodes(by_id(page(world, "/kpi/M01").body, f"{part}-rows")) if row["type"] == "TableTr"]
    assert len(rows) > 3
    for row in rows[:4]:
        name, value, *_ = (text(cell) for cell in row["props"]["children"])
        (href,) = (node["props"]["href"] for node in nodes(row) if node["type"] == "Anchor")
        there = read(page(world, *href.split("?")).body, "events-number")
        assert there.startswith(value)
        assert (f"Linie {name}" if part == "lines" else name.partition(", ")[2]) in there


def test_events_are_shown_page_by_page(world: World) -> None:
    first = page(world, "/kpi/M01/events", WEDNESDAY).body
    assert "Gezählte Datensätze: " in read(first, "events-lead")
    assert "Nenner +1" in read(first, "events-rows")
    assert "du.evt.dvv.transit.v1 / " in read(first, "events-rows")
    assert read(first, "events-range").startswith("1 bis 25 von ")
    assert "events-previous" not in ids(first)
    path, _, query = by_id(first, "events-next")["props"]["href"].partition("?")
    second = page(world, path, query).body
    assert read(second, "events-range").startswith("26 bis ")
    assert read(second, "events-rows") != read(first, "events-rows")
    assert read(second, "events-number") == read(first, "events-number")


def test_all_rows_add_up_to_the_number(world: World, week: Week) -> None:
    (value,) = week.reader.series("M01", world.kpi.default_window, NOW - timedelta(days=1.6), NOW - timedelta(days=1))
    drawn = page(world, "/kpi/M01/events", WEDNESDAY).body
    rows = read(drawn, "events-rows")
    while "events-next" in ids(drawn):
        drawn = page(world, *by_id(drawn, "events-next")["props"]["href"].split("?")).body
        rows += read(drawn, "events-rows")
    assert (rows.count("Zähler +1"), rows.count("Nenner +1")) == (value.numerator, value.denominator)


def test_what_does_not_count_is_shown_with_its_reason(world: World) -> None:
    drawn = page(world, "/kpi/M01/events", f"{WEDNESDAY}&show=excluded", "en").body
    assert by_id(drawn, "events-excluded")["props"]["aria-current"] == "true"
    assert "Why not: " in read(drawn, "events-lead")
    assert "repetition of the same message (" in read(drawn, "events-lead")
    assert "repetition of the same message" in read(drawn, "events-rows")


def test_values_of_a_quantile_are_told_in_its_unit(world: World) -> None:
    words = read(page(world, "/kpi/E01/events").body, "events-rows")
    days = [float(number.replace(",", ".")) for number in re.findall(r"ein Wert bei ([\d,]+)\s+Tage", words)]
    assert len(days) == 25
    assert 0 <= min(days) < max(days) < 400


def test_one_walks_from_window_to_window(world: World) -> None:
    drawn = page(world, "/kpi/M01/events", f"{WEDNESDAY}&show=excluded").body
    before = by_id(drawn, "events-earlier")["props"]["href"]
    assert before == "/kpi/M01/events?window=day&at=2026-10-26T23%3A00%3A00Z&show=excluded"
    again = page(world, *before.split("?")).body
    assert by_id(again, "events-later")["props"]["href"].startswith(
        "/kpi/M01/events?window=day&at=2026-10-27T23%3A00%3A00Z"
    )
    assert "events-later" not in ids(page(world, "/kpi/M01/events", "window=day&at=2026-10-29").body)


def test_a_window_of_which_nothing_is_known_is_said_so(world: World) -> None:
    drawn = page(world, "/kpi/M01/events", "window=day&at=2020-01-01").body
    assert read(drawn, "events-number") == "keine Daten am 01.01.2020"
    assert read(drawn, "events-none") == "Hier gibt es keine Datensätze."


@pytest.mark.parametrize(
    "query",
    [
        "show=all",
        "page=-1",
        "page=x",
        "page=99999999",
        "window=minute",
        "window=fortnight",
        "at=yesterday",
        "at=1999-01-01",
        "scope=STB01",
        "dimension=lamp=7",
        "dimension=line=1&dimension=line=2",
    ],
)
def test_views_that_do_not_exist_are_a_message(world: World, query: str) -> None:
    assert not page(world, "/kpi/M01/events", query).found


def test_single_events_are_for_those_who_are_logged_in(world: World) -> None:
    world.viewer = None
    drawn = page(world, "/kpi/M01/events", WEDNESDAY).body
    assert "Gezählte Datensätze: " in read(drawn, "events-lead")
    assert read(drawn, "events-log-in") == "Die einzelnen Ereignisse sehen angemeldete Personen."
    assert not {"events-rows", "events-csv", "events-counted"} & set(ids(drawn))
    assert "proof-receipt" in ids(drawn)


@pytest.mark.parametrize(("role", "told"), [("controller", True), ("startup", False)])
def test_things_inside_a_partner_are_named_to_the_city_only(world: World, role: str, *, told: bool) -> None:
    world.viewer = principal(role)
    words = read(page(world, "/kpi/M01/events", WEDNESDAY).body, "events-table")
    assert ("transit-" in words.replace("dvv.transit", ""), "//dvv/simulation" in words) == (told, told)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ArchiveDamaged("t.parquet was changed"), "Eine Datei des Archivs ist nicht die, die geschrieben wurde."),
        (BusUnavailable("10.1.2.3 is silent"), "Bitte in einigen Sekunden erneut versuchen."),
        (StoreUnavailable("store.db is locked"), "Bitte in einigen Sekunden erneut versuchen."),
        (BatchError("a sum is too large"), "Den Grund findet der Betrieb"),
    ],
)
async def test_trouble_is_told_in_words(world: World, error: Exception, words: str) -> None:
    world.proofs = Failing(error)
    drawn = page(world, "/kpi/M01/events").body
    assert words in read(drawn, "events-trouble")
    server, _ = world.dashboard()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://hub") as http:
        answer = await http.get("/receipts/M01")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert words in answer.text
    assert str(error) not in answer.text


def test_what_is_not_archived_is_said(world: World, tmp_path: Path) -> None:
    world.proofs._archive = tmp_path / "elsewhere"  # type: ignore[union-attr]
    words = read(page(world, "/kpi/M01/events").body, "events-trouble")
    assert words.startswith("Die Ereignisse dieses Zeitraums sind nicht im Archiv")
