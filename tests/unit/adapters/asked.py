"""An adapter over HTTP beside its partner: asked round by round, each reading kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import httpx

from cityhub.adapters.kit.adapter import Connect, Known, Link, Tools
from cityhub.adapters.kit.fact import Fact, Reading
from tests.unit.adapters.journals import PSEUDONYMS

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
_BOUND = 200


class Asked:
    """Attributes: urls: that were asked for. memory: what was kept."""

    def __init__(self, connect: Connect, url: str, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self.urls: list[httpx.URL] = []
        self.memory: dict[str, bytes] = {}
        self.now = NOW
        self._cursor = ""
        self._answer = answer
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._answered))
        tools = Tools(http=http, clock=lambda: self.now, pseudonyms=PSEUDONYMS)
        self._adapter = connect(Link(url=url, synthetic=False), tools)

    async def ask(self) -> Reading:
        """Once."""
        reading = await self._adapter.ask(Known(self._cursor, self.memory))
        self._cursor = reading.cursor or ""
        for key, value in reading.memory.items():
            self.memory.pop(key, None) if value is None else self.memory.update({key: value})
        return reading

    async def round(self) -> list[Reading]:
        """All readings until there is nothing more."""
        found = [await self.ask()]
        while found[-1].more:
            assert len(found) < _BOUND, "it goes round in circles"
            found.append(await self.ask())
        return found

    async def facts(self) -> list[Fact]:
        """Of a round."""
        return [fact for reading in await self.round() for fact in reading.facts]

    def forget(self) -> None:
        """The position only, as when the partner knows it no longer (HTTP 410)."""
        self._cursor = ""

    def _answered(self, request: httpx.Request) -> httpx.Response:
        self.urls.append(request.url)
        answer = self._answer(request)
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content))
