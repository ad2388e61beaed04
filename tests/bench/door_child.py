"""Processes of the door's benchmark. Arguments: `web` (the web process, which takes any number of events), or `raw`
(what aiokafka alone writes of the same events) with the number of events, which prints its figures."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from unittest.mock import patch

from aiokafka import AIOKafkaProducer

from cityhub.adapters.doors.limits import Limits
from cityhub.bus.publisher import BATCH_BYTES
from cityhub.hub.access import kafka_access
from cityhub.hub.run import runner
from cityhub.hub.secrets import load
from cityhub.hub.settings import parse
from cityhub.hub.web import serve
from cityhub.sdk import codec
from tests.bench.door_load import TOPIC, events

_TOGETHER = 1_000


def web() -> None:
    with patch.object(serve, "Limits", lambda: Limits(per_s=1e12, burst=10**12)):
        runner.run("web", parse(os.environ))


async def raw(count: int) -> dict[str, float]:
    """The options are the hub's own (`bus.publisher`)."""
    settings = parse(os.environ)
    producer = AIOKafkaProducer(
        **kafka_access(settings, load(settings.data)).aiokafka(),
        client_id="bench-raw",
        linger_ms=5,
        acks="all",
        enable_idempotence=True,
        compression_type="lz4",
        max_batch_size=BATCH_BYTES,
        max_request_size=4 * 1024 * 1024,
    )
    records = [(one.partitionkey.encode(), codec.encode(one)) for one in events(0, count)]
    await producer.start()
    began, spent = time.perf_counter(), time.process_time()
    for first in range(0, count, _TOGETHER):
        some = records[first : first + _TOGETHER]
        await asyncio.gather(*[await producer.send(TOPIC, value, key=key) for key, value in some])
    figures = {"wall_s": time.perf_counter() - began, "cpu_s": time.process_time() - spent}
    await producer.stop()
    return figures


if __name__ == "__main__":
    if sys.argv[1] == "web":
        web()
    else:
        print(json.dumps(asyncio.run(raw(int(sys.argv[2])))))
