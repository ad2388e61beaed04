"""Lines over TCP: bounded, in batches, reconnected."""

from __future__ import annotations

import asyncio
import socket
import struct
import tracemalloc
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from itertools import chain, pairwise

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityhub.adapters.duisport.vessels.source import DUISPORT_VESSELS
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.adapter import Known, Link, Tools
from cityhub.adapters.kit.fact import Reading
from cityhub.adapters.kit.lines_adapter import BATCH, MAX_LINE, LinesAdapter, Splitter
from cityhub.adapters.kit.pseudonym import Pseudonyms

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
NOTHING = Known("", {})


class Heard:
    """Keeps what it is given to read."""

    def __init__(self) -> None:
        self.batches: list[list[bytes]] = []

    def read(self, lines: Sequence[bytes], known: Known, now: datetime) -> Reading:
        self.batches.append(list(lines))
        return Reading(cursor=str(len(self.batches)))


@asynccontextmanager
async def connected(
    heard: Heard, *sent: bytes, stays: bool = False, breaks: bool = False
) -> AsyncIterator[LinesAdapter]:
    """An adapter whose partner sends the same on every connection."""
    over = asyncio.Event()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for chunk in sent:
            writer.write(chunk)
            await writer.drain()
        if stays:
            await over.wait()
        if breaks:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with httpx.AsyncClient() as http:
        link = Link(url=f"tcp://127.0.0.1:{port}", synthetic=True)
        adapter = LinesAdapter(
            DUISPORT_VESSELS,
            link,
            Tools(http=http, clock=lambda: NOW, pseudonyms=Pseudonyms(b"sixteen bytes or more")),
            read=heard.read,
        )
        try:
            yield adapter
        finally:
            await adapter.close()
            over.set()
            server.close()
            await server.wait_closed()


async def test_lines_come_in_batches_and_the_last_without_its_end() -> None:
    heard = Heard()
    lines = [b"line %d" % number for number in range(BATCH + 3)]
    async with connected(heard, b"\r\n".join(lines)) as adapter:
        assert (await adapter.ask(NOTHING)).more
        assert not (await adapter.ask(NOTHING)).more
    assert heard.batches == [lines[:BATCH], lines[BATCH:]]


@pytest.mark.parametrize("end", [b"\n", b""])
async def test_a_full_batch_at_the_end_has_nothing_behind_it(end: bytes) -> None:
    heard = Heard()
    async with connected(heard, b"\n".join([b"line"] * BATCH) + end) as adapter:
        answers = [(await adapter.ask(NOTHING)).more]
        while answers[-1] and len(answers) < 5:
            answers.append((await adapter.ask(NOTHING)).more)
    assert answers[-1] is False
    assert sum(map(len, heard.batches)) == BATCH


async def test_a_connection_stays_and_after_its_end_comes_another() -> None:
    heard = Heard()
    async with connected(heard, b"one\ntw", stays=True) as adapter:
        await adapter.ask(NOTHING)
        await adapter.ask(NOTHING)
    assert heard.batches == [[b"one"], []]
    async with connected(heard, b"one\n") as adapter:
        await adapter.ask(NOTHING)
        await adapter.ask(NOTHING)
    assert heard.batches[2:] == [[b"one"], [b"one"]]


async def test_a_connection_that_breaks_has_told_what_came_before() -> None:
    heard = Heard()
    async with connected(heard, b"one\n", breaks=True) as adapter:
        while b"one" not in chain.from_iterable(heard.batches):
            with suppress(FeedFault):
                await adapter.ask(NOTHING)


async def test_nobody_there_and_nothing_said_are_faults() -> None:
    async with connected(Heard()) as adapter:
        with pytest.raises(FeedFault, match="closed the connection without a line") as caught:
            await adapter.ask(NOTHING)
        assert caught.value.reason == "incomplete"
    with pytest.raises(FeedFault, match=r"127\.0\.0\.1:\d+ cannot be reached") as caught:
        await adapter.ask(NOTHING)
    assert caught.value.reason == "unreachable"


async def test_a_line_without_end_is_cut_and_the_next_one_is_whole() -> None:
    heard = Heard()
    async with connected(heard, *[b"x" * 50_000] * 40, b"\nnext\n") as adapter:
        await adapter.ask(NOTHING)
    assert heard.batches == [[b"x" * (MAX_LINE + 1), b"next"]]


def test_a_line_without_end_takes_no_memory() -> None:
    splitter, chunk = Splitter(), b"x" * 50_000
    tracemalloc.start()
    try:
        for _ in range(100):
            assert splitter.feed(chunk) == []
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(chunk)


@given(st.binary(max_size=400).map(lambda body: body.replace(b"x", b"\n")), st.lists(st.integers(0, 400)))
def test_lines_do_not_depend_on_how_they_are_cut(body: bytes, cuts: list[int]) -> None:
    splitter = Splitter()
    edges = [0, *sorted(cuts), len(body)]
    found = [line for one, two in pairwise(edges) for line in splitter.feed(body[one:two])]
    assert [*found, *splitter.rest()] == [line.strip() for line in body.split(b"\n") if line.strip()]
