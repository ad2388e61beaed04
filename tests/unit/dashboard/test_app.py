"""The dashboard over HTTP: documents, first paint, callbacks, and nothing that leaves the origin."""

from __future__ import annotations

import asyncio
import json
import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cityhub.dashboard.app import create_dashboard, csp_script_hashes
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.memory_reader import InMemoryReader
from cityhub.kpi.values import StreamState, WindowKind
from cityhub.sdk.principal import Principal
from tests.unit.dashboard.reading import by_id, read, text
from tests.unit.dashboard.world import NOW, World, value

CALLBACK = "..page.children...account.children...arrival.data...shown.data.."


def call(
    path: object = "/kpi/M01", query: object = "", shown: object = None, changed: str = "live.data"
) -> dict[str, Any]:
    """The body of the page's callback as the renderer sends it."""
    names = [part.rsplit(".", 1) for part in CALLBACK.strip(".").split("...")]
    return {
        "output": CALLBACK,
        "outputs": [{"id": key, "property": name} for key, name in names],
        "inputs": [
            {"id": "address", "property": "pathname", "value": path},
            {"id": "address", "property": "search", "value": query},
            {"id": "live", "property": "data", "value": 1},
        ],
        "changedPropIds": [changed],
        "state": [
            {"id": "settings", "property": "data", "value": {"lang": "de", "theme": "light"}},
            {"id": "shown", "property": "data", "value": shown},
        ],
    }


async def layout(http: httpx.AsyncClient, address: str = "/") -> dict[str, Any]:
    answer = await http.get("/_dash-layout", headers={"Referer": f"http://hub{address}"})
    found: dict[str, Any] = answer.json()
    return found


async def test_a_first_document_on_a_deep_address_is_complete(http: httpx.AsyncClient) -> None:
    answer = await http.get("/kpi/M01")
    assert answer.status_code == 200
    assert "<title>Pünktlichkeit der DVG · Duisburg in Kennzahlen</title>" in answer.text
    assert '<html lang="de" data-theme="light"' in answer.text
    for address in re.findall(r'(?:href|src)="([^"]+)"', answer.text):
        assert address.startswith("/"), "everything comes from our own origin"
        assert (await http.get(address)).status_code == 200, address
    assert "/assets/city.css" in answer.text
    assert "/assets/city.js" in answer.text


async def test_nothing_runs_inline_but_what_the_hashes_allow(world: World) -> None:
    server, app = world.dashboard()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://hub") as http:
        document = (await http.get("/")).text
    inline = [
        code
        for kind, code in re.findall(r"<script([^>]*)>(.*?)</script>", document, re.S)
        if "json" not in kind and code
    ]
    hashes = [f"'sha256-{b64encode(sha256(code.encode()).digest()).decode()}'" for code in inline]
    assert set(hashes) <= set(csp_script_hashes(app))
    assert not re.search(r"\son\w+=", document)


@pytest.mark.parametrize("path", ["/nope", "/kpi/Z99", "/field/sport", "/kpi/M01?span=1y", "/_dash-nonsense", "/_mcp"])
async def test_what_does_not_exist_is_a_404_page(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert answer.status_code == 404
    assert "Diese Seite gibt es nicht" in answer.text


@pytest.mark.parametrize(
    "path", ["/_dash-component-suites/os/x.js", "/_dash-component-suites/dash/nope.js", "/assets/no.css"]
)
async def test_unknown_files_are_404_too(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code == 404


async def test_routes_of_others_are_left_alone(world: World) -> None:
    server = FastAPI()
    server.add_api_route("/livez", lambda: {"alive": True})
    create_dashboard(server, world.services())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://hub") as http:
        assert (await http.get("/livez")).json() == {"alive": True}
    assert not [route for route in server.routes if getattr(route, "path", "") in {"/_mcp", "/_dash-ws-callback"}]


async def test_the_first_paint_holds_the_values(http: httpx.AsyncClient) -> None:
    tree = await layout(http, "/kpi/M01?span=14d")
    assert read(tree, "kpi-value") == "84,7 %"
    assert by_id(tree, "span-14d")["props"]["aria-current"] == "true"
    assert by_id(tree, "login")["props"]["href"] == "/login?return_to=%2Fkpi%2FM01%3Fspan%3D14d&lang=de"


async def test_without_a_referer_the_callback_brings_the_page(http: httpx.AsyncClient) -> None:
    tree = (await http.get("/_dash-layout")).json()
    assert by_id(tree, "page")["props"]["children"] is None
    answer = (await http.post("/_dash-update-component", json=call(changed="address.pathname"))).json()["response"]
    assert read(answer["page"]["children"], "kpi-value") == "84,7 %"
    assert answer["arrival"]["data"]["title"].startswith("Pünktlichkeit der DVG")


async def test_the_first_paint_is_not_drawn_twice(http: httpx.AsyncClient) -> None:
    shown = by_id(await layout(http, "/kpi/M01"), "shown")["props"]["data"]
    answer = await http.post("/_dash-update-component", json=call(shown=shown, changed="address.pathname"))
    assert answer.status_code == 204


async def test_a_live_event_sends_what_changed_and_nothing_else(world: World, http: httpx.AsyncClient) -> None:
    shown = by_id(await layout(http, "/kpi/M01"), "shown")["props"]["data"]
    world.reader.put([value(WindowKind.DAY, NOW, (1, 2))])
    answer = (await http.post("/_dash-update-component", json=call(shown=shown))).json()
    assert "page" not in answer["response"]
    assert answer["sideUpdate"]["kpi-running"]["children"].replace("\u00a0", " ") == "50,0 %"
    assert len(json.dumps(answer)) < 12_000


async def test_the_way_in_opens_without_a_reload(world: World, http: httpx.AsyncClient) -> None:
    world.login = "starting"
    tree = await layout(http)
    assert read(tree, "login-starting") == "Anmeldung startet noch"
    assert "Bitte in einer Minute erneut versuchen." in by_id(tree, "login-starting")["props"]["title"]
    world.login = "ready"
    shown = by_id(tree, "shown")["props"]["data"]
    answer = (await http.post("/_dash-update-component", json=call("/", shown=shown))).json()["response"]
    assert text(answer["account"]["children"]) == "Anmelden"


async def test_a_logged_in_person_sees_her_name_and_the_way_out(world: World, http: httpx.AsyncClient) -> None:
    world.viewer = Principal(subject="7", name="Petra Leitung", roles=frozenset({"leadership"}))
    tree = await layout(http)
    assert read(tree, "user-name") == "Petra Leitung"
    assert read(tree, "logout") == "Abmelden"


@pytest.mark.parametrize(
    ("query", "html", "cookies"),
    [
        ("?lang=en", '<html lang="en" data-theme="light" data-mantine-color-scheme="light">', {"cityhub_lang": "en"}),
        (
            "?theme=dark",
            '<html lang="de" data-theme="dark" data-mantine-color-scheme="dark">',
            {"cityhub_theme": "dark"},
        ),
        ("?lang=xx&theme=<b>", '<html lang="de" data-theme="light" data-mantine-color-scheme="light">', {}),
        ("", '<html lang="de" data-theme="light" data-mantine-color-scheme="light">', {}),
    ],
)
async def test_a_choice_is_kept_and_only_a_choice(
    http: httpx.AsyncClient, query: str, html: str, cookies: dict[str, str]
) -> None:
    answer = await http.get(f"/{query}")
    assert html in answer.text
    assert dict(answer.cookies) == cookies
    assert html in (await http.get("/data")).text, "the browser sends its cookies"


async def test_two_tabs_in_two_languages_do_not_mix(http: httpx.AsyncClient) -> None:
    await http.get("/?lang=en")
    answer = (await http.post("/_dash-update-component", json=call("/"))).json()["response"]
    assert "Was hat sich seit gestern geändert?" in text(answer["page"]["children"])


class Broken(InMemoryReader):
    """A store that cannot be read."""

    def streams(self) -> list[StreamState]:
        raise StoreUnavailable("locked for too long")


async def test_an_unreadable_store_is_a_page_and_not_an_error(world: World) -> None:
    world.reader = Broken(world.reader.catalogue)
    server, _ = world.dashboard()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://hub") as http:
        assert (await http.get("/")).status_code == 200
        assert "gerade nicht lesbar" in text(await layout(http, "/"))
        assert (await http.get("/kpi/M01/series.csv")).status_code == 503


HOSTILE: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_hostile_inputs_never_break_a_callback(path: Any, query: Any, shown: Any, given_settings: Any) -> None:
    body = call(path, query, shown)
    body["state"][0]["value"] = given_settings
    assert post(body) in {200, 204}


@given(HOSTILE, st.sampled_from(["output", "outputs", "inputs", "state", "changedPropIds"]))
@settings(max_examples=60, deadline=None)
def test_hostile_bodies_are_refused(junk: Any, name: str) -> None:
    assert post(call() | {name: junk}) in {200, 204, 400}
    assert post(junk) == 400


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 10_000])
async def test_what_is_no_json_is_refused(http: httpx.AsyncClient, body: bytes) -> None:
    assert (await http.post("/_dash-update-component", content=body)).status_code == 400


async def test_a_huge_body_is_refused(http: httpx.AsyncClient) -> None:
    assert (await http.post("/_dash-update-component", content=b" " * 20_000)).status_code == 413


def post(body: object) -> int:
    """Status of a callback; each call is its own visit."""

    async def visit() -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(server()), base_url="http://hub") as http:
            return (await http.post("/_dash-update-component", json=body)).status_code

    return asyncio.run(visit())


@cache
def server() -> FastAPI:
    """One dashboard for all of them."""
    return World(hours=2).dashboard()[0]
