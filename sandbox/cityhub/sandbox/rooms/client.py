"""How the hub's other processes speak with the sandbox process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
import msgspec
from msgspec import Struct

from cityhub.sandbox import errors
from cityhub.sandbox.errors import RoomUnavailable
from cityhub.sandbox.rooms.child import Answer
from cityhub.sandbox.rooms.commands import Command
from cityhub.sandbox.rooms.houses import ANSWER_WITHIN_S
from cityhub.sandbox.rooms.service import HEARTBEAT_S, Wish

_TIMEOUT = httpx.Timeout(ANSWER_WITHIN_S + 30, connect=3)
_KNOWN = ("SpecRefused", "TooMuch", "UnknownTenant", "UnknownThing", "RoomUnavailable")


class Told(Struct, frozen=True):
    """An entry of a tenant's log. Attributes: cursor = of whoever goes on after it; body = JSON."""

    cursor: int
    kind: str
    name: str
    at_ms: int
    body: msgspec.Raw


class SandboxClient:
    """Speaks for callers whose organisation is known.

    Args:
        url: of the sandbox process. word: what it wants to hear.
    """

    def __init__(self, http: httpx.AsyncClient, url: str, word: str) -> None:
        self._http = http
        self._url = url
        self._headers = {"authorization": f"Bearer {word}"}

    async def wish(self, wish: Wish) -> bytes:
        """JSON of what was wished; raises what `service.Service` does."""
        return await self._post("/tenants", msgspec.json.encode(wish), {})

    async def ask(self, tenant: str, organisation: str | None, command: Command) -> bytes:
        """JSON of what a room says.

        Raises:
            SandboxError: any of them.
        """
        return await self._post(f"/rooms/{tenant}", msgspec.json.encode(command), _whose(organisation))

    async def entries(self, tenant: str, organisation: str | None, query: Sequence[tuple[str, str]]) -> list[Told]:
        """A page of a tenant's log. Args: query = after, kind, name; newest = so many, newest first."""
        answer = await self._send(
            self._http.build_request(
                "GET",
                f"{self._url}/rooms/{tenant}/entries",
                params=list(query),
                headers=self._headers | _whose(organisation),
                timeout=_TIMEOUT,
            )
        )
        if answer.content.startswith(b"{"):
            _raise(answer.content)
        return msgspec.json.decode(answer.content, type=list[Told])

    @asynccontextmanager
    async def following(
        self, tenant: str, organisation: str | None, query: Sequence[tuple[str, str]]
    ) -> AsyncIterator[AsyncIterator[Told | None]]:
        """Entries as they come; None = nothing has come for a while. Errors as `ask`."""
        request = self._http.build_request(
            "GET",
            f"{self._url}/rooms/{tenant}/feed",
            params=list(query),
            headers=self._headers | _whose(organisation),
            timeout=httpx.Timeout(3 * HEARTBEAT_S, connect=3),
        )
        answer = await self._send(request, stream=True)
        try:
            if not answer.headers["content-type"].startswith("application/x-ndjson"):
                _raise(await answer.aread())
            yield _lines(answer)
        finally:
            await answer.aclose()

    async def _post(self, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        request = self._http.build_request(
            "POST", f"{self._url}{path}", content=body, headers=self._headers | headers, timeout=_TIMEOUT
        )
        return bytes(_raise((await self._send(request)).content))

    async def _send(self, request: httpx.Request, *, stream: bool = False) -> httpx.Response:
        try:
            answer = await self._http.send(request, stream=stream)
        except httpx.HTTPError as error:
            raise RoomUnavailable(
                f"the sandbox does not answer ({type(error).__name__}): try again in a minute"
            ) from error
        if answer.status_code != httpx.codes.OK:
            raise RoomUnavailable(f"the sandbox answers {answer.status_code}: its operator must look into its log")
        return answer


async def _lines(answer: httpx.Response) -> AsyncIterator[Told | None]:
    try:
        async for line in answer.aiter_lines():
            yield msgspec.json.decode(line, type=Told) if line else None
    except httpx.HTTPError as error:
        raise RoomUnavailable(f"the sandbox has ended the stream ({type(error).__name__}): connect again") from error


def _whose(organisation: str | None) -> dict[str, str]:
    return {} if organisation is None else {"x-organisation": organisation}


def _raise(body: bytes) -> msgspec.Raw:
    """What was found, or the error that was answered."""
    said = msgspec.json.decode(body, type=Answer)
    if said.error in _KNOWN:
        raise getattr(errors, said.error)(*said.lines)
    return said.found
