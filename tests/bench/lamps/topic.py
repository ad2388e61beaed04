"""Filling a topic before the clock starts, with the truth beside it for the oracle."""

from __future__ import annotations

import asyncio
import csv
import hashlib
from asyncio import Future
from itertools import islice
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from msgspec import Struct

from cityhub.bus.access import KafkaAccess
from tests.bench.lamps.events import Load, Sent, borough_of, encoded, lamp_name, records

PARTITIONS = 8
TRUTH = ("lamp", "borough", "time_s", "power_dw", "fault", "resent")
_BATCH = 5_000


class Filled(Struct, frozen=True):
    """A topic ready to be read.

    Attributes:
        truth: CSV with the columns `TRUTH`, one line per record.
        sha256: over all keys and values in order of arrival.
    """

    topic: str
    load: Load
    truth: Path
    mean_bytes: float
    sha256: str


def fill(access: KafkaAccess, topic: str, load: Load, folder: Path) -> Filled:
    """Create and fill a topic; every record is acknowledged when this returns."""
    _create(access, topic)
    return asyncio.run(_fill(access, topic, load, folder / f"{topic}.csv"))


def _create(access: KafkaAccess, topic: str) -> None:
    """As an event topic, but it keeps the given arrival times: lateness is part of the input, not of the run."""
    config = {"message.timestamp.type": "CreateTime", "retention.ms": "-1"}
    admin = KafkaAdminClient(**access.kafka_python(), client_id="bench", request_timeout_ms=60_000)
    try:
        admin.create_topics([NewTopic(topic, num_partitions=PARTITIONS, replication_factor=1, topic_configs=config)])
    finally:
        admin.close()


async def _fill(access: KafkaAccess, topic: str, load: Load, truth: Path) -> Filled:
    producer = AIOKafkaProducer(
        **access.aiokafka(), acks="all", enable_idempotence=True, compression_type="lz4", linger_ms=20
    )
    digest, size = hashlib.sha256(), 0
    source = records(load)
    await producer.start()
    try:
        with truth.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(TRUTH)
            while batch := list(islice(source, _BATCH)):
                waiting: list[Future[Any]] = []
                for sent in batch:
                    key, value = encoded(sent)
                    digest.update(key + value)
                    size += len(value)
                    waiting.append(await producer.send(topic, value, key=key, timestamp_ms=sent.arrival_ms))
                    rows.writerow(truth_row(sent))
                await asyncio.gather(*waiting)
    finally:
        await producer.stop()
    return Filled(topic, load, truth, round(size / load.events, 1), digest.hexdigest())


def truth_row(sent: Sent) -> tuple[object, ...]:
    """One record as the oracle reads it."""
    place = lamp_name(sent.lamp), borough_of(sent.lamp)
    return *place, sent.time_s, sent.power_dw, int(sent.fault), int(sent.resent)
