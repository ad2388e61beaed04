"""The founder's journey on the real stack: a key, a day of the city, a listener of one's own and a KPI of one's own."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.e2e.hub import LIMIT_S, Hub

ROOT = Path(__file__).parents[2]
OWN = (ROOT / "docs/examples/my-parking.yaml").read_text("utf-8")
PLAY = {"day": "2026-11-24", "seed": 7, "streams": ["parking-slots"]}


@pytest.fixture(scope="module")
def key(hub: Hub) -> Iterator[tuple[str, str]]:
    """Client and secret of a tenant of its own, as the operator hands them over; deleted at the end."""
    made = hub.run("sandbox", "create", "gruendung", "--organisation", "startup-demo", "--days", "1", "--json")
    assert made.returncode == 0, made.stderr
    found = json.loads(made.stdout)["key"]
    yield found["client"], found["secret"]
    assert hub.run("sandbox", "delete", "gruendung").returncode == 0
    left = [path for path in (hub.rooms / "sandbox").rglob("*") if "gruendung" in str(path)]
    assert left == []
    realm = f"{hub.url}/auth/realms/cityhub/protocol/openid-connect/token"
    refused = httpx.post(realm, data={"grant_type": "client_credentials"}, auth=(found["client"], found["secret"]))
    assert refused.status_code == 401, "Keycloak does not know the client any more"


@pytest.fixture(scope="module")
def room(hub: Hub, key: tuple[str, str]) -> Iterator[httpx.Client]:
    """A program with the tenant's key."""
    realm = f"{hub.url}/auth/realms/cityhub/protocol/openid-connect/token"
    token = httpx.post(realm, data={"grant_type": "client_credentials"}, auth=key, timeout=60).json()["access_token"]
    base = f"{hub.url}/v1/sandbox/tenants/gruendung/"
    with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=LIMIT_S) as client:
        yield client


def test_from_a_key_to_a_difference(room: httpx.Client) -> None:
    begun = room.post("replay", json=PLAY | {"speed": 1000})
    assert begun.status_code == 200, begun.text
    assert begun.json()["events"] > 0, "denominators were told before the day"
    told = list(listening(room, {"kind": "value", "name": "M07"}, count=20))
    assert {one["body"]["kpi_id"] for one in told} == {"M07"}
    assert all(one["body"]["synthetic_n"] == one["body"]["n"] for one in told)
    again = next(listening(room, {"kind": "value"}, count=1, after=told[-1]["cursor"]))
    assert again["cursor"] > told[-1]["cursor"]

    counted = room.post("kpis", content=OWN.encode())
    assert counted.json()["id"] == "my-parking", counted.text
    room.put("clock", json={"speed": 0, "advance": "2026-11-24T06:00:00+01:00"})
    standing = arrived(room)
    assert (standing["now"], standing["frozen_at"]) == ("2026-11-24T05:00:00Z", "2026-11-24T05:00:00Z")
    compared = room.get("kpis/my-parking/compare/M07").json()
    assert compared["windows"] > compared["differing"] > 0
    values = room.get("kpis/my-parking/values", params={"window": "hour"}).json()
    assert len(values) >= 6
    receipt = room.get("kpis/my-parking/receipt", params={"window": "hour", "at": values[0]["start"]}).json()
    assert receipt["digest"] == values[0]["digest"]


def test_the_same_day_again_is_the_same(room: httpx.Client) -> None:
    digests = []
    for speed in (0, 1000):
        room.post("replay", json=PLAY | {"speed": speed})
        room.put("clock", json={"speed": 0, "advance": "2026-11-24T03:00:00+01:00"})
        arrived(room)
        digests.append(room.get("digests").json())
    assert digests[0] == digests[1]


def test_the_key_opens_its_own_room_only(hub: Hub, room: httpx.Client) -> None:
    others = httpx.get(f"{hub.url}/v1/sandbox/tenants", headers=dict(room.headers), timeout=60).json()
    assert [one["name"] for one in others] == ["gruendung"]
    assert room.get(f"{hub.url}/v1/sandbox/tenants/keiner/room").status_code == 404
    assert room.delete(f"{hub.url}/v1/sandbox/tenants/gruendung").status_code == 403


def test_the_feed_over_websocket(hub: Hub, room: httpx.Client) -> None:
    address = f"{hub.url.replace('http', 'ws', 1)}/v1/sandbox/tenants/gruendung/feed"
    allowed = {"Authorization": room.headers["authorization"]}
    with connect(f"{address}?kind=event", additional_headers=allowed, open_timeout=LIMIT_S) as socket:
        first, second = (json.loads(socket.recv(timeout=LIMIT_S)) for _ in range(2))
    assert first["kind"] == "event"
    assert first["cursor"] < second["cursor"]
    with pytest.raises(InvalidStatus, match="404"):
        connect(address.replace("gruendung", "keiner"), additional_headers=allowed, open_timeout=LIMIT_S)


def test_the_quickstart_works_as_it_is_written(hub: Hub, tmp_path: Path) -> None:
    if shutil.which("curl") is None or shutil.which("bash") is None:
        pytest.skip("the quickstart is written for bash and curl, and one of them is missing here")
    (script,) = re.findall(r"```sh\n(.*?)```", (ROOT / "docs/sandbox.md").read_text("utf-8"), re.DOTALL)
    program = f"cityhub() {{ '{sys.executable}' -m cityhub.hub \"$@\"; }}\n"
    text = program + script.replace("http://127.0.0.1:8000", hub.url).replace("curl ", "curl -sS ")
    hub.run("sandbox", "create", "demo", "--organisation", "startup-demo", "--days", "1")
    done = subprocess.run(
        ["bash", "-c", text],
        env=dict(hub.environment_of("sandbox")),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "event: value" in done.stdout
    assert '"kind":"silent"' in done.stdout
    assert '"own":"my-parking","city":"M07"' in done.stdout


def test_the_notebook_runs_from_top_to_bottom(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.run("sandbox", "create", "demo", "--organisation", "startup-demo", "--days", "1")
    token = hub.run("token", "--client", "startup-demo").stdout.strip()
    for name, value in (("URL", hub.url), ("TOKEN", token), ("TENANT", "demo")):
        monkeypatch.setenv(f"HUB_{name}", value)
    cells = json.loads((ROOT / "docs/examples/smart-parking-search.ipynb").read_text("utf-8"))["cells"]
    names: dict[str, Any] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), cell["id"], "exec"), names)  # noqa: S102 - our own notebook
    names["room"].close()
    assert len(names["ranking"]) == 7
    assert names["compared"]["differing"] > 0
    assert names["receipt"]["digest"] == names["values"][-2]["digest"]


def arrived(room: httpx.Client) -> dict[str, Any]:
    """How the room stands once its clock is where it was sent: the feed says when something has come."""
    with room.stream("GET", "feed", headers={"Accept": "text/event-stream"}) as answer:
        for _ in answer.iter_lines():
            standing: dict[str, Any] = room.get("room").json()
            if standing["rushing_to"] is None:
                return standing
    raise AssertionError("the feed has ended")


def listening(
    room: httpx.Client, query: dict[str, str], *, count: int, after: int | None = None
) -> Iterator[dict[str, Any]]:
    """One's own listener: so many messages of the event stream."""
    headers = {"Accept": "text/event-stream"} | ({} if after is None else {"Last-Event-ID": str(after)})
    with room.stream("GET", "feed", params=query, headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))
                count -= 1
            if count == 0:
                return
