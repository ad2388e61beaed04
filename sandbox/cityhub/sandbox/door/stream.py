"""A tenant's feed as server-sent events and over WebSocket.

Source of the rules: WHATWG HTML §9.2 (event streams), RFC 6455. Each message is one line of JSON, the same on both.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from cityhub.sandbox.rooms.client import SandboxClient, Told

SSE = "text/event-stream"
_TRY_AGAIN = 1013
_LONGEST = 18
"""Digits of a cursor."""


def query_of(
    said: Mapping[str, str], multi: Sequence[tuple[str, str]], last_event_id: str | None
) -> list[tuple[str, str]]:
    """What is followed. Args: said = after; multi = kind and name, which may be repeated.

    Raises:
        ValueError: the cursor is none.
    """
    after = last_event_id or said.get("after", "0")
    if not (after.isascii() and after.isdecimal() and len(after) <= _LONGEST):
        raise ValueError(f"after: {after[:20]!r} is no cursor; use one that an entry had, or leave it out")
    return [("after", after), *((name, value) for name, value in multi if name in {"kind", "name"})]


def message(told: Told) -> dict[str, Any]:
    """An entry as readers get it."""
    at = datetime.fromtimestamp(told.at_ms / 1000, UTC)
    return {"cursor": told.cursor, "kind": told.kind, "name": told.name, "at": at, "body": told.body}


async def events(told: AsyncIterator[Told | None], first: bytes = b"") -> AsyncIterator[bytes]:
    """The body of an event stream."""
    yield first or b": connected\n\n"
    async for one in told:
        if one is None:
            yield b": nothing new\n\n"
        else:
            yield b"id: %d\nevent: %s\ndata: %s\n\n" % (
                one.cursor,
                one.kind.encode(),
                msgspec.json.encode(message(one)),
            )


async def socket(
    client: SandboxClient, connection: WebSocket, tenant: str, organisation: str | None, query: list[tuple[str, str]]
) -> None:
    """Send entries until the reader leaves."""
    await connection.accept()
    try:
        async with client.following(tenant, organisation, query) as told:
            async for one in told:
                text = msgspec.json.encode({"kind": "quiet"} if one is None else message(one))
                await connection.send_text(text.decode())
        await connection.close(_TRY_AGAIN, "the stream has ended: connect again after the last cursor")
    except WebSocketDisconnect:
        return
