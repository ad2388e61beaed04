"""The simulated city sends lines: the past at once, then each moment once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from cityhub.sandbox.city import lines
from cityhub.sandbox.city.chronicle import Chronicle
from cityhub.sandbox.city.lines import line_server
from cityhub.sandbox.city.served import SERVED, City
from cityhub.sandbox.city.served.duisport import vessels

BEGIN = datetime(2026, 11, 20, 11, 7, tzinfo=UTC)


async def test_every_moment_is_sent_once_and_a_stop_does_not_wait_for_whoever_is_connected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lines, "_EVERY_S", 0.001)
    ticks = iter(BEGIN + timedelta(seconds=number) for number in range(10**6))
    asked: list[tuple[datetime | None, datetime]] = []

    def send(_: City, since: datetime | None, now: datetime) -> Iterator[bytes]:
        asked.append((since, now))
        yield b"%d" % len(asked)

    async with line_server(City(Chronicle(7), lambda: next(ticks), 7), send, "127.0.0.1", 0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert [await reader.readline() for _ in range(3)] == [b"1\r\n", b"2\r\n", b"3\r\n"]
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    assert asked[0] == (None, BEGIN)
    assert [since for since, _ in asked[1:]] == [now for _, now in asked[:-1]]


def test_reports_of_vessels_do_not_depend_on_how_often_somebody_looks() -> None:
    (served,) = (one for one in SERVED if one.feed == "duisport.vessels")
    assert served.send == vessels.SERVED.send is not None
    city = City(Chronicle(7, timedelta(days=2)), lambda: BEGIN, 7)
    hours = [BEGIN + timedelta(minutes=7 * number) for number in range(30)]
    parts = [line for one, two in pairwise(hours) for line in served.send(city, one, two)]
    assert parts == list(served.send(city, hours[0], hours[-1]))
    assert len(parts) > 10
