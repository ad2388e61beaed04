"""`/v1/sandbox`: what each caller may, what is said to others, and that tenants do not know of each other."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from starlette.routing import Route

from cityhub.sandbox.rooms.commands import Stand
from cityhub.sdk.principal import Principal
from tests.unit.sandbox.room.rooms import OWN
from tests.unit.sandbox.rooms.conftest import NOW, Sandbox

ANNA = Principal(subject="anna", organisation="startup-a", roles=frozenset({"startup"}))
BERT = Principal(subject="bert", organisation="startup-b", roles=frozenset({"startup"}))
KEY = Principal(subject="key", organisation="startup-a", roles=frozenset({"startup"}), tenant="parken")
OPERATOR = Principal(subject="ute", roles=frozenset({"hub-operator"}))
LEADER = Principal(subject="lea", organisation="city", roles=frozenset({"leadership"}))
PARTNER = Principal(subject="ingest", organisation="dvv", roles=frozenset({"partner-publisher", "partner-admin"}))
NOBODYS = Principal(subject="nina", roles=frozenset({"startup"}))
PLAY = {"day": "2026-11-24", "streams": ["gauge"], "speed": 0}


@pytest.fixture(scope="module", autouse=True)
async def made(sandbox: Sandbox) -> None:
    """Two tenants of one startup, one of another."""
    for who, name in ((ANNA, "parken"), (ANNA, "laden"), (BERT, "pegel")):
        answer = await sandbox.ask(who, "POST", "/tenants", json={"name": name})
        assert answer.status_code == 201, answer.text
        assert answer.json()["key"] == {"client": f"startup-sbx-{name}", "secret": "secret-1"}


def requests(sandbox: Sandbox) -> Iterator[tuple[str, str]]:
    """Every address below a tenant's, with its methods; generated, so that a new one cannot be forgotten."""
    for route in sandbox.door.routes():
        if isinstance(route, Route) and "{tenant}" in route.path:
            for method in sorted(route.methods - {"HEAD", "OPTIONS"} if route.methods else ()):
                yield method, route.path.removeprefix("/v1/sandbox")


async def said(sandbox: Sandbox, who: Principal | None, method: str, path: str, tenant: str) -> tuple[int, str]:
    address = path.format(tenant=tenant, kpi="M07", city="M07")
    answer = await sandbox.ask(who, method, address, content=b'{"day":"2026-11-24"}')
    return answer.status_code, answer.text.replace(tenant, "TENANT")


async def test_nobody_learns_of_anothers_tenant(sandbox: Sandbox) -> None:
    asked = list(requests(sandbox))
    assert len(asked) > 20
    for method, path in asked:
        for who, theirs in ((ANNA, "pegel"), (BERT, "parken"), (BERT, "laden"), (KEY, "laden"), (KEY, "pegel")):
            found = await said(sandbox, who, method, path, theirs)
            assert found == await said(sandbox, who, method, path, "keiner"), (method, path, who.subject)
            assert found[0] == 404, (method, path)
    standing = (await sandbox.ask(BERT, "GET", "/tenants/pegel/room")).json()
    assert standing["play"] is None, "nothing of what was tried has happened"


@pytest.mark.parametrize(("who", "status"), [(None, 401), (LEADER, 403), (PARTNER, 403), (NOBODYS, 403)])
async def test_others_are_told_what_they_lack(sandbox: Sandbox, who: Principal | None, status: int) -> None:
    for method, path in [("GET", "/catalogue"), ("POST", "/tenants"), *requests(sandbox)]:
        answer = await sandbox.ask(who, method, path.format(tenant="parken", kpi="M07", city="M07"))
        assert answer.status_code == status, (method, path)
        assert "token" in answer.text or "role startup" in answer.text


async def test_lists_hold_what_is_the_callers(sandbox: Sandbox) -> None:
    async def names(who: Principal) -> list[str]:
        return [one["name"] for one in (await sandbox.ask(who, "GET", "/tenants")).json()]

    assert await names(ANNA) == ["laden", "parken"]
    assert await names(KEY) == ["parken"]
    assert await names(OPERATOR) == ["laden", "parken", "pegel"]


async def test_a_key_makes_and_deletes_nothing(sandbox: Sandbox) -> None:
    for method, path in (("POST", "/tenants"), ("DELETE", "/tenants/parken")):
        answer = await sandbox.ask(KEY, method, path, json={"name": "neu"})
        assert answer.status_code == 403
        assert "this key is of the tenant parken" in answer.text


async def test_the_organisation_follows_from_the_token(sandbox: Sandbox) -> None:
    answer = await sandbox.ask(ANNA, "POST", "/tenants", json={"name": "fremd", "organisation": "startup-b"})
    assert (answer.status_code, answer.json()["problems"]) == (
        422,
        ["organisation: follows from your token; leave it out"],
    )


async def test_a_journey_from_replay_to_difference(sandbox: Sandbox) -> None:
    async def ask(method: str, path: str, **more: object) -> httpx.Response:
        answer = await sandbox.ask(KEY, method, f"/tenants/parken{path}", **more)
        assert answer.status_code == 200, answer.text
        return answer

    await ask("POST", "/replay", json={**PLAY, "streams": ["parking-slots"]})
    await ask("PUT", "/clock", json={"advance": "2026-11-24T03:00:00+01:00"})
    await arrived(sandbox, KEY, "parken")
    await ask("POST", "/kpis", content=OWN.replace("hold_at_most: 30min", "hold_at_most: 15min").encode())
    compared = (await ask("GET", "/kpis/my-parking/compare/M07")).json()
    assert compared["differing"] > 0
    values = (await ask("GET", "/kpis/my-parking/values", params={"window": "hour", "limit": "3"})).json()
    assert [value["kpi_id"] for value in values] == ["my-parking"] * 3
    number = {"window": "hour", "at": values[-2]["start"]}
    page = (await ask("GET", "/kpis/my-parking/events", params=number)).json()
    receipt = (await ask("GET", "/kpis/my-parking/receipt", params=number)).json()
    assert page["counted"] >= receipt["events"] >= receipt["n"] == values[-2]["n"] > 0
    assert receipt["digest"] == values[-2]["digest"]
    told = (await ask("GET", "/feed", params={"kind": "value", "name": "my-parking"})).json()
    assert told
    assert {one["name"] for one in told} == {"my-parking"}
    later = (await ask("GET", "/feed", params={"kind": "value", "after": str(told[-1]["cursor"])})).json()
    assert all(one["cursor"] > told[-1]["cursor"] for one in later)
    digests = (await ask("GET", "/digests")).json()
    assert set(digests) == {"events", "numbers"}


async def test_the_citys_queries_over_the_room(sandbox: Sandbox) -> None:
    """After the journey above."""
    document = """query($id: ID!) {
      kpis { id }
      kpi(id: $id) { ... on Kpi { series(from: "2026-11-23T23:00:00Z", window: hour) { value } } }
    }"""
    answer = await sandbox.ask(
        KEY, "POST", "/tenants/parken/graphql", json={"query": document, "variables": {"id": "my-parking"}}
    )
    said = answer.json()
    assert "errors" not in said, said
    assert {"my-parking", "M07"} <= {one["id"] for one in said["data"]["kpis"]}
    assert len(said["data"]["kpi"]["series"]["value"]) >= 3
    wrong = (await sandbox.ask(KEY, "POST", "/tenants/parken/graphql", json={"query": "{ nothing }"})).json()
    assert wrong["errors"][0]["extensions"]["code"] == "BAD_QUERY"
    long = await sandbox.ask(KEY, "POST", "/tenants/parken/graphql", json={"query": "#" * 9_000})
    assert (long.status_code, "at most 8192" in long.text) == (409, True)


async def arrived(sandbox: Sandbox, who: Principal, tenant: str) -> None:
    for _ in range(600):
        if (await sandbox.ask(who, "GET", f"/tenants/{tenant}/room")).json()["rushing_to"] is None:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the clock does not arrive")


@pytest.mark.parametrize(
    ("method", "path", "more", "problem"),
    [
        ("POST", "/replay", {"json": {"day": "2026-02-30"}}, "Invalid RFC3339 encoded date - at `$.day`"),
        ("POST", "/replay", {"json": {"day": "2026-11-24", "sped": 60}}, "unknown field `sped`"),
        ("POST", "/replay", {"content": b"{"}, "the body is not understood"),
        ("PUT", "/clock", {"json": {"speed": 5000}}, "speed: 5000.0 is not between 0 and 1000"),
        ("PUT", "/clock", {"json": {"advance": "2026-11-24T03:00:00"}}, "has no offset"),
        ("POST", "/injects", {"json": {"kind": "silent"}}, "name the things that are silent"),
        ("POST", "/kpis", {"content": b"\xff\xfe"}, "is not UTF-8"),
        ("POST", "/kpis", {"content": OWN.replace("$slot", "$slott").encode()}, "slott"),
        ("POST", "/kpis", {"content": OWN.replace("my-parking", "M07").encode()}, "M07 is a KPI of the city"),
        ("POST", "/scenario", {"content": b"- a"}, "scenario: is no mapping"),
        ("GET", "/kpis/M07/values?limit=0", {}, "limit: 0 is not between"),
        ("GET", "/kpis/M07/values?scope=city&scope=STB01", {}, "a parameter is given twice"),
        ("GET", "/kpis/M07/events?window=hour&at=2026-11-24T03:00:00", {}, "at: has no offset"),
        ("PUT", "/origins", {"json": ["*"]}, "is no origin"),
    ],
)
async def test_what_is_wrong_is_said(
    sandbox: Sandbox, method: str, path: str, more: dict[str, object], problem: str
) -> None:
    answer = await sandbox.ask(ANNA, method, f"/tenants/laden{path}", **more)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem in answer.text


@pytest.mark.parametrize("path", ["/kpis/nope", "/kpis/nope/values", "/kpis/nope/compare/M07"])
async def test_what_is_not_there_is_said(sandbox: Sandbox, path: str) -> None:
    answer = await sandbox.ask(ANNA, "GET", f"/tenants/laden{path}")
    assert answer.status_code == 404, answer.text
    assert "nope" in answer.text


async def test_only_named_pages_may_read(sandbox: Sandbox) -> None:
    page = "https://app.example"
    asks = {"origin": page, "access-control-request-method": "GET"}
    before = await sandbox.ask(None, "OPTIONS", "/tenants/laden/room", headers=asks)
    assert "access-control-allow-origin" not in before.headers
    await sandbox.ask(ANNA, "PUT", "/tenants/laden/origins", json=[page])
    after = await sandbox.ask(None, "OPTIONS", "/tenants/laden/room", headers=asks)
    assert (after.status_code, after.headers["access-control-allow-origin"]) == (204, page)
    assert "access-control-allow-credentials" not in after.headers
    answer = await sandbox.ask(ANNA, "GET", "/tenants/laden/room", headers={"origin": page})
    assert answer.headers["access-control-allow-origin"] == page
    foreign = await sandbox.ask(ANNA, "GET", "/tenants/laden/room", headers={"origin": "https://other.example"})
    assert "access-control-allow-origin" not in foreign.headers
    unknown = await sandbox.ask(None, "OPTIONS", "/tenants/keiner/room", headers=asks)
    assert (unknown.status_code, "access-control-allow-origin" in unknown.headers) == (204, False)


async def test_a_key_can_be_changed(sandbox: Sandbox) -> None:
    answer = await sandbox.ask(BERT, "POST", "/tenants/pegel/key")
    assert answer.json()["key"]["secret"] == "secret-2"


async def test_a_room_that_dies_is_opened_again_as_it_was(sandbox: Sandbox) -> None:
    await sandbox.ask(BERT, "POST", "/tenants/pegel/replay", json=PLAY)
    await sandbox.ask(BERT, "PUT", "/tenants/pegel/clock", json={"advance": "2026-11-24T05:00:00+01:00"})
    await arrived(sandbox, BERT, "pegel")
    before = (await sandbox.ask(BERT, "GET", "/tenants/pegel/digests")).json()
    process = sandbox.houses._open["pegel"].process
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert (await sandbox.ask(BERT, "GET", "/tenants/pegel/digests")).json() == before


async def test_a_room_that_takes_too_long_is_killed_and_said_so(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sandbox.houses.ask("pegel", Stand())
    process = sandbox.houses._open["pegel"].process
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    monkeypatch.setattr(sandbox.houses, "_limit_s", 0.3)
    answer = await sandbox.ask(BERT, "GET", "/tenants/pegel/room")
    assert answer.status_code == 503
    assert "was closed" in answer.json()["detail"]
    monkeypatch.undo()
    assert (await sandbox.ask(BERT, "GET", "/tenants/pegel/room")).status_code == 200


async def test_nothing_moves_and_nobody_asks_so_the_process_ends(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sandbox.houses.ask("pegel", Stand())
    monkeypatch.setattr("cityhub.sandbox.rooms.houses.IDLE_S", 0)
    await sandbox.houses.sweep()
    assert "pegel" not in sandbox.houses.open()


async def test_deleted_or_over_nothing_is_left(sandbox: Sandbox) -> None:
    await sandbox.ask(ANNA, "POST", "/tenants", json={"name": "merkwort", "days": 1})
    await sandbox.ask(ANNA, "POST", "/tenants/merkwort/replay", json=PLAY)
    assert sandbox.tenants.room("merkwort").exists()
    assert (await sandbox.ask(ANNA, "DELETE", "/tenants/merkwort")).status_code == 204
    assert gone(sandbox, b"merkwort")
    await sandbox.ask(ANNA, "POST", "/tenants", json={"name": "merkwort", "days": 1})
    sandbox.now = NOW + timedelta(days=2)
    await sandbox.service.sweep()
    sandbox.now = NOW
    assert gone(sandbox, b"merkwort")
    assert "merkwort" not in sandbox.keys.issued


def gone(sandbox: Sandbox, word: bytes) -> bool:
    paths = list(sandbox.folder.rglob("*"))
    named = [path for path in paths if word.decode() in str(path.relative_to(sandbox.folder))]
    return not named and not [path for path in paths if path.is_file() and word in path.read_bytes()]


async def test_the_service_wants_the_word(sandbox: Sandbox) -> None:
    transport = httpx.ASGITransport(sandbox.service.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://rooms") as http:
        for headers in ({}, {"authorization": "Bearer guess"}):
            for method, path in (("POST", "/tenants"), ("POST", "/rooms/parken"), ("GET", "/rooms/parken/entries")):
                assert (await http.request(method, path, headers=headers)).status_code == 401
