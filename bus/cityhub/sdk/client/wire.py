"""What a client asks and hears, apart from how.

The protocol is written once, as generators that yield requests and pauses and are sent replies; a blocking and an
asyncio driver run them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator, Mapping
from typing import Any, TypeAlias, TypeVar

import httpx
from msgspec import Struct

MOST_BYTES = 16 * 1024 * 1024
"""Of an answer; a thousand results are far smaller."""
_T = TypeVar("_T")


class Request(Struct, frozen=True, kw_only=True):
    """Attributes: timeout_s: for the whole of the answer."""

    url: str
    method: str = "GET"
    headers: dict[str, str] = {}
    content: bytes = b""
    timeout_s: float = 30.0


class Pause(Struct, frozen=True):
    """Wait so long before the next step."""

    seconds: float


class Reply(Struct, frozen=True):
    """An answer that came whole; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""


class NoReply(Struct, frozen=True):
    """There is no whole answer: nobody knows what the request has done."""

    why: str


Heard: TypeAlias = Reply | NoReply | None
"""What a step is answered with; a pause with None."""
Steps: TypeAlias = Generator[Request | Pause, Heard, _T]


class Blocking:
    """Runs steps one after another.

    Args:
        http: stays the caller's to close.
    """

    def __init__(self, http: httpx.Client, pause: Callable[[float], object] = time.sleep) -> None:
        self._http = http
        self._pause = pause

    def run(self, steps: Steps[_T]) -> _T:
        """The result of the steps; raises what they raise."""
        heard: Heard = None
        while True:
            try:
                step = steps.send(heard)
            except StopIteration as done:
                result: _T = done.value
                return result
            if isinstance(step, Pause):
                self._pause(step.seconds)
                heard = None
            else:
                heard = self._ask(step)

    def _ask(self, step: Request) -> Heard:
        end = time.monotonic() + step.timeout_s
        try:
            with self._http.stream(step.method, step.url, **_arguments(step)) as answer:
                body = bytearray()
                for chunk in answer.iter_bytes():
                    body += chunk
                    if len(body) > MOST_BYTES or time.monotonic() > end:
                        return _endless(step, len(body))
                return _reply(answer, bytes(body))
        except httpx.HTTPError as error:
            return _nothing(step, error)


class Asynchronous:
    """Runs steps on an event loop; as `Blocking`."""

    def __init__(self, http: httpx.AsyncClient, pause: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        self._http = http
        self._pause = pause

    async def run(self, steps: Steps[_T]) -> _T:
        """The result of the steps; raises what they raise."""
        heard: Heard = None
        while True:
            try:
                step = steps.send(heard)
            except StopIteration as done:
                result: _T = done.value
                return result
            if isinstance(step, Pause):
                await self._pause(step.seconds)
                heard = None
            else:
                heard = await self._ask(step)

    async def _ask(self, step: Request) -> Heard:
        body = bytearray()
        try:
            async with (
                asyncio.timeout(step.timeout_s),
                self._http.stream(step.method, step.url, **_arguments(step)) as answer,
            ):
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > MOST_BYTES:
                        return _endless(step, len(body))
                return _reply(answer, bytes(body))
        except httpx.HTTPError as error:
            return _nothing(step, error)
        except TimeoutError:
            return _endless(step, len(body))


def _arguments(step: Request) -> dict[str, Any]:
    return {"headers": step.headers, "content": step.content, "timeout": step.timeout_s}


def _reply(answer: httpx.Response, body: bytes) -> Reply:
    return Reply(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, body)


def _nothing(step: Request, error: httpx.HTTPError) -> NoReply:
    return NoReply(f"{step.url}: {str(error) or 'no answer'} ({type(error).__name__})")


def _endless(step: Request, size: int) -> NoReply:
    return NoReply(f"{step.url}: no whole answer within {step.timeout_s:g} s, {size} bytes of it came")
