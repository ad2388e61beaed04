"""What reading sensors and vehicles costs: a simulated day of messages as facts, beside parsing alone with `json`.

Run by `make bench`. One JSON line per format and round; asserts the counts, never a time. CPU seconds of one core.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import pytest

from cityhub.adapters.dvv.lamps import mapping as lamps
from cityhub.adapters.kit.fact import Reading
from cityhub.adapters.kit.mqtt_connection import Received
from cityhub.adapters.wbd.bins import mapping as bins
from cityhub.adapters.wbd.sewer_levels import mapping as sewer_levels
from cityhub.adapters.wbd.vehicles import mapping as vehicles
from cityhub.sandbox.city.chronicle import Chronicle
from cityhub.sandbox.city.served import SERVED, City
from tests.bench.lines import new_run

NOW = datetime(2026, 11, 20, 11, tzinfo=UTC)
ROUNDS = 5
Read: TypeAlias = Callable[[Sequence[Received], Mapping[str, bytes], datetime], Reading]
READS: Mapping[str, Read] = {
    "dvv.lamps": lamps.read,
    "wbd.bins": bins.read,
    "wbd.sewer-levels": sewer_levels.read,
    "wbd.vehicles": vehicles.read,
}


@pytest.mark.parametrize("feed", READS)
def test_reading_a_day_of(feed: str) -> None:
    chronicle = Chronicle(7)
    (served,) = (one for one in SERVED if one.feed == feed)
    assert served.push is not None
    told = chronicle.between(served.streams, NOW - timedelta(days=1), NOW)
    messages = [Received(one.topic, one.payload) for one in served.push.render(City(chronicle, lambda: NOW, 7), told)]
    size = sum(len(one.payload) for one in messages)
    lines = new_run("sensors", feed=feed, messages=len(messages), bytes=size)
    for _ in range(ROUNDS):
        began = time.process_time()
        reading = READS[feed](messages, {}, NOW)
        took_s = time.process_time() - began
        began = time.process_time()
        parsed = [json.loads(one.payload) for one in messages]
        alone_s = time.process_time() - began
        assert (len(reading.facts), reading.rejects) == (len(told), [])
        lines.write(
            "sensors",
            feed=feed,
            cpu_s=round(took_s, 4),
            json_cpu_s=round(alone_s, 4),
            messages_per_s=round(len(parsed) / took_s),
            mb_per_s=round(size / took_s / 1e6, 1),
            json_mb_per_s=round(size / alone_s / 1e6, 1),
        )
