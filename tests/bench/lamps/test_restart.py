"""A worker that starts over a full store: ten million bucket rows, and ten million ids within the horizon.

Run by `make bench`. From the start of the process to the first new event in the store; `RESTART_ROWS` changes the size.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from uuid import uuid4

import numpy as np
from sqlalchemy import Connection, insert, text

from cityhub.bus.access import KafkaAccess
from cityhub.bus.topics import ensure, events
from cityhub.kpi.store import schema
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.dedup import CONTENT_BYTES, KEY_BYTES
from cityhub.kpi.store.series import family_of
from tests.bench.lamps import hub
from tests.bench.lamps.contenders import HUB, SYSTEMS
from tests.bench.lamps.events import START_S
from tests.bench.lamps.live import LiveHub
from tests.bench.lamps.topic import PARTITIONS
from tests.bench.lines import Lines

ROWS = int(os.environ.get("RESTART_ROWS", "10000000"))
SYSTEM = next(system for system in SYSTEMS if system.name == HUB)
_LAMPS, _RUN = 10_000, 4_000
_FILL = """
    with recursive minute(n) as (select 0 union all select n + 1 from minute where n + 1 < :minutes),
                   lamp(n) as (select 0 union all select n + 1 from lamp where n + 1 < :lamps)
    insert into bucket (family, start, series, writer, n, v0, v1, v2)
    select :family, :start + 60 * minute.n, lamp.n, 1, 2, 500, 2, 0 from minute cross join lamp
"""


def test_start_over_a_full_store(lines: Lines, broker: KafkaAccess, tmp_path: Path) -> None:
    topic = events("imd", f"lamps-restart-{uuid4().hex[:8]}", partitions=PARTITIONS)
    ensure(broker, [topic])
    live = LiveHub(SYSTEM, broker, topic.name, tmp_path)
    fill(live.store, topic.name, live.group)
    began = time.monotonic()
    with live.working():
        live.burst(100, 1)
        started_s = round(time.monotonic() - began, 1)
    lines.write("restart", buckets=ROWS, ids=ROWS // _RUN * _RUN, started_s=started_s)
    assert hub.records(live.store) == live.sent


def fill(store: Path, topic: str, job: str) -> None:
    """A store as a worker leaves it after so many events."""
    database = Database(store)
    definition = next(iter(hub.catalogue_over(topic, SYSTEM.by)))
    with database.begin() as connection:
        minutes = ROWS // _LAMPS
        values = {"minutes": minutes, "lamps": _LAMPS, "family": family_of(definition, ""), "start": START_S}
        connection.execute(text(_FILL), values)
        _remember(connection, topic, job)
    database.close()


def _remember(connection: Connection, topic: str, job: str) -> None:
    """Ids of all partitions, in runs that begin below the log."""
    random = np.random.default_rng(1)
    places = np.arange(_RUN).astype("<u4").tobytes()
    for number in range(ROWS // _RUN):
        part, first = number % PARTITIONS, -ROWS + number * _RUN
        ids, contents = random.bytes(_RUN * KEY_BYTES), random.bytes(_RUN * CONTENT_BYTES)
        row = {"job": job, "topic": topic, "part": part, "first_off": first, "last_off": first + _RUN - 1, "n": _RUN}
        connection.execute(insert(schema.seen).values(**row, newest_ms=0, ids=ids, more=contents + places))
