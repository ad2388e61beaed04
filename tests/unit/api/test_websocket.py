"""Subscriptions over WebSockets (graphql-transport-ws), with a foreign client on a real server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from tests.unit.api.world import EXPIRES, World, value

HOURS = 'subscription { kpiValues(kpi: "M01", window: hour) { value revision } }'


@asynccontextmanager
async def socket(
    world: World, who: str | None = "startup", protocol: str = "graphql-transport-ws"
) -> AsyncIterator[ClientConnection]:
    headers = {"Authorization": f"Bearer {who}"} if who else {}
    async with (
        world.served() as address,
        connect(f"ws://{address}/graphql", additional_headers=headers, subprotocols=[protocol]) as connection,  # type: ignore[list-item]
    ):
        yield connection


@asynccontextmanager
async def session(world: World, who: str = "startup") -> AsyncIterator[ClientConnection]:
    async with socket(world, who) as connection:
        assert await talk(connection, {"type": "connection_init"}) == {"type": "connection_ack"}
        yield connection


async def receive(connection: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(30):
        message: dict[str, Any] = json.loads(await connection.recv())
    return message


async def talk(connection: ClientConnection, message: object) -> dict[str, Any]:
    await connection.send(json.dumps(message))
    return await receive(connection)


def subscribe(query: str = HOURS, operation: str = "1") -> dict[str, object]:
    return {"type": "subscribe", "id": operation, "payload": {"query": query}}


async def test_values_come_as_they_change_until_the_client_has_enough(world: World) -> None:
    async with session(world) as connection:
        first = await talk(connection, subscribe())
        assert (first["type"], first["id"]) == ("next", "1")
        assert first["payload"]["data"] == {"kpiValues": {"value": 90.0, "revision": 1}}
        assert first["payload"]["extensions"]["cost"]["budget"] == 10_000
        world.wire.publish(value(good=8, revision=2))
        assert (await receive(connection))["payload"]["data"]["kpiValues"]["value"] == 80.0
        await connection.send(json.dumps({"type": "complete", "id": "1"}))
        assert await talk(connection, {"type": "ping"}) == {"type": "pong"}
        assert not world.wire.readers


async def test_queries_pass_the_same_gate(world: World) -> None:
    async with session(world) as connection:
        answer = await talk(connection, subscribe("{ kpis { id } }"))
        assert answer["payload"]["data"] == {"kpis": [{"id": "M01"}]}
        assert (await receive(connection))["type"] == "complete"
        for query, code in [("{ kpiss }", "BAD_QUERY"), ("{", "BAD_QUERY"), ("{ " + "k" * 7_000 + "(", "BAD_QUERY")]:
            answer = await talk(connection, subscribe(query, "2"))
            assert (answer["type"], answer["payload"][0]["extensions"]["code"]) == ("error", code)


async def test_the_eleventh_subscription_on_a_connection_is_refused(world: World) -> None:
    async with session(world) as connection:
        for number in range(10):
            assert (await talk(connection, subscribe(operation=str(number))))["type"] == "next"
        refused = await talk(connection, subscribe(operation="one too many"))
        assert (refused["type"], refused["id"]) == ("error", "one too many")


async def test_the_end_of_the_token_ends_running_and_refuses_new_operations(world: World) -> None:
    async with session(world) as connection:
        await talk(connection, subscribe())
        world.now = datetime.fromtimestamp(EXPIRES - 2, UTC)
        world.wire.publish(value(good=8, revision=2))
        ended = await receive(connection)
        assert ended["payload"]["errors"][0]["extensions"]["code"] == "TOKEN_EXPIRED"
        assert (await receive(connection))["type"] == "complete"
        refused = await talk(connection, subscribe("{ kpis { id } }", "2"))
        assert refused["payload"][0]["extensions"]["code"] == "TOKEN_EXPIRED"


async def test_nobody_connects_without_a_token(world: World) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with socket(world, None):
            pass
    assert refusal.value.response.status_code == 401
    assert refusal.value.response.headers["content-type"] == "application/problem+json"


async def test_the_legacy_protocol_is_not_spoken(world: World) -> None:
    async with socket(world, protocol="graphql-ws") as connection:
        assert connection.subprotocol is None
        await closed(connection, 4406)


async def test_nothing_runs_before_the_connection_is_initialised(world: World) -> None:
    async with socket(world) as connection:
        await connection.send(json.dumps(subscribe()))
        await closed(connection, 4401)


@pytest.mark.parametrize(
    "frame",
    [
        "", "{", "5", "null", "[]", '"x"', "[" * 5_000, "{}", '{"type": 5}', '{"type": []}', '{"type": "start"}',
        '{"type": "subscribe"}', '{"type": "subscribe", "id": "1"}', '{"type": "subscribe", "id": {}, "payload": {}}',
        '{"type": "subscribe", "id": "1", "payload": 5}', '{"type": "subscribe", "id": "1", "payload": {"query": 5}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "variables": [1]}}',
        '{"type": "complete", "id": []}', '{"type": "connection_init", "payload": 7}', b"\x00\xff", " " * 9_000,
    ],
)  # fmt: skip
async def test_a_frame_that_is_no_message_closes_the_connection(world: World, frame: str | bytes) -> None:
    async with session(world) as connection:
        await connection.send(frame)
        await closed(connection, 4400)


async def test_a_close_reason_is_cut_to_its_frame(world: World) -> None:
    async with session(world) as connection:
        name = "ü" * 600
        assert (await talk(connection, subscribe(operation=name)))["id"] == name
        await connection.send(json.dumps(subscribe(operation=name), ensure_ascii=False))
        await closed(connection, 4409)


async def closed(connection: ClientConnection, code: int) -> None:
    with pytest.raises(ConnectionClosedError) as end:
        async with asyncio.timeout(30):
            await connection.recv()
    assert end.value.rcvd is not None
    assert end.value.rcvd.code == code
