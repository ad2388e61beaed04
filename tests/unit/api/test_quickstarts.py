"""The quickstarts of docs/api.md run as they are printed, against the API on a free port."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.responses import JSONResponse

from tests.unit.api.world import World, value

GUIDE = (Path(__file__).parents[3] / "docs" / "api.md").read_text("utf-8")
BLOCKS = dict(re.findall(r"## Quickstart: ([^\n]+)\n(?:(?!##).)*?```\w+\n(.*?)```", GUIDE, re.DOTALL))
TOKEN = BLOCKS["a token"]


@pytest.fixture
def hub(world: World) -> World:
    """The world at the present time, giving out tokens like Keycloak does."""
    world.now = datetime.now(UTC)
    world.expires = int(world.now.timestamp()) + 300
    world.reader.put([value(world.now.replace(minute=0, second=0, microsecond=0), good=7)])

    async def token(_: object) -> JSONResponse:
        return JSONResponse({"access_token": "startup"})

    world.app.add_route("/auth/realms/cityhub/protocol/openid-connect/token", token, methods=["POST"])
    return world


@asynccontextmanager
async def running(hub: World, *command: str, **environment: str) -> AsyncIterator[asyncio.StreamReader]:
    """Standard output of a command whose HUB is the served world."""
    async with hub.served() as address:
        given = {**os.environ, "HUB": f"http://{address}", "SECRET": "printed by make up", **environment}
        command = tuple(part.replace("http://127.0.0.1:8000", given["HUB"]) for part in command)
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, env=given, start_new_session=True
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(60):
                yield process.stdout
        finally:
            with suppress(ProcessLookupError):  # it has ended by itself
                os.killpg(process.pid, signal.SIGTERM)
            await process.wait()


def curl(title: str) -> tuple[str, ...]:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    return "bash", "-ec", TOKEN + BLOCKS[title]


async def test_a_query_with_curl(hub: World) -> None:
    async with running(hub, *curl("a query with curl")) as output:
        answer = json.loads(await output.read())
    assert answer["data"]["kpi"]["name"] == "DVG punctuality"
    assert answer["data"]["kpi"]["latest"]["value"] == 80.0


async def test_a_live_stream_with_curl(hub: World) -> None:
    async with running(hub, *curl("a live stream with curl")) as output:
        values = []
        async for line in output:
            if line.startswith(b"data: "):
                values.append(json.loads(line[6:])["data"]["kpiValues"]["value"])
                if len(values) == 2:
                    break
                hub.wire.publish(value(good=1, revision=2))
    assert values == [70.0, 10.0]


async def test_a_day_of_hours_with_python(hub: World) -> None:
    script = BLOCKS["a day of hours with Python"]
    async with running(hub, sys.executable, "-c", script, TOKEN="startup") as output:
        printed = (await output.read()).decode()
    assert printed.splitlines()[-1].endswith("70.0 % from 12 events")


def test_every_quickstart_is_run() -> None:
    assert list(BLOCKS) == ["a token", "a query with curl", "a live stream with curl", "a day of hours with Python"]
