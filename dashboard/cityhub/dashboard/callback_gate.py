"""Dash answers 500 to a callback body that it cannot use. Here the body is checked first, and refused with 400."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATH = "/_dash-update-component"
MAX_BYTES = 16 * 1024


class _Property(Struct):
    id: str
    property: str
    value: Any = None

    def is_declared(self, declared: Mapping[str, str]) -> bool:
        return self.id == declared["id"] and self.property == declared["property"]


class _Call(Struct, rename="camel"):
    output: str
    outputs: list[_Property] | _Property
    inputs: list[_Property]
    changed_prop_ids: list[str]
    state: list[_Property] = []


class CallbackGate:
    """ASGI middleware in front of Dash.

    Args:
        callbacks: the registered callbacks by output, as Dash keeps them.
    """

    def __init__(self, app: ASGIApp, callbacks: Mapping[str, Mapping[str, Any]]) -> None:
        self._app = app
        self._callbacks = callbacks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._app(scope, receive, send)
            return
        body = b""
        async for chunk in Request(scope, receive).stream():
            body += chunk
            if len(body) > MAX_BYTES:
                await _refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is larger than {MAX_BYTES} bytes")(
                    scope, receive, send
                )
                return
        problem = self._problem(body)
        if problem:
            await _refusal(HTTPStatus.BAD_REQUEST, problem)(scope, receive, send)
            return
        await self._app(scope, _replayed(body, receive), send)

    def _problem(self, body: bytes) -> str | None:
        try:
            call = msgspec.json.decode(body, type=_Call)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            return f"the body is no callback: {error}"
        declared = self._callbacks.get(call.output)
        if declared is None:
            return f"there is no callback for the output {call.output[:80]!r}"
        outputs = call.outputs if isinstance(call.outputs, list) else [call.outputs]
        named = "...".join(f"{output.id}.{output.property}" for output in outputs)
        if call.output not in {named, f"..{named}.."}:
            return "the outputs are not those of the callback"
        if not (_fit(call.inputs, declared["inputs"]) and _fit(call.state, declared["state"])):
            return "the inputs are not those of the callback"
        return None


def _fit(given: Sequence[_Property], declared: Sequence[Mapping[str, str]]) -> bool:
    return len(given) == len(declared) and all(
        part.is_declared(want) for part, want in zip(given, declared, strict=True)
    )


def _refusal(status: HTTPStatus, detail: str) -> Response:
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    return JSONResponse(body, status, media_type="application/problem+json")


def _replayed(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
