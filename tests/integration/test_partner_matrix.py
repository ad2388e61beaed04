"""Every caller at every route for partners, asking for everybody's things: each is told of its own and nothing else.

The routes are those of the real app: one without an entry here fails a test.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
import pytest_asyncio
from fastapi import FastAPI
from starlette.routing import Route

from cityhub.bus import topics
from cityhub.bus.letters import LetterBox
from cityhub.bus.log_reader import LogReader
from cityhub.bus.log_span import Span
from cityhub.bus.vitals import Vitals
from cityhub.hub.identity.clients import put_client
from cityhub.hub.identity.grants import Grant, client_of
from cityhub.hub.identity.provision import realm
from cityhub.hub.run.topics import wanted
from cityhub.hub.web.serve import web_app
from cityhub.kpi.ledger.reader import LedgerReader
from cityhub.sdk import codec
from cityhub.sdk.event import Event, make_event
from tests.integration.hub_processes import HubProcess, running, until, web_is_ready
from tests.integration.servers import Installation, Kafka, Keycloak
from tests.integration.upload_routes import FEEDS, UPLOADS, Ask, Side

PARTNERS = ("dvv", "wbd")
TYPES = {"dvv": "de.duisburg.dvv.lamp.energy-metered.v1", "wbd": "de.duisburg.wbd.bin.level-observed.v1"}
DATA: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "dvv": ({"energy_wh": 300}, {"energy_wh": 99_999}),
    "wbd": ({"fill": 0.5}, {"fill": 2.0}),
}
"""Data that are accepted, and that are refused."""
OWN = {"dvv": "dvv", "dvv's admin": "dvv", "wbd": "wbd"}
ADMINS = {"dvv's admin", "operator"}
CALLERS = ("anonymous", *OWN, "no organisation", "startup", "leadership", "operator")
_TOKEN_S = 60.0
MATRIX = "ingest-matrix"
"""Clients of the test: one that may drive letters in, one whose token has no organisation."""


def _events(side: Side) -> Ask:
    return Ask("POST", "/v1/events", codec.encode(event(side.partner, "anybody")), codec.STRUCTURED)


def _redrive(side: Side) -> Ask:
    part, offset = side.place
    body = msgspec.json.encode({"letters": [{"part": part, "offset": offset}], "dry_run": False})
    return Ask("POST", "/v1/partner/dead-letters/redrive", body)


def _preview(side: Side) -> Ask:
    return Ask("POST", "/v1/partner/preview", codec.encode(event(side.partner, "anybody")), codec.STRUCTURED)


ROUTES: Mapping[tuple[str, str], Callable[[Side], Ask]] = {
    ("POST", "/v1/events"): _events,
    ("GET", "/v1/partner/dead-letters"): lambda _: Ask("GET", "/v1/partner/dead-letters?first=500"),
    ("POST", "/v1/partner/dead-letters/redrive"): _redrive,
    ("GET", "/v1/partner/dead-letters/{part:int}/{offset:int}"): lambda side: Ask(
        "GET", "/v1/partner/dead-letters/{}/{}".format(*side.place)
    ),
    ("GET", "/v1/partner/ledger"): lambda _: Ask("GET", "/v1/partner/ledger"),
    ("GET", "/v1/partner/trace/{id:path}"): lambda side: Ask("GET", f"/v1/partner/trace/{side.good}", typed=side.good),
    ("POST", "/v1/partner/preview"): _preview,
    ("GET", "/v1/{path:path}"): lambda side: Ask("GET", f"/v1/partner/{side.mark}", typed=side.mark),
}


class World:
    """The web process with both partners' things in it. Attribute: sides = by partner."""

    def __init__(self, kafka: Kafka, keycloak: Keycloak) -> None:
        self.kafka, self.keycloak = kafka, keycloak
        self.sides: dict[str, Side] = {}
        self._made: dict[str, str] = {}
        self._tokens: dict[str, tuple[str, float]] = {}
        self.client = httpx.AsyncClient(base_url=kafka.installation.settings.public_url, timeout=120, trust_env=False)

    def token(self, caller: str) -> str:
        """Of a caller, at most a minute old: it is good for five."""
        now = time.monotonic()
        if caller not in self._tokens or self._tokens[caller][1] < now - _TOKEN_S:
            self._tokens[caller] = self._new_token(caller), now
        return self._tokens[caller][0]

    def _new_token(self, caller: str) -> str:
        clients = {"dvv": "ingest-dvv", "wbd": "ingest-wbd", "startup": "startup-demo"}
        if caller in clients:
            return self.keycloak.machine_token(clients[caller])
        made = {"dvv's admin": f"{MATRIX}-admin", "no organisation": f"{MATRIX}-none"}
        if caller in made:
            form = {"grant_type": "client_credentials", "client_secret": self._made[made[caller]]}
            return str(self.keycloak.ask_token(made[caller], **form).raise_for_status().json()["access_token"])
        user = {"leadership": "leitung", "operator": "betrieb"}[caller]
        return str(self.keycloak.user_tokens(user)["access_token"])

    def make_clients(self) -> None:
        settings = self.keycloak.installation.settings
        for name, organisation in (("admin", "dvv"), ("none", "")):
            grant = Grant(partner=f"matrix-{name}", may_redrive=name == "admin")
            client = client_of(grant, realm(settings)["clients"])
            for mapper in client["protocolMappers"]:
                mapper["config"]["claim.value"] = organisation
            client["protocolMappers"] = client["protocolMappers"] if organisation else []
            put_client(self.keycloak.admin, client)
            key = self.keycloak.admin.get_client_id(grant.client)
            self._made[grant.client] = self.keycloak.admin.get_client_secrets(key)["value"]

    def remove_clients(self) -> None:
        for name in self._made:
            self.keycloak.admin.delete_client(self.keycloak.admin.get_client_id(name))

    async def fill(self, partner: str) -> None:
        """Events that are accepted and refused, numbered."""
        mark, producer = f"{partner}-{uuid4().hex[:12]}", uuid4().hex
        good, bad = event(partner, mark), event(partner, mark, good=False)
        headers = {"content-type": codec.BATCH, "Cityhub-Producer": producer, "Cityhub-Sequence": "0,1"}
        headers["Authorization"] = f"Bearer {self.token(partner)}"
        body = b"[" + codec.encode(good) + b"," + codec.encode(bad) + b"]"
        answer = await self.client.post("/v1/events", content=body, headers=headers)
        assert answer.status_code == 202, answer.text
        async with LetterBox(self.kafka.access).opened(partner, Span()) as pile:
            (place,) = [(one.part, one.offset) async for one in pile.letters if one.id == bad.id]
        self.sides[partner] = Side(partner, mark, producer, good.id, bad.id, place)

    async def in_the_ledger(self) -> bool:
        def accounted(side: Side) -> int:
            told = LedgerReader(self.kafka.installation.settings.store).balance(side.partner)
            return sum(one.accounted for one in told.senders if one.name == side.producer)

        return sum([await asyncio.to_thread(accounted, side) for side in self.sides.values()]) == 2 * len(self.sides)

    async def ends(self, partner: str) -> Mapping[str, Any]:
        """How far everything of a partner goes."""
        async with LogReader(self.kafka.access, client_id="test") as log:
            there = await log.partitions()
            own = [name for name in there if name.split(".")[2:3] == [partner]]
            return {name: await log.bounds(name, there[name]) for name in own}

    async def ask(self, ask: Ask, query: str, token: str) -> httpx.Response:
        headers = {"content-type": ask.kind} | ({"Authorization": f"Bearer {token}"} if token else {})
        path = ask.path + ("&" if "?" in ask.path else "?") + query
        return await self.client.request(ask.method, path, content=ask.body, headers=headers)


def event(partner: str, mark: str, *, good: bool = True) -> Event:
    now = datetime.now(UTC)
    return make_event(
        type_=TYPES[partner],
        source=f"//{partner}/{mark}",
        natural_key=(uuid4().hex,),
        version="1",
        subject=mark,
        time=now,
        recorded_at=now,
        data=dict(DATA[partner][not good]),
    )


@pytest_asyncio.fixture(scope="module")
async def world(kafka: Kafka, keycloak: Keycloak) -> AsyncIterator[World]:
    topics.ensure(kafka.access, [*wanted(), *map(topics.dead_letters, PARTNERS)])
    names = ("web", "gate", "worker", "bookkeeper")
    made = World(kafka, keycloak)
    made.make_clients()
    with running(HubProcess(kafka.installation, name) for name in names) as processes:
        await web_is_ready(kafka.installation.settings.public_url, processes["web"])
        for partner in PARTNERS:
            await made.fill(partner)
        await until(made.in_the_ledger, processes.values())
        yield made
    await made.client.aclose()
    made.remove_clients()


SANDBOX = "/v1/sandbox"
"""Its routes are no partner's, and are tried by all callers in tests/unit/sandbox/rooms/test_door.py."""


async def test_every_route_for_partners_is_tried(tmp_path: Path) -> None:
    made = Installation(tmp_path)
    async with web_app(made.settings, made.secrets, asyncio.Event(), Vitals()) as app:
        inner: Any = app
        while not isinstance(inner, FastAPI):
            inner = getattr(inner, "_app", None) or inner.app
        found = {
            (method, route.path)
            for route in inner.router.routes
            if isinstance(route, Route) and route.path.startswith("/v1") and not route.path.startswith(SANDBOX)
            for method in (route.methods or set()) - {"HEAD"}
        }
    assert found == ROUTES.keys() | UPLOADS.keys()


def _whose(caller: str, path: str, asked: str) -> tuple[int, str]:
    """Status, and the partner that an answer may speak of; "" = of none."""
    if path == "/v1/{path:path}":
        return 404, ""
    if caller == "anonymous":
        return 401, ""
    if path == "/v1/events":
        return (202, OWN[caller]) if caller in OWN else (403, "")
    if caller == "operator":
        return (200, asked) if asked else (400, "")
    if caller not in OWN or ("redrive" in path and caller not in ADMINS):
        return 403, ""
    return (200, OWN[caller]) if asked in {"", OWN[caller]} else (403, "")


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route[0]} {route[1]}")
async def test_each_is_told_of_its_own_and_of_nothing_else(world: World, caller: str, route: tuple[str, str]) -> None:
    token = "" if caller == "anonymous" else world.token(caller)
    others = [partner for partner in PARTNERS if partner != OWN.get(caller) and caller != "operator"]
    writes = route[0] == "POST"
    before = [await world.ends(partner) for partner in others if writes]
    for asked in ("", *PARTNERS):
        for side in world.sides.values():
            ask = ROUTES[route](side)
            answer = await world.ask(ask, f"partner={asked}" if asked else "", token)
            status, whose = _whose(caller, route[1], asked)
            if (status == 202 or "preview" in route[1]) and whose not in {"", side.partner}:
                status = 422  # an event of another partner's type
            if "{offset" in route[1] and whose not in {"", side.partner} and answer.status_code == 404:
                status = 404  # it has no letter at the place where the other has one
            assert answer.status_code == status, (asked, side.partner, answer.text)
            _speaks_of(answer, world, whose, ask.typed)
            if whose == side.partner and status == 200 and route[0] == "GET":
                assert side.mark in answer.text or side.producer in answer.text
            if route[1].startswith("/v1/partner/trace") and status == 200:
                assert (answer.json()["sightings"] == []) == (whose != side.partner)
    assert [await world.ends(partner) for partner in others if writes] == before


@pytest.mark.parametrize("caller", CALLERS)
async def test_tables_are_taken_for_the_callers_organisation_alone(world: World, caller: str) -> None:
    token = "" if caller == "anonymous" else world.token(caller)
    folders = {feed: world.kafka.installation.settings.data / "city-files" / feed for feed, _ in FEEDS.values()}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    for route, asking in UPLOADS.items():
        for side in world.sides.values():
            before = {feed: sorted(folder.iterdir()) for feed, folder in folders.items()}
            answer = await world.ask(asking(side), f"partner={side.partner}", token)
            own = OWN.get(caller) == side.partner
            status = 200 if (own and "staged" not in route[1]) or route[1] == "/v1/uploads" else 404
            status = 401 if caller == "anonymous" else status if caller in OWN else 403
            assert answer.status_code == status, (route, side.partner, answer.text)
            if status == 200 and not own:
                assert side.partner not in answer.text.replace(OWN[caller], "")
            if not own:
                assert {feed: sorted(folder.iterdir()) for feed, folder in folders.items()} == before


def _without_rules(answer: httpx.Response) -> str:
    """A letter's error may name the topic where a type belongs, as the contracts do that every partner has."""
    if "/dead-letters" not in answer.url.path or answer.status_code != HTTPStatus.OK:
        return answer.text
    told = answer.json()
    for letter in told.get("letters", ()):
        del letter["error"]
    return json.dumps(told)


def _speaks_of(answer: httpx.Response, world: World, whose: str, typed: str) -> None:
    said = f"{answer.headers!r} {_without_rules(answer)}"
    for side in world.sides.values():
        if side.partner != whose:
            assert [secret for secret in side.secrets() if secret != typed and secret in said] == []


async def test_a_letter_of_the_same_place_is_the_callers_own(world: World) -> None:
    """Letters are named by place alone: for each place that both have, each is shown its own."""
    tokens = {partner: world.token(partner) for partner in PARTNERS}
    last = min(world.sides[partner].place[1] for partner in PARTNERS)
    for offset in range(max(0, last - 5), last + 1):
        for partner, token in tokens.items():
            other = world.sides[next(one for one in PARTNERS if one != partner)]
            answer = await world.ask(Ask("GET", f"/v1/partner/dead-letters/0/{offset}"), "", token)
            assert answer.status_code in {200, 404}
            assert other.mark not in answer.text
