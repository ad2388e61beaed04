"""Sending a storm through the doors, and counting what reached them."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from random import Random
from uuid import uuid4

import httpx
import msgspec
from msgspec import Struct, field

from cityhub.bus.publisher import Outgoing, RecordPublisher
from tests.integration.storm import inputs
from tests.integration.storm.inputs import Asked, Sent

HANG_S = 60.0
"""Nothing is answered later than that, even on a machine that many share."""
SENDERS = 6
TOKEN_S = 120.0
_CHUNK = 500
_EXPECTED = {200, 202, 400, 401, 403, 404, 405, 413, 415, 422, 429}


class Tally(Struct):
    """What was sent.

    Attributes:
        by_http, by_kafka, asked: inputs. numbered, hashes: of those over HTTP that a door took for events: the numbers
            that it had a verdict on, and the SHA-256 of those without number.
        slowest_s: of all answers. statuses: of all answers.
    """

    by_http: int = 0
    by_kafka: int = 0
    asked: int = 0
    numbered: int = 0
    hashes: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    slowest_s: float = 0.0

    def inputs(self) -> int:
        return self.by_http + self.by_kafka + self.asked


class Storm:
    """Args:
    token_of: a fresh token of a partner or the operator. tally: is counted up.
    """

    def __init__(self, address: str, token_of: Callable[[str], str], tally: Tally) -> None:
        self._client = httpx.AsyncClient(base_url=address, timeout=HANG_S, trust_env=False)
        self._token_of = token_of
        self._tokens: dict[str, tuple[str, float]] = {}
        self._tally = tally

    async def aclose(self) -> None:
        await self._client.aclose()

    async def at_http(self, seed: int, at: datetime, count: int) -> None:
        """So many events and non-events for `/v1/events`, by several clients at once."""
        most = self._tally.by_http + count
        async with asyncio.TaskGroup() as group:
            for number in range(SENDERS):
                group.create_task(self._sender(Random(f"{seed} {number}"), at, most))  # noqa: S311 - a seed

    async def at_kafka(self, writer: RecordPublisher, topic: str, seed: int, at: datetime, count: int) -> None:
        """So many records in a partner's own topic."""
        rng = Random(seed)  # noqa: S311 - a seed
        for first in range(0, count, _CHUNK):
            records: list[Outgoing] = [inputs.record(rng, at) for _ in range(min(_CHUNK, count - first))]
            await writer.send(topic, records)
            self._tally.by_kafka += len(records)

    async def at_routes(self, seed: int, count: int) -> None:
        """So many requests for what partners see of their side."""
        rng = Random(seed)  # noqa: S311 - a seed
        for _ in range(count):
            await self._ask(inputs.asked(rng))

    async def _ask(self, one: Asked) -> None:
        answer = await self._answered(
            one.method, one.path, one.body, [(b"content-type", b"application/json")], one.caller
        )
        assert one.caller or answer.status_code in {400, 401, 404, 405}, (one, answer.text)
        self._tally.asked += 1

    async def _sender(self, rng: Random, at: datetime, most: int) -> None:
        """A client that numbers most of its events: a number stays until it was answered."""
        producer, next_ = uuid4().hex, 0
        while self._tally.by_http < most:
            sent = inputs.request(rng, at)
            count = len(sent.events or [])
            numbered = count > 0 and (sent.kind == inputs.BINARY or rng.random() < 0.7)
            answer = await self._post(sent, producer, range(next_, next_ + count) if numbered else None)
            done = answer.json().get("results", []) if answer.status_code in {202, 422} else []
            self._tally.by_http += max(1, len(done))
            if numbered:
                next_ += len(done)
                self._tally.numbered += len(done)
            elif done:
                assert sent.events is not None
                assert len(done) == len(sent.events)
                self._tally.hashes |= {sha256(one).hexdigest() for one in sent.events}

    async def _post(self, sent: Sent, producer: str, numbers: range | None) -> httpx.Response:
        headers = [(b"content-type", sent.kind.encode("latin-1")), *sent.headers]
        if numbers is not None:
            headers += [
                (b"cityhub-producer", producer.encode()),
                (b"cityhub-sequence", ",".join(map(str, numbers)).encode()),
            ]
        while True:
            answer = await self._answered("POST", "/v1/events", sent.body, headers, "wbd")
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                return answer
            await asyncio.sleep(int(answer.headers["retry-after"]))  # as the answer asks

    async def _answered(
        self, method: str, path: str, body: bytes, headers: list[tuple[bytes, bytes]], caller: str
    ) -> httpx.Response:
        if caller:
            headers = [*headers, (b"authorization", f"Bearer {await self._token(caller)}".encode())]
        began = time.perf_counter()
        answer = await self._client.request(method, path, content=body, headers=headers)
        self._tally.slowest_s = max(self._tally.slowest_s, time.perf_counter() - began)
        self._tally.statuses[answer.status_code] += 1
        assert answer.status_code in _EXPECTED, (method, path, answer.status_code, answer.text)
        msgspec.json.decode(answer.content)
        return answer

    async def _token(self, caller: str) -> str:
        token, since = self._tokens.get(caller, ("", 0.0))
        if not token or time.monotonic() - since > TOKEN_S:
            token = await asyncio.to_thread(self._token_of, caller)
            self._tokens[caller] = token, time.monotonic()
        return token
