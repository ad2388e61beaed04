"""The sandbox's pages: whose tenants are shown, and what every button does, over real rooms."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cityhub.dashboard.components.header import account
from cityhub.dashboard.room_example import EXAMPLE
from cityhub.dashboard.sandbox_form import instant_in
from cityhub.sdk.principal import Principal
from tests.unit.dashboard.reading import by_id, ids, nodes, page, read, shown, text
from tests.unit.dashboard.sandbox_world import OTHER, OWN, SandboxWorld, startup

DAY = {"day": "24.11.2026", "seed": "2026", "speed": "600", "streams": ["parking-slots"], "loop": False}
MISSING = "Diese Seite gibt es nicht"


@pytest.fixture(scope="module")
def open_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxWorld]:
    with SandboxWorld(tmp_path_factory.mktemp("sandbox")) as world:
        yield world


@pytest.fixture
def world(open_world: SandboxWorld) -> SandboxWorld:
    """One for all tests, as rooms are slow to build; each begins with what it needs."""
    open_world.viewer = startup()
    open_world.rooms.away = False
    return open_world


@pytest.fixture
def played(world: SandboxWorld) -> SandboxWorld:
    """A tenant whose day has run for two hours."""
    world.press("sandbox-replay-said", "sandbox-replay", **DAY)
    world.rooms.run("demo", 12.0)
    return world


VIEWERS = [
    (startup(), ["demo"]),
    (startup(OTHER), ["theirs"]),
    (startup("", "hub-operator"), ["demo", "theirs"]),
    (startup(OWN, tenant="demo"), ["demo"]),
    (startup(OWN, tenant="other"), []),
    (startup("nobody"), []),
    (startup(""), None),
    (startup(OWN, "leadership"), None),
    (startup(OWN, "partner-publisher"), None),
    (None, None),
]


@pytest.mark.parametrize(("viewer", "seen"), VIEWERS)
def test_everybody_sees_their_own_tenants_only(
    world: SandboxWorld, viewer: Principal | None, seen: list[str] | None
) -> None:
    world.viewer = viewer
    found = page(world, "/sandbox")
    assert found.found == (seen is not None)
    if seen is not None:
        rows = [text(node) for node in nodes(found.body) if node["type"] == "TableTr"][1:]
        assert [row.split()[0] for row in rows if row.split()[0] in {"demo", "theirs"}] == seen
    for name in ("demo", "theirs"):
        assert page(world, f"/sandbox/{name}").found == (name in (seen or []))
        assert bool(world.look(f"/sandbox/{name}").get("sandbox-injects")) == (name in (seen or []))


@pytest.mark.parametrize(
    "path", ["/sandbox/theirs", "/sandbox/nothing", "/sandbox/..%2ftenants", "/sandbox/A", "/sandbox/demo/x"]
)
def test_a_foreign_tenant_is_the_same_page_as_none(world: SandboxWorld, path: str) -> None:
    assert not page(world, path).found
    assert shown(world, path).startswith(MISSING)
    if path.count("/") == 2 and "%" not in path and "A" not in path:
        assert shown(world, path) == shown(world, "/sandbox/never")


BUTTONS = [
    ("sandbox-rotated", "sandbox-rotate", {}),
    ("sandbox-allowed", "sandbox-allow", {"origins": "https://a.example"}),
    ("sandbox-deleted", "sandbox-delete", {}),
    ("sandbox-clock-said", "sandbox-freeze", {}),
    ("sandbox-clock-said", "sandbox-again", {}),
    ("sandbox-replay-said", "sandbox-replay", DAY),
    ("sandbox-inject-said", "sandbox-inject", {"kind": "late", "share": "100"}),
    ("sandbox-inject-said", "sandbox-clear", {}),
    ("sandbox-put-said", "sandbox-put", {"spec": EXAMPLE}),
    ("sandbox-own-said", "sandbox-show", {"own": "parking-15"}),
    ("sandbox-own-said", "sandbox-drop", {"own": "parking-15"}),
    ("sandbox-compare-said", "sandbox-compare", {"own": "parking-15", "city": "M07"}),
]


@pytest.mark.parametrize(("output", "button", "state"), BUTTONS)
def test_no_button_reaches_a_foreign_tenant(
    world: SandboxWorld, output: str, button: str, state: dict[str, object]
) -> None:
    refusal = "Diesen Mandanten gibt es nicht"
    world.rooms.asked.clear()
    for path in ("/sandbox/theirs", "/sandbox/never", "/sandbox", "/", None, 7):
        assert world.press(output, button, path, **state).startswith(refusal), path
    world.viewer = None
    assert world.press(output, button, **state).startswith(refusal)
    assert world.rooms.asked == []
    assert {one.name for one in world.tenants.of()} >= {"demo", "theirs"}


def test_the_way_is_shown_to_whom_it_is_for() -> None:
    assert "sandbox-link" in ids(account(startup(), "ready", "de", "/", sandbox=True))
    assert "sandbox-link" not in ids(account(startup(), "ready", "de", "/"))


def test_a_startup_makes_and_deletes_a_tenant(world: SandboxWorld) -> None:
    said = world.press("sandbox-made", "sandbox-make", "/sandbox", name="second", days="7", organisation=OTHER)
    assert "Angelegt." in said
    assert "startup-sbx-second" in said
    assert f"secret-{world.keys.issued}" in said
    assert world.tenants.one("second", OWN).organisation == OWN, "never what a form says"
    assert "second" in text(world.said["sideUpdate"]["sandbox-tenants"]["children"])
    assert "gab es schon" in world.press("sandbox-made", "sandbox-make", "/sandbox", name="second", days="30")
    assert world.press("sandbox-deleted", "sandbox-delete", "/sandbox/second") == ""
    assert world.said["sideUpdate"]["address"]["pathname"] == "/sandbox"
    assert not page(world, "/sandbox/second").found


def test_an_operator_names_the_organisation(world: SandboxWorld) -> None:
    world.viewer = startup("", "hub-operator")
    said = world.press("sandbox-made", "sandbox-make", "/sandbox", name="third", days="7", organisation="")
    assert said == "organisation: is missing; name the startup that the tenant is for"
    world.press("sandbox-made", "sandbox-make", "/sandbox", name="third", days="7", organisation=OTHER)
    assert world.tenants.one("third", None).organisation == OTHER
    world.press("sandbox-deleted", "sandbox-delete", "/sandbox/third")


@pytest.mark.parametrize(
    ("name", "days", "words"),
    [
        ("X", "30", "name: 'X' is none; write 3 to 31 small letters, digits and -, a letter first"),
        ("good-name", "91", "days: 91 is not between 1 and 90"),
        ("good-name", "viele", "Gilt so viele Tage (höchstens 90): „viele“ ist keine ganze Zahl."),
        ("theirs", "30", "name: 'theirs' is taken; choose another"),
    ],
)
def test_what_is_wrong_with_a_tenant_is_said(world: SandboxWorld, name: str, days: str, words: str) -> None:
    assert world.press("sandbox-made", "sandbox-make", "/sandbox", name=name, days=days) == words


@pytest.mark.parametrize("lang", ["de", "en"])
def test_a_tenants_page_says_what_to_do_next(world: SandboxWorld, lang: str) -> None:
    drawn = page(world, "/sandbox/demo", lang=lang).body
    assert ("Simuliert (synthetic)" if lang == "de" else "Simulated (synthetic)") in text(drawn)
    assert read(drawn, "command-replay").startswith("curl -sf https://hub.example/v1/sandbox/tenants/demo/replay")
    assert "-u 'startup-sbx-demo:SECRET'" in read(drawn, "command-token")
    assert by_id(drawn, "sandbox-spec")["props"]["value"] == EXAMPLE
    assert ("Noch nichts." if lang == "de" else "Nothing yet.") in read(drawn, "sandbox-entries-none")
    assert len(set(ids(drawn))) == len(ids(drawn))


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
    assert "is not within 40 days" in played.press("sandbox-clock-said", "sandbox-go", to="24.11.2027 07:00")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"day": "gestern"}, "Tag (TT.MM.JJJJ): „gestern“ ist kein Tag"),
        ({"speed": "schnell"}, "Tempo (0 bis 1.000-fach): „schnell“ ist keine Zahl"),
        ({"speed": "2.000"}, "speed: 2000.0 is not between 0 and 1000; 0 freezes the clock"),
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
    assert said == "where.types[1]: '' matches no event type; GET /v1/sandbox/catalogue lists them"
    played.press(
        "sandbox-inject-said", "sandbox-inject", kind="late", share="20", types="dvv.lamp.*", until="05:00",
        **{"from": "03:00"},
    )  # fmt: skip
    listed = text(played.look()["sandbox-injects"]["children"]).replace("\u00a0", " ")
    assert listed == "verspätet, 20 % der Ereignisse, von 24.11.2026 03:00 Uhr bis 24.11.2026 05:00 Uhr · dvv.lamp.*"
    wrong = played.press("sandbox-inject-said", "sandbox-inject", kind="silent", share="150")
    assert "share: 1.5 is not above 0 and at most 1" in wrong
    assert "where.subjects: is empty" in wrong
    assert played.press("sandbox-inject-said", "sandbox-clear") == "Ab jetzt gibt es keine Störung mehr."
    assert text(played.look()["sandbox-injects"]["children"]) == "Keine. Alles läuft, wie es soll."


def test_an_own_kpi_is_taken_and_stands_beside_the_citys(played: SandboxWorld) -> None:
    said = played.press("sandbox-put-said", "sandbox-put", spec=EXAMPLE)
    assert said.startswith("parking-15 wird gezählt, Fassung 1, Prüfsumme ")
    assert played.said["sideUpdate"]["sandbox-own"]["value"] == "parking-15"
    assert played.look()["sandbox-own"]["data"] == [{"value": "parking-15", "label": "parking-15"}]
    for lang, words in (("de", "Zeiträumen unterscheiden sich"), ("en", "windows differ")):
        both = played.press("sandbox-compare-said", "sandbox-compare", lang=lang, own="parking-15", city="M07")
        assert "parking-15" in both
        assert words in both
    drawn = played.said["sideUpdate"]["sandbox-compared"]["children"]
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


def test_an_own_kpis_text_comes_back_and_it_can_be_deleted(world: SandboxWorld) -> None:
    world.press("sandbox-put-said", "sandbox-put", spec=EXAMPLE)
    world.press("sandbox-own-said", "sandbox-show", own="parking-15")
    assert world.said["sideUpdate"]["sandbox-spec"]["value"] == EXAMPLE
    assert world.press("sandbox-own-said", "sandbox-drop", own="parking-15") == "parking-15 ist gelöscht."
    assert world.press("sandbox-own-said", "sandbox-drop", own="parking-15").startswith("no own KPI 'parking-15'")
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
    assert "has 9000 bytes; at most 8192 are read" in world.press("sandbox-put-said", "sandbox-put", spec="x" * 10_000)


def test_keys_origins_and_limits(world: SandboxWorld) -> None:
    said = world.press("sandbox-rotated", "sandbox-rotate")
    assert f"secret-{world.keys.issued}" in said
    assert "Dieses Geheimnis sehen Sie nur jetzt." in said
    assert "secret-" not in text(page(world, "/sandbox/demo").body)
    assert world.press("sandbox-allowed", "sandbox-allow", origins="https://a.example\n\nhttps://b.example") == (
        "Gespeichert: https://a.example, https://b.example"
    )
    assert "origins[0]: 'a.example' is no origin" in world.press(
        "sandbox-allowed", "sandbox-allow", origins="a.example"
    )
    drawn = page(world, "/sandbox/demo").body
    assert by_id(drawn, "sandbox-origins")["props"]["value"] == "https://a.example\nhttps://b.example"
    world.limits.take("demo")
    assert "599 von 600 Anfragen" in text(world.look()["sandbox-limits"]["children"])
    assert world.press("sandbox-allowed", "sandbox-allow", origins="") == "Keine fremde Webseite darf fragen."


def test_a_room_that_does_not_answer_is_said_and_the_page_stays(world: SandboxWorld) -> None:
    world.rooms.away = True
    assert "antwortet gerade nicht" in text(world.look()["sandbox-clock"]["children"])
    said = world.press("sandbox-clock-said", "sandbox-freeze")
    assert "antwortet gerade nicht" in said
    assert "the room was closed" in said
    assert page(world, "/sandbox/demo").found


def test_a_page_waits_for_the_sandbox_only_so_long(world: SandboxWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> object:
        return await asyncio.Event().wait()

    monkeypatch.setattr("cityhub.hub.web.sandbox.DRAWN_WITHIN_S", 0.01)
    monkeypatch.setattr(world.sandbox, "tenant", never)
    assert "antwortet gerade nicht" in shown(world, "/sandbox/demo")
    monkeypatch.setattr(world.sandbox, "newest", never)
    monkeypatch.setattr("cityhub.dashboard.room_callbacks._READ_WITHIN_S", 0.01)
    seen = world.look()
    assert seen["sandbox-clock"]["children"].startswith("Der Raum wird geöffnet")
    assert set(seen) == {"sandbox-clock", "sandbox-tick"}, "what was shown stays"


def test_drawing_a_button_presses_nothing(world: SandboxWorld) -> None:
    body = world.call("sandbox-deleted", "sandbox-delete")
    body["inputs"][0]["value"] = None
    assert world.post(body).status_code == 204
    assert page(world, "/sandbox/demo").found


JUNK = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(), st.lists, max_leaves=4
)


@given(st.sampled_from([one for one in BUTTONS if one[0] not in {"sandbox-deleted", "sandbox-rotated"}]), JUNK, JUNK)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_browser_sends_is_answered(
    world: SandboxWorld, button: tuple[str, str, dict[str, object]], junk: object, path: object
) -> None:
    output, key, state = button
    world.press(output, key, path, **state)
    world.press(output, key, "/sandbox/demo", **dict.fromkeys(state, junk))


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
