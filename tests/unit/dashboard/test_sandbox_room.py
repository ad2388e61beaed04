"""A tenant's room on the screen: clock, replay, injects, and an own KPI beside the city's, over a real room."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cityhub.dashboard.room_example import EXAMPLE
from cityhub.dashboard.sandbox_form import instant_in
from tests.unit.dashboard.reading import nodes, page, read, text
from tests.unit.dashboard.sandbox_world import DAY, OTHER, SandboxWorld, startup


@pytest.fixture
def world(sandbox: SandboxWorld) -> SandboxWorld:
    return sandbox


@pytest.fixture
def played(world: SandboxWorld) -> SandboxWorld:
    """A tenant whose day has run for two hours."""
    world.press("sandbox-replay-said", "sandbox-replay", **DAY)
    world.rooms.run("demo", 12.0)
    return world


def test_a_day_runs_and_its_entries_are_shown(played: SandboxWorld) -> None:
    seen = played.look()
    assert "Es ist 24.11.2026 02:00:00 (simulierte Zeit, Duisburg)." in text(seen["sandbox-clock"]["children"])
    assert "Läuft 600-fach." in text(seen["sandbox-clock"]["children"])
    assert "Startwert 2026: parking-slots." in text(seen["sandbox-clock"]["children"])
    assert seen["sandbox-tick"]["interval"] == 2_000
    assert seen["sandbox-entries-none"]["hidden"] is True
    values = text(played.look(shown="value")["entries-rows"]["children"])
    assert "M07" in values
    assert "parking-observed" not in values
    assert "parking-observed" in text(played.look(shown="event")["entries-rows"]["children"])
    assert "Runs at 600×." in text(played.look(lang="en")["sandbox-clock"]["children"])


def test_the_clock_obeys(played: SandboxWorld) -> None:
    def clock() -> str:
        return text(played.look()["sandbox-clock"]["children"])

    assert played.press("sandbox-clock-said", "sandbox-freeze") == "Die Uhr ist gestellt."
    assert "Steht." in clock()
    assert played.look()["sandbox-tick"]["interval"] == 10_000
    played.press("sandbox-clock-said", "sandbox-pace-60")
    assert "Läuft 60-fach." in clock()
    played.press("sandbox-clock-said", "sandbox-go", to="03:00")
    assert "Auf dem Weg zu 24.11.2026 03:00:00." in clock()
    played.rooms.run("demo", 0.0)
    assert "Es ist 24.11.2026 03:00:00" in clock()
    played.press("sandbox-clock-said", "sandbox-go", to="24.11.2026 01:30")
    played.rooms.run("demo", 0.0)
    assert "Es ist 24.11.2026 01:30:00" in clock(), "back to an earlier instant"
    played.press("sandbox-clock-said", "sandbox-again")
    assert "Es ist 24.11.2026 00:00:00" in clock()
    assert "Läuft 60-fach." in clock()
    bad = played.press("sandbox-clock-said", "sandbox-go", to="heute")
    assert bad.endswith("„heute“ ist kein Zeitpunkt; bitte so schreiben: 24.11.2026 07:00")
    far = played.press("sandbox-clock-said", "sandbox-go", to="24.11.2027 07:00")
    assert far.startswith("24.11.2027 07:00 liegt nicht in den 40 Tagen nach dem 24.11.2026 00:00; bitte")
    said = played.press("sandbox-clock-said", "sandbox-go", lang="en", to="2027-11-24 07:00")
    assert "is not within 40 days" in said


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"day": "gestern"}, "Tag (TT.MM.JJJJ): „gestern“ ist kein Tag"),
        ({"speed": "schnell"}, "Tempo (0 bis 1.000-fach): „schnell“ ist keine Zahl"),
        ({"speed": "2.000"}, "Das Tempo 2000 liegt nicht zwischen 0 und 1000; 0 hält die Uhr an."),
        ({"seed": "x"}, "Startwert des Zufalls: „x“ ist keine ganze Zahl."),
    ],
)
def test_what_cannot_be_replayed_is_said(world: SandboxWorld, state: dict[str, object], words: str) -> None:
    assert world.press("sandbox-replay-said", "sandbox-replay", **DAY | state).startswith(words)


def test_injects_come_and_go(played: SandboxWorld) -> None:
    said = played.press(
        "sandbox-inject-said",
        "sandbox-inject",
        kind="late",
        share="20",
        types="dvv.lamp.*, ",
        subjects="slot-0001\nslot-0002",
        until="05:00",
        **{"from": "03:00"},
    )
    assert said == "Die Ereignisart „“ gibt es nicht; /v1/sandbox/catalogue nennt alle."
    played.press(
        "sandbox-inject-said", "sandbox-inject", kind="late", share="20", types="dvv.lamp.*", until="05:00",
        **{"from": "03:00"},
    )  # fmt: skip
    listed = text(played.look()["sandbox-injects"]["children"]).replace("\u00a0", " ")
    assert listed == "verspätet, 20 % der Ereignisse, von 24.11.2026 03:00 Uhr bis 24.11.2026 05:00 Uhr · dvv.lamp.*"
    wrong = played.press("sandbox-inject-said", "sandbox-inject", kind="silent", share="150")
    assert "Der Anteil liegt zwischen 0 und 100 Prozent, nicht bei 150" in wrong
    assert "Es fehlen die Dinge, die stumm sind" in wrong
    assert played.press("sandbox-inject-said", "sandbox-clear") == "Ab jetzt gibt es keine Störung mehr."
    assert text(played.look()["sandbox-injects"]["children"]) == "Keine. Alles läuft, wie es soll."


def test_an_own_kpi_is_taken_and_stands_beside_the_citys(played: SandboxWorld) -> None:
    said = played.press("sandbox-put-said", "sandbox-put", spec=EXAMPLE)
    assert said.startswith("parking-15 wird gezählt, Fassung 1, Prüfsumme ")
    assert played.said["sideUpdate"]["sandbox-own"]["value"] == "parking-15"
    assert played.look()["sandbox-own"]["data"] == [{"value": "parking-15", "label": "parking-15"}]
    for lang, words in (("de", "Zeiträumen unterscheiden sich"), ("en", "windows differ")):
        played.press("sandbox-compare-said", "sandbox-compare", lang=lang, own="parking-15", city="M07")
        shown = played.compared(played.said["sideUpdate"]["sandbox-comparing"]["data"], lang=lang)
        both = text(played.said["sideUpdate"]["sandbox-compare-said"]["children"])
        assert "parking-15" in both
        assert words in both
    drawn = shown["sandbox-compared"]["children"]
    (graph,) = [node for node in nodes(drawn) if node["type"] == "Graph"]
    lines = {line["name"]: line for line in graph["props"]["figure"]["data"]}
    assert set(lines) == {"parking-15", "M07"}
    assert len(lines["M07"]["y"]) == len(lines["parking-15"]["y"]) > 4
    ways = [node["props"]["href"] for node in nodes(drawn) if "/events?" in str(node["props"].get("href"))]
    opened = page(played, *ways[0].split("?")).body
    assert read(opened, "headline") == "Ereignisse hinter parking-15"
    assert "stellplatz-0" in read(opened, "events-rows")
    assert page(played, *(ways[0] + "&show=excluded").split("?")).found
    played.viewer = startup(OTHER)
    assert not page(played, *ways[0].split("?")).found


def test_the_own_kpi_is_chosen_after_a_reload_and_no_other_choice_is_touched(played: SandboxWorld) -> None:
    played.press("sandbox-put-said", "sandbox-put", spec=EXAMPLE)
    played.press("sandbox-put-said", "sandbox-put", spec=EXAMPLE.replace("parking-15", "parking-20"))
    assert played.look()["sandbox-own"]["value"] == "parking-15"
    assert "value" not in played.look(own="parking-20")["sandbox-own"]


def test_a_comparison_follows_the_clock_as_the_reader_chose_it(played: SandboxWorld) -> None:
    played.press("sandbox-put-said", "sandbox-put", spec=EXAMPLE)
    assert played.compared(None) == {}, "nothing is compared yet"
    played.press("sandbox-compare-said", "sandbox-compare", own="parking-15", city="M07")
    pair = played.said["sideUpdate"]["sandbox-comparing"]["data"]
    first = played.compared(pair)
    assert "parking-15 und M07: " in text(played.said["sideUpdate"]["sandbox-compare-said"]["children"])
    drawn = first["sandbox-drawn"]["data"]
    assert played.compared(pair, drawn) == {}, "the clock stands where it stood"
    played.rooms.run("demo", 6.0)
    later = played.compared(pair, drawn)
    assert played.said["sideUpdate"]["sandbox-compare-said"]["children"] == "", "nobody wants it read out again"
    shown = later["sandbox-compared"]["children"]
    assert "parking-15 und M07: " in text(shown)
    (graph,) = [node for node in nodes(shown) if node["type"] == "Graph"]
    assert graph["props"]["figure"]["layout"]["uirevision"] == "parking-15 M07"
    assert later["sandbox-drawn"]["data"]["now"] > drawn["now"]
    played.press("sandbox-own-said", "sandbox-drop", own="parking-15")
    played.rooms.run("demo", 6.0)
    assert played.compared(pair, drawn) == {}
    gone = played.said["sideUpdate"]["sandbox-compare-said"]["children"]
    assert "Eine eigene Kennzahl „parking-15“ gibt es nicht" in text(gone)


def test_an_own_kpis_text_comes_back_and_it_can_be_deleted(world: SandboxWorld) -> None:
    world.press("sandbox-put-said", "sandbox-put", spec=EXAMPLE)
    world.press("sandbox-own-said", "sandbox-show", own="parking-15")
    assert world.said["sideUpdate"]["sandbox-spec"]["value"] == EXAMPLE
    assert world.press("sandbox-own-said", "sandbox-drop", own="parking-15") == "parking-15 ist gelöscht."
    assert world.press("sandbox-own-said", "sandbox-drop", own="parking-15").startswith(
        "Eine eigene Kennzahl „parking-15“"
    )
    assert world.press("sandbox-own-said", "sandbox-show", own=None).startswith("Wählen Sie eine eigene Kennzahl.")
    world.press("sandbox-put-said", "sandbox-example")
    assert world.said["sideUpdate"]["sandbox-spec"]["value"] == EXAMPLE


def test_the_validator_is_quoted_line_by_line(world: SandboxWorld) -> None:
    spec = EXAMPLE.replace("grain: 15min", "grain: 7min").replace("$occupied", "$full")
    world.press("sandbox-put-said", "sandbox-put", spec=spec)
    lines = [node for node in nodes(world.said["response"]["sandbox-put-said"]["children"]) if node["type"] == "Code"]
    assert len(lines) >= 2
    assert {line["props"]["lang"] for line in lines} == {"en"}
    assert any("full" in text(line) for line in lines)
    assert "hat 9000 Bytes; höchstens 8192" in world.press("sandbox-put-said", "sandbox-put", spec="x" * 10_000)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("07:00", datetime(2026, 11, 24, 6, tzinfo=UTC)), ("24.11.2026 07:00", datetime(2026, 11, 24, 6, tzinfo=UTC)),
        ("24.11.2026 07:00 Uhr", datetime(2026, 11, 24, 6, tzinfo=UTC)),
        ("2026-07-01T07:00", datetime(2026, 7, 1, 5, tzinfo=UTC)), ("7", None), ("24:00", None), ("x 07:00", None),
    ],
)  # fmt: skip
def test_instants_are_duisburgs(said: str, found: datetime | None) -> None:
    assert instant_in(said, datetime(2026, 11, 24, tzinfo=UTC).date()) == found
