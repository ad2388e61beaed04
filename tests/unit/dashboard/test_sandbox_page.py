"""The sandbox's pages: whose tenants are shown, and what every button does, over real rooms."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cityhub.dashboard.components.header import account
from cityhub.dashboard.inplace import Sheet
from cityhub.dashboard.room_example import EXAMPLE
from cityhub.sdk.principal import Principal
from tests.unit.dashboard.reading import by_id, ids, nodes, page, read, shown, text
from tests.unit.dashboard.sandbox_world import DAY, OTHER, OWN, SandboxWorld, startup

MISSING = "Diese Seite gibt es nicht"


@pytest.fixture
def world(sandbox: SandboxWorld) -> SandboxWorld:
    return sandbox


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
    world.service._limits.take("demo")
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


def test_another_tenants_page_replaces_the_page_with_all_that_was_read_into_it(world: SandboxWorld) -> None:
    world.viewer = startup("", "hub-operator")
    before = Sheet.of(page(world, "/sandbox/demo").body).drawn
    assert Sheet.of(page(world, "/sandbox/demo").body).changes(before) == {}
    assert Sheet.of(page(world, "/sandbox/theirs").body).changes(before) is None


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
