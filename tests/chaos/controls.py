"""Engines that are wrong on purpose: the harness must catch each of them, or it proves nothing.

`naive` is what a first Faust application looks like: an agent that counts into a table. The others are mutants of our
worker, which rely on Kafka's committed offsets. Arguments as for `tests.integration.faults.child`, with the control's
name first.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import faust
from faust.transport.drivers import aiokafka as driver
from sqlalchemy import update

from cityhub.bus import batch_consumer
from cityhub.bus.access import KafkaAccess
from cityhub.kpi.kernel.effect import CellId, Evaluator
from cityhub.kpi.kernel.record import LogRecord
from cityhub.kpi.store import dedup, schema, writer
from cityhub.kpi.worker import KpiWorker
from tests.integration import engine_child
from tests.integration.faults.child import end_with_parent

FLUSH_S = 2.0
TABLE = "counts"


def naive(access: KafkaAccess, topic: str) -> faust.App:
    """Counts per partition and line in the way of Faust's own guide: each key has one partition of the changelog."""
    app = faust.App(
        f"naive-{topic}",
        broker=f"kafka://{access.bootstrap}",
        broker_credentials=faust.SASLCredentials(username=access.username, password=access.password, mechanism="PLAIN"),
        store="memory://",
        autodiscover=False,
        web_enabled=False,
        topic_replication_factor=1,
        topic_partitions=3,
        topic_disable_leader=True,
        broker_session_timeout=12,
        broker_heartbeat_interval=3,
        consumer_auto_offset_reset="earliest",
    )
    counts = app.Table(TABLE, default=int, partitions=3)
    source = app.topic(topic, value_serializer="raw", value_type=bytes)

    @app.agent(source, name="naive")  # type: ignore[untyped-decorator]
    async def count(stream: Any) -> None:
        async for event in stream.events():
            line = json.loads(event.value)["data"]["line"]
            counts[f"{event.message.partition}/{line}"] += 1

    return app


def start_at_committed_offset() -> None:
    """Let Kafka decide where a worker starts."""
    batch_consumer.BatchConsumer.perform_seek = driver.Consumer.perform_seek  # type: ignore[method-assign]


def apply_anything() -> None:
    """No compare-and-set: the cursor follows whatever batch arrives, earlier or later."""
    apply = writer.KpiWriter.apply

    def unchecked(self: writer.KpiWriter, topic: str, part: int, records: Sequence[LogRecord]) -> int:
        row = schema.cursor.c
        follow = update(schema.cursor).where(row.job == self._job, row.topic == topic, row.part == part)
        with self._database.begin() as connection:
            connection.execute(follow.values(off=records[0].offset - 1, hash=b""))
        self.forget(topic, part)
        return apply(self, topic, part, records)

    writer.KpiWriter.apply = unchecked  # type: ignore[method-assign]


def forget_ids() -> None:
    """Repeated ids are known within a batch only."""
    dedup.SeenIds._write = lambda self, connection, run, merged, part: run  # type: ignore[method-assign]


def acknowledge_first() -> None:
    """A batch counts as read at once and is written later, with its neighbours."""
    apply = KpiWorker._apply
    later: set[asyncio.Task[None]] = set()

    async def acknowledged(self: KpiWorker, topic: str, part: int, batch: Any) -> None:
        async def flush() -> None:
            await asyncio.sleep(FLUSH_S)
            await apply(self, topic, part, batch)

        later.add(asyncio.create_task(flush()))

    KpiWorker._apply = acknowledged  # type: ignore[method-assign]


def forget_cells() -> None:
    """A cell knows what it observed in one batch only."""
    merge = Evaluator.merge

    def forgetful(self: Evaluator, cell: CellId, state: bytes | None, *more: Any, **where: Any) -> dict[CellId, bytes]:
        return merge(self, cell, None, *more, **where)

    Evaluator.merge = forgetful  # type: ignore[method-assign,assignment]


MUTANTS: dict[str, Sequence[Callable[[], None]]] = {
    "acknowledge-first": (start_at_committed_offset, apply_anything, acknowledge_first),
    "no-compare-and-set": (start_at_committed_offset, apply_anything, forget_ids),
    "forgetful-cells": (forget_cells,),
}


async def main(control: str, role: str, *arguments: str) -> None:
    if control == "naive":
        if role == "worker":
            _, bootstrap, topic = arguments
            access = KafkaAccess(bootstrap=bootstrap, username="hub", password=os.environ["KAFKA_PASSWORD"])
            await naive(access, topic).start()
        await asyncio.Event().wait()
    for mutate in MUTANTS[control] if role == "worker" else ():
        mutate()
    await engine_child.main(role, *arguments)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    end_with_parent()
    asyncio.run(main(*sys.argv[1:]))
