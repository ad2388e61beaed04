"""A dashboard over the sandbox itself: its service, tenants and rooms, without processes of their own and a realm."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import httpx
import msgspec

from cityhub.dashboard.services import Services
from cityhub.hub.identity.endpoints import RealmEndpoints
from cityhub.hub.web.sandbox import HubSandboxDesk
from cityhub.kpi.definition import Catalogue, load_catalogue
from cityhub.sandbox.errors import RoomUnavailable
from cityhub.sandbox.room.room import Room
from cityhub.sandbox.rooms.child import Answer, answer
from cityhub.sandbox.rooms.client import SandboxClient
from cityhub.sandbox.rooms.commands import Command
from cityhub.sandbox.rooms.houses import Houses
from cityhub.sandbox.rooms.keys import Key
from cityhub.sandbox.rooms.service import Service
from cityhub.sandbox.rooms.tenants import Tenants
from cityhub.sandbox.topics.doors import KafkaDoors
from cityhub.sdk.principal import Principal
from tests.unit.dashboard.reading import text
from tests.unit.dashboard.world import World
from tests.unit.sandbox.topics.memory import MemoryBroker

NOW = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
OWN, OTHER = "startup-demo", "startup-other"
DAY = {"day": "24.11.2026", "seed": "2026", "speed": "600", "streams": ["parking-slots"], "loop": False}
"""The form of a replay, as typed."""


def startup(organisation: str = OWN, role: str = "startup", tenant: str = "") -> Principal:
    return Principal(subject="s", name="S", organisation=organisation, roles=frozenset({role}), tenant=tenant)


class Rooms(Houses):
    """Rooms in this process.

    Attributes:
        real_s: what their clocks are driven by. away: nobody answers. asked: of which tenants, in order.
    """

    def __init__(self, tenants: Tenants, city: Catalogue) -> None:
        super().__init__(tenants.room)
        self._tenants = tenants
        self._city = city
        self.rooms: dict[str, Room] = {}
        self.real_s = 0.0
        self.away = False
        self.asked: list[str] = []

    async def ask(self, tenant: str, command: Command) -> Answer:
        self.asked.append(tenant)
        if self.away:
            raise RoomUnavailable("the room was closed: try again")
        room = self.rooms.get(tenant)
        if room is None:
            room = self.rooms[tenant] = Room(self._tenants.room(tenant), self._city, self.real_s)
        return answer(room, msgspec.json.encode(command), self.real_s)

    async def close(self, tenant: str) -> None:
        if room := self.rooms.pop(tenant, None):
            room.close()

    def run(self, tenant: str, seconds: float) -> None:
        """Let real time pass."""
        self.real_s += seconds
        while self.rooms[tenant].step(self.real_s):
            pass


class Keys:
    """Keys of a realm that there is not."""

    def __init__(self) -> None:
        self.issued = 0

    def issue(self, tenant: str, organisation: str, *, kafka: bool) -> Key:
        self.issued += 1
        return Key(f"startup-sbx-{tenant}", f"secret-{self.issued}")

    def renew(self, tenant: str, organisation: str, *, kafka: bool) -> None:
        pass

    def withdraw(self, tenant: str) -> None:
        pass


class SandboxWorld(World):
    """Two startups: one has `demo`, the other `theirs`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(now=NOW, hours=1)
        whole = load_catalogue()
        city = Catalogue({"M07": whole["M07"]}, whole.contracts)
        self.tenants, self.keys = Tenants(folder), Keys()
        for name, organisation in (("demo", OWN), ("theirs", OTHER)):
            self.tenants.create(name, organisation, 30, NOW)
        self.rooms = Rooms(self.tenants, city)
        kafka = KafkaDoors(self.tenants, self.keys, MemoryBroker(), self.rooms.ask)
        self.service = Service(self.tenants, self.rooms, kafka, "word", lambda: self.now)
        http = httpx.AsyncClient(transport=httpx.ASGITransport(self.service.app()))
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        endpoints = RealmEndpoints("https://hub.example", "http://127.0.0.1:1")
        client = SandboxClient(http, "http://rooms", "word")
        self.sandbox = HubSandboxDesk(client, city, endpoints, self.loop)
        self.viewer = startup()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()
        for room in self.rooms.rooms.values():
            room.close()
        self.tenants.close()

    def services(self) -> Services:
        services = super().services()
        services.sandbox = self.sandbox
        return services

    def press(self, output: str, button: str, path: object = "/sandbox/demo", lang: str = "de", **state: object) -> str:
        """What a button says; `said` holds the rest of the answer."""
        answer = self.post(self.call(output, button, path, lang=lang, state=state))
        if answer.status_code == httpx.codes.NO_CONTENT:
            return ""
        assert answer.status_code == httpx.codes.OK, answer.text
        self.said: dict[str, Any] = answer.json()
        shown = self.said.get("response", {}).get(output, {}).get("children")
        return text(shown).replace("\u00a0", " ")

    def look(
        self, path: object = "/sandbox/demo", shown: object = "", lang: str = "de", own: object = None
    ) -> Mapping[str, Any]:
        """What the page reads of the room: properties by id; nothing where it reads nothing."""
        (output,) = (key for key in self._callbacks() if "sandbox-clock.children" in key)
        answer = self.post(
            self.call(
                output,
                "sandbox-tick",
                path,
                lang=lang,
                more={"sandbox-shown": shown, "sandbox-own": own},
                trigger="n_intervals",
            )
        )
        found: dict[str, Any] = answer.json()["response"] if answer.status_code == httpx.codes.OK else {}
        return found

    def compared(self, pair: object, drawn: object = None, lang: str = "de") -> Mapping[str, Any]:
        """What is drawn of two KPIs: properties by id; nothing where it stays as it is."""
        (output,) = (key for key in self._callbacks() if "sandbox-compared.children" in key)
        more = {"sandbox-comparing": pair, "sandbox-drawn": drawn}
        answer = self.post(self.call(output, "sandbox-follow", lang=lang, more=more, trigger="n_intervals"))
        self.said = answer.json() if answer.status_code == httpx.codes.OK else {}
        found: dict[str, Any] = self.said.get("response", {})
        return found

    def call(
        self,
        output: str,
        button: str,
        path: object = "/sandbox/demo",
        *,
        lang: str = "de",
        state: Mapping[str, object] | None = None,
        more: Mapping[str, object] | None = None,
        trigger: str = "n_clicks",
    ) -> Any:
        """The body of a callback as the renderer sends it, by what the app has registered."""
        known = self._callbacks()
        key = output if output in known else f"{output}.children"
        given = {"address": path, "settings": {"lang": lang, "theme": "light"}, button: 1, **(more or {})}
        given |= {f"sandbox-{name.replace('_', '-')}": value for name, value in (state or {}).items()}
        parts = [one.rsplit(".", 1) for one in key.strip(".").split("...")]
        outputs = [{"id": id_, "property": name} for id_, name in parts]
        filled = {
            kind: [{**one, "value": given.get(one["id"])} for one in known[key][kind]] for kind in ("inputs", "state")
        }
        return {
            "output": key,
            "outputs": outputs if key.startswith("..") else outputs[0],
            "changedPropIds": [f"{button}.{trigger}"],
            **filled,
        }

    def post(self, body: object) -> httpx.Response:
        server, _ = self._dashboard()

        async def visit() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://hub") as http:
                return await http.post("/_dash-update-component", json=body)

        return asyncio.run(visit())

    def _callbacks(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._dashboard()[1].callback_map
        return found

    def _dashboard(self) -> tuple[Any, Any]:
        if not hasattr(self, "_made"):
            self._made = self.dashboard()
        return self._made
