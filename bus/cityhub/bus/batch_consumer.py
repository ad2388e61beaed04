"""Faust as a batch consumer that starts from the store's cursor.

Stock Faust costs about 100 µs per event; one Faust event per *partition batch* removes that. Kafka's committed offsets
are only a hint: where a partition starts is asked of the store at every assignment (decision 0003).

This module leans on private names of faust-streaming 0.15.3; tests/unit/bus/test_faust_contract.py fails when one
changes.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

import faust
from aiokafka.errors import IllegalStateError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import ConsumerMessage
from structlog import get_logger

from cityhub.bus.access import KafkaAccess
from cityhub.bus.plain_records import PlainThread

log = get_logger()

StartOffset = Callable[[str, int], Awaitable[int]]
"""(topic, partition) → offset to read first."""
_WAITING_BATCHES = 6
"""Batches that wait for the store; beyond that their partitions pause, so that memory stays bounded."""


class BatchConsumer(driver.Consumer):  # type: ignore[misc] # untyped library
    """One message carries one partition's batch: its value is the list of the client's records."""

    _ends: defaultdict[TP, deque[int]]

    def _reset_state(self) -> None:
        super()._reset_state()
        self._ends = defaultdict(deque)

    def _new_consumer_thread(self) -> PlainThread:
        return PlainThread(self, loop=self.loop, beacon=self.beacon)

    async def on_partitions_revoked(self, revoked: Iterable[TP]) -> None:
        """Forget unfinished batches of partitions that go elsewhere."""
        await super().on_partitions_revoked(revoked)
        for tp in revoked:
            self._ends.pop(tp, None)

    async def perform_seek(self) -> None:
        """Start where the store stands."""
        self._ends.clear()
        await super().perform_seek()
        for tp in self.assignment():
            start = await self.app.start_offset(tp.topic, tp.partition)
            await self._seek(tp, start)
            self._read_offset[tp] = start - 1 if start else None
            self._committed_offset[tp] = start

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:  # noqa: ASYNC109 - Faust's signature
        """Batches of the active partitions; nothing while a rebalance is under way."""
        records, active = await self._wait_next_records(timeout)
        generation = self.app.consumer_generation_id
        if records is None or self.should_stop:
            return
        if not self.flow_active:
            await self._seek_again()
            return
        for key, batch in records.items():
            tp = TP(*key)
            if not self.flow_active or generation != self.app.consumer_generation_id:
                return
            if not batch or not (active is None or tp in active or tp in self._buffered_partitions):
                continue
            try:
                self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
            except IllegalStateError:  # revoked meanwhile
                return
            yield tp, self._batch_message(tp, batch)

    async def _seek_again(self) -> None:
        try:
            await self.perform_seek()
        except Exception as error:  # noqa: BLE001 - leaving here would end the fetcher and keep a silent group member
            log.warning("seek_deferred", error=repr(error))

    def _batch_message(self, tp: TP, batch: list[Any]) -> Any:
        last = batch[-1]
        self._read_offset[tp] = last.offset - 1  # the batch ends here: no gap for Faust to fill
        self._ends[tp].append(last.offset)
        return ConsumerMessage(
            *(tp.topic, tp.partition, last.offset, last.timestamp / 1000, last.timestamp_type),
            *((), None, batch, None, None, None, tp),
            generation_id=self.app.consumer_generation_id,
        )

    def _new_offset(self, tp: TP) -> int | None:
        """Commit the longest acknowledged prefix of batch ends."""
        ends, acked, new = self._ends[tp], self._acked_index[tp], None
        while ends and ends[0] in acked:
            new = ends.popleft()
            acked.discard(new)
        if new is None:
            return None
        self._acked[tp][:] = [offset for offset in self._acked[tp] if offset > new]
        return int(new) + 1


class BatchTransport(driver.Transport):  # type: ignore[misc] # untyped library
    """Faust's aiokafka transport with the batch consumer."""

    Consumer = BatchConsumer


class BatchApp(faust.App):  # type: ignore[misc] # untyped library
    """A Faust app whose topics arrive in batches."""

    start_offset: StartOffset

    def _new_transport(self) -> BatchTransport:
        return BatchTransport(self.conf.broker_consumer, self)


def batch_app(group: str, access: KafkaAccess, start_offset: StartOffset) -> BatchApp:
    """A consumer app without web server, tables or changelogs.

    Args:
        group: consumer group; one per job.
        start_offset: the store's answer to where a partition starts; called at every assignment.
    """
    app = BatchApp(
        group,
        broker=f"kafka://{access.bootstrap.replace(',', ';kafka://')}",
        broker_credentials=faust.SASLCredentials(
            username=access.username, password=access.password, mechanism=access.mechanism, ssl_context=access.tls
        ),
        store="memory://",
        autodiscover=False,
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        broker_max_poll_records=4_000,
        stream_buffer_maxsize=_WAITING_BATCHES,
        broker_session_timeout=12,
        broker_heartbeat_interval=3,
        broker_commit_every=50,
        broker_check_crcs=True,
        stream_wait_empty=False,  # the store's cursor decides, so nobody need wait for a batch under way
        consumer_auto_offset_reset="earliest",
    )
    app.start_offset = start_offset
    return app
