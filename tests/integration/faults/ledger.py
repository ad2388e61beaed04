"""The ledger: a process of its own that sends a campaign's records and writes down what it means to send, first.

Each line is appended and synced before its record leaves, and again once the outcome is known. It sends on permission:
each line on its standard input is the number of records it may have sent by then; end of input ends it. It tells the
numbers of finished and of acknowledged records on its standard output.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from msgspec import Struct

from cityhub.bus.access import KafkaAccess
from cityhub.bus.publisher import STRUCTURED_HEADERS
from tests.integration.faults.traffic import Sending, Traffic, range_of

BATCH = 250
_GIVE_UP = 0.2
"""Share of records of unknown outcome that the partner does not send again."""


class Order(Struct, frozen=True, kw_only=True):
    """What to send, where, and which file to keep."""

    bootstrap: str
    topic: str
    file: str
    traffic: Traffic


class Book:
    """The file. `intend` returns only when the disk has it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")

    def intend(self, batch: Sequence[Sending]) -> None:
        """Write down what is about to be sent."""
        self._write({"say": "send", "hash": digest(item.body), **_facts(item)} for item in batch)

    def outcome(self, batch: Sequence[Sending], results: Sequence[Any]) -> None:
        """Write down what the broker answered, or that nobody knows."""
        self._write(
            {"say": "unknown", "seq": item.seq}
            if isinstance(result, BaseException)
            else {"say": "acked", "seq": item.seq, "at": [result.partition, result.offset], "hash": digest(item.body)}
            for item, result in zip(batch, results, strict=True)
        )

    def close(self) -> None:
        self._file.close()

    def _write(self, lines: Any) -> None:
        self._file.writelines(json.dumps(line) + "\n" for line in lines)
        self._file.flush()
        os.fsync(self._file.fileno())


def digest(body: bytes) -> str:
    """How ledger and oracle recognise a record: 64 bits, as hex digits."""
    return hashlib.blake2b(body, digest_size=8).hexdigest()


def _facts(item: Sending) -> dict[str, Any]:
    facts = item._asdict()
    del facts["body"], facts["key"], facts["partition"]
    return facts | {"key": item.key.decode() if item.key else None}


class Sender:
    """Sends a batch until each record is acknowledged or given up."""

    def __init__(self, access: KafkaAccess, topic: str, book: Book, rng: Random) -> None:
        self._access = access
        self._topic = topic
        self._book = book
        self._rng = rng
        self._producer: AIOKafkaProducer | None = None
        self.acked = 0

    async def deliver(self, batch: Sequence[Sending]) -> None:
        waiting = list(batch)
        while waiting:
            self._book.intend(waiting)
            results = await self._send(waiting)
            self._book.outcome(waiting, results)
            failed = [item for item, result in zip(waiting, results, strict=True) if isinstance(result, BaseException)]
            self.acked += len(waiting) - len(failed)
            waiting = [item for item in failed if self._rng.random() >= _GIVE_UP]
            if failed:
                await self.close()
                await asyncio.sleep(0.5)

    async def _send(self, batch: Sequence[Sending]) -> list[Any]:
        try:
            producer = self._producer = self._producer or await self._started()
            futures = [
                await producer.send(
                    self._topic, item.body, key=item.key, partition=item.partition, headers=STRUCTURED_HEADERS
                )
                for item in batch
            ]
        except (KafkaError, TimeoutError) as error:
            return [error] * len(batch)
        return await asyncio.gather(*futures, return_exceptions=True)

    async def _started(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            **self._access.aiokafka(),
            client_id="ledger",
            acks="all",
            enable_idempotence=True,
            compression_type="lz4",
            request_timeout_ms=15_000,
        )
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        return producer

    async def close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(KafkaError, TimeoutError):
                await asyncio.wait_for(producer.stop(), 30)


class Permission:
    """How many records may have been sent by now, as told on the standard input."""

    def __init__(self) -> None:
        self._allowed = 0
        self._changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in sys.stdin:
            self._loop.call_soon_threadsafe(self._grant, int(line))
        os._exit(0)

    def _grant(self, allowed: int) -> None:
        self._allowed = max(self._allowed, allowed)
        self._changed.set()

    async def reaches(self, count: int) -> None:
        """Wait until `count` records are allowed."""
        while self._allowed < count:
            await self._changed.wait()
            self._changed.clear()


async def main(order: Order) -> None:
    access = KafkaAccess(bootstrap=order.bootstrap, username="hub", password=os.environ["KAFKA_PASSWORD"])
    permission = Permission()
    rng = Random(order.traffic.seed)  # noqa: S311 - reproducible, not secret
    sender = Sender(access, order.topic, Book(Path(order.file)), rng)
    for first in range(0, order.traffic.total, BATCH):
        batch = range_of(order.traffic, first, BATCH)
        await permission.reaches(first + len(batch))
        pace = asyncio.create_task(asyncio.sleep(len(batch) / order.traffic.per_s))
        await sender.deliver(batch)
        print(first + len(batch), sender.acked, flush=True)
        await pace
    await sender.close()


if __name__ == "__main__":
    asyncio.run(main(msgspec.json.decode(sys.argv[1], type=Order)))
