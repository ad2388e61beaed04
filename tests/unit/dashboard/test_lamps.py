"""The lamps behind energy per smart lamp: filled, hatched, in words, each leading to its events; not for everyone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

import httpx
import pytest
from msgspec import structs

from cityhub.bus.errors import ArchiveMissing
from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.proof.service import Number
from cityhub.kpi.proof.shares import Share
from tests.unit.api.classes import value_of
from tests.unit.api.test_proofs import Failing
from tests.unit.api.world import principal
from tests.unit.dashboard.reading import by_id, ids, nodes, page, read, shown
from tests.unit.dashboard.world import NOW, World

I08, SAVING = (load_catalogue()[kpi] for kpi in ("I08", "I08-saving"))
NIGHT = NOW - timedelta(days=1)


class Lamps:
    """A proof service that knows what lamps added."""

    def __init__(self, used: Sequence[int | None]) -> None:
        self.asked: list[tuple[Number, timedelta]] = []
        self._used = used

    def shares(self, wanted: Number, known_for: timedelta) -> Sequence[Share]:
        self.asked.append((wanted, known_for))
        found = enumerate(self._used, 1)
        return [Share(f"lamp-{number:04d}", used is not None, {"numerator": used or 0}) for number, used in found]

    def audits(self) -> Sequence[object]:
        return []


@pytest.fixture
def world() -> World:
    """The newest night of 240 lamps, and old luminaires of 2 kWh; seen by a controller."""
    world = World()
    world.with_definition(I08)
    world.with_definition(SAVING)
    night = value_of(I08, I08.default_window, NIGHT, NOW)
    world.reader.put([night])
    world.reader.put([structs.replace(night, kpi_id=SAVING.id, references={"lamp_energy_baseline": 480_000})])
    world.viewer = principal("controller")
    return world


def lit(world: World, *used: int | None) -> Lamps:
    proofs = Lamps(used)
    world.proofs = proofs  # type: ignore[assignment]
    return proofs


def light(tree: object, place: int) -> tuple[str, str]:
    """How a lamp is drawn: the glass, and how high it is filled."""
    glass, filling = (node["props"] for node in nodes(by_id(tree, f"lamp-{place}")) if _is_drawn(node["props"]))
    return glass["className"], filling["style"]["height"]


def _is_drawn(props: dict[str, object]) -> bool:
    return str(props.get("className", "")).startswith(("lamp-glass", "lamp-light"))


def test_lamps_are_filled_by_what_they_used_beside_an_old_one(world: World) -> None:
    proofs = lit(world, 400, 0, None, 2_600)
    body = page(world, "/kpi/I08").body
    assert [light(body, place) for place in range(4)] == [
        ("lamp-glass", "20%"),
        ("lamp-glass", "0%"),
        ("lamp-glass silent", "0%"),
        ("lamp-glass", "100%"),
    ]
    assert [read(body, f"lamp-{place}") for place in range(4)] == ["0,40 0001", "0,00 0002", "– 0003", "2,60 0004"]
    labels = [by_id(body, f"lamp-{place}")["props"]["aria-label"].replace("\u00a0", " ") for place in range(4)]
    assert labels == [
        "lamp-0001: 0,40 kWh, 20 % einer alten Leuchte",
        "lamp-0002: 0,00 kWh, 0 % einer alten Leuchte",
        "lamp-0003: stumm",
        "lamp-0004: 2,60 kWh, 130 % einer alten Leuchte",
    ], "never by its drawing alone"
    assert ["icon-up" in str(by_id(body, f"lamp-{place}")) for place in range(4)] == [False, False, False, True]
    assert "einer alten Leuchte (2,00 kWh)" in read(body, "lamps-scale")
    assert "Zahlen in kWh." in read(body, "lamps-scale")
    assert read(body, "lamps-lead") == (
        "Nacht zum 23.11.2026: 3 von 4 bekannten Laternen haben gemeldet. Stumm: lamp-0003 ."
    )
    ((asked, known_for),) = proofs.asked
    assert (asked.kpi, asked.window, asked.scope, known_for.days) == ("I08", I08.default_window, "city", 7)


def test_a_lamp_leads_to_its_events_in_that_night(world: World) -> None:
    lit(world, 400, None)
    body = page(world, "/kpi/I08").body
    there = "/kpi/I08/events?window=night&at=2026-11-22T11%3A00%3A00Z&subject=lamp-000"
    assert [by_id(body, f"lamp-{place}")["props"]["href"] for place in range(2)] == [f"{there}1", f"{there}2"]
    assert by_id(body, "silent-0")["props"]["href"] == f"{there}2"


def test_more_lamps_than_a_row_holds_stand_on_pages(world: World) -> None:
    lit(world, *[400] * 50, *[None] * 10)
    body = page(world, "/kpi/I08", "span=30n").body
    assert read(body, "lamps-range") == "1 bis 24 von 60"
    assert "lamps-previous" not in ids(body)
    assert read(body, "lamps-lead").endswith("lamp-0056 und 4 weitere.")
    path, _, query = by_id(body, "lamps-next")["props"]["href"].partition("?")
    assert "span=30n" in query
    second = page(world, path, query).body
    assert read(second, "lamp-0") == "0,40 0025"
    last = page(world, "/kpi/I08", "lamps=99").body
    assert read(last, "lamps-range") == "49 bis 60 von 60"
    assert [key for key in ids(last) if key in {"lamp-11", "lamp-12", "lamps-next"}] == ["lamp-11"]
    lit(world, *[400] * 24)
    assert "lamps-range" not in ids(page(world, "/kpi/I08").body)


def test_without_a_baseline_the_filling_says_nothing_and_that_is_said(world: World) -> None:
    lit(world, 400, None)
    world.reader.put([structs.replace(value_of(I08, I08.default_window, NIGHT, NOW), kpi_id=SAVING.id, references={})])
    body = page(world, "/kpi/I08", lang="en").body
    assert [light(body, place)[1] for place in range(2)] == ["100%", "0%"]
    assert by_id(body, "lamp-0")["props"]["aria-label"].replace("\u00a0", " ") == "lamp-0001: 0.40 kWh"
    assert read(body, "lamps-scale").startswith("It is not known what the old luminaires used")
    assert read(body, "lamps-lead") == "Night to 23 Nov 2026: 1 of 2 known lamps have reported. Silent: lamp-0002 ."


@pytest.mark.parametrize("who", [None, ("startup", ""), ("partner-writer", "wbd")])
def test_which_lamp_used_what_is_for_the_city_and_its_partner(world: World, who: tuple[str, str] | None) -> None:
    proofs = lit(world, 400)
    world.viewer = principal(*who) if who else None
    body = page(world, "/kpi/I08").body
    assert read(body, "lamps-for") == "Die einzelnen Laternen sehen angemeldete Personen der Stadt und von DVV."
    assert "lamp-0" not in ids(body)
    assert proofs.asked == [], "nor is anything opened for them"
    world.viewer = principal("partner-writer", "dvv")
    assert "lamp-0" in ids(page(world, "/kpi/I08").body)


def test_only_energy_per_lamp_has_lamps(world: World) -> None:
    lit(world, 400)
    assert "lamps-title" not in ids(page(world, "/kpi/I08-saving").body)
    world.proofs = None
    assert "lamps-title" not in ids(page(world, "/kpi/I08").body)


def test_lamps_that_cannot_be_opened_are_said_so(world: World) -> None:
    failing = Failing(ArchiveMissing("du.evt.dvv.lamp.v1/0 is archived up to offset 7"))
    failing.shares = failing.page  # type: ignore[attr-defined]
    failing.audits = list  # type: ignore[attr-defined, method-assign, assignment]
    world.proofs = failing  # type: ignore[assignment]
    assert "nicht im Archiv" in read(page(world, "/kpi/I08").body, "lamps-trouble")


async def test_the_events_of_a_lamp_are_its_own(proved: World) -> None:
    body = page(proved, "/kpi/I08").body
    heard = next(
        name for name in ids(body) if re.fullmatch(r"lamp-\d+", name) and "silent" not in str(by_id(body, name))
    )
    path, _, query = by_id(body, heard)["props"]["href"].partition("?")
    subject = query.rpartition("subject=")[2]
    there = page(proved, path, query).body
    rows = [row for row in nodes(by_id(there, "events-rows")) if row["type"] == "TableTr"]
    assert rows
    assert all(subject in str(row) for row in rows)
    assert read(there, "events-subject") == f"Nur zum Gegenstand {subject}. Alle zeigen"
    assert read(there, "events-lead").startswith(f"Gezählte Datensätze: {len(rows)}, ")
    for name in ("events-excluded", "events-earlier"):
        assert f"subject={subject}" in by_id(there, name)["props"]["href"], "the lamp is kept on the way"
    assert "subject=" not in by_id(there, "events-everything")["props"]["href"]
    server, _ = proved.dashboard()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://hub") as http:
        lines = (await http.get(by_id(there, "events-csv")["props"]["href"])).text.strip().split("\r\n")
        assert len(lines) == 1 + len(rows)
        proved.viewer = principal("startup")
        assert (await http.get(f"{path}.csv?{query}")).status_code == 400
    assert "Diesen Zeitraum oder diese Sortierung" in shown(proved, path, query), "not to be guessed at either"
