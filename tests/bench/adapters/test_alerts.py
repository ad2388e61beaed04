"""From the log to the order office's inbox: how long an audio alert takes, with a real broker. Run by `make bench`.

Prints figures and asserts that each alert arrives once, never a time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from cityhub.adapters.city.order_office.inbox import TOPIC, Dispatcher, Inbox
from cityhub.bus import topics
from cityhub.bus.log_reader import LogReader
from cityhub.bus.publisher import EventPublisher
from cityhub.hub.run.topics import wanted
from cityhub.sandbox.room.story import saying
from cityhub.sdk import codec
from tests.integration.servers import Installation, Kafka
from tests.unit.adapters.city.test_alert_inbox import alert

ALERTS, EVERY_S = 200, 0.05


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[Kafka]:
    server = Kafka(Installation(tmp_path))
    try:
        server.start()
        topics.ensure(server.access, wanted())
        yield server
    finally:
        server.stop()


async def test_an_alert_is_in_the_inbox_soon(kafka: Kafka, tmp_path: Path) -> None:
    sent, got = dict[str, float](), dict[str, float]()

    async def inbox(request: httpx.Request) -> httpx.Response:
        got.setdefault(request.headers["idempotency-key"], time.monotonic())
        return httpx.Response(202)

    stop, file = asyncio.Event(), tmp_path / "alerts.json"
    async with (
        LogReader(kafka.access, client_id="bench-alerts") as log,
        EventPublisher(kafka.access, client_id="bench-alerts") as publisher,
        httpx.AsyncClient(transport=httpx.MockTransport(inbox)) as http,
    ):
        office = Dispatcher(log, http, Inbox("http://office/inbox", simulated=True), file, lambda: datetime.now(UTC))
        running = asyncio.create_task(office.run(stop))
        while not file.exists():  # noqa: ASYNC110 - a file tells
            await asyncio.sleep(0.05)
        for number in range(ALERTS):
            event = replace(saying(codec.decode(alert(number)), {}, datetime.now(UTC)), partitionkey=f"a-{number}")
            sent[event.id] = time.monotonic()
            await publisher.publish(TOPIC, [event])
            await asyncio.sleep(EVERY_S)
        async with asyncio.timeout(120):
            while len(got) < ALERTS:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.05)
        stop.set()
        await running
    took = sorted(got[one] - at for one, at in sent.items())
    print(f"{ALERTS} alerts: p50 {took[len(took) // 2]:.3f} s, p99 {took[ALERTS * 99 // 100]:.3f}, most {took[-1]:.3f}")
    assert got.keys() == sent.keys()
