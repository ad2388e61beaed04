"""The server: what an app answers to a WebSocket that it does not open."""

from __future__ import annotations

import asyncio
import logging

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from cityhub.api.problem import problem
from cityhub.hub.run.serving import serve
from tests.unit.hub.hub_runs import free_ports
from tests.unit.hub.waiting import LIMIT_S


async def _deny(socket: WebSocket) -> None:
    await socket.send_denial_response(problem(404, "no tenant 'keiner'"))


async def test_a_denied_socket_has_its_answer_and_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    stop, (port,) = asyncio.Event(), free_ports(1)
    app = Starlette(routes=[WebSocketRoute("/feed", _deny)])
    serving = asyncio.create_task(serve(app, host="127.0.0.1", port=port, stop=stop))
    try:
        with caplog.at_level(logging.WARNING), pytest.raises(InvalidStatus) as refusal:
            async with asyncio.timeout(LIMIT_S):
                await _connected(port)
    finally:
        stop.set()
        await serving
    answer = refusal.value.response
    assert answer.status_code == 404
    assert b"no tenant" in (answer.body or b"")
    assert [one for one in caplog.records if one.name.startswith("uvicorn")] == []


async def _connected(port: int) -> None:
    while True:
        try:
            async with connect(f"ws://127.0.0.1:{port}/feed", proxy=None):
                return
        except OSError:
            await asyncio.sleep(0)  # the server has not begun to listen
