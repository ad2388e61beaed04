"""Records as the parser made them: offset, append time and value, which is all that a batch's reader looks at.

aiokafka wraps each into a `ConsumerRecord`, a frozen dataclass of eleven fields, which costs a worker more than
decoding the event in it. What slips through unconverted is such a `ConsumerRecord`, which has the same attributes.

This module leans on private names of aiokafka; tests/unit/bus/test_faust_contract.py fails when one changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from faust.transport.drivers import aiokafka as driver


class PlainRecords(PartitionRecords):  # type: ignore[misc] # untyped library
    """What a fetch brought of one partition."""

    def __iter__(self) -> Iterator[Any]:
        """The records that are left; the iterator may be left in between and asked for again."""
        found: Iterator[Any] = self._records_iterator
        return found

    def _consumer_record(self, tp: object, record: Any) -> Any:
        return record


class PlainFetcher(Fetcher):  # type: ignore[misc] # untyped library
    """aiokafka's fetcher, whose results hand out plain records, and which asks for a leader with pauses.

    Its own asks again as soon as no broker has answered: where the connection is refused, some hundred times a second.
    """

    def _get_actions_per_node(self, assignment: Any) -> Any:
        fetches, resets, timeout, leaderless, resumes = super()._get_actions_per_node(assignment)
        if leaderless:
            self._client.force_metadata_update()
            timeout = min(timeout, self._retry_backoff)
        return fetches, resets, timeout, False, resumes

    async def _proc_fetch_request(self, *request: Any) -> Any:
        done = await super()._proc_fetch_request(*request)
        for result in self._records.values():
            if type(result) is FetchResult and type(result._partition_records) is PartitionRecords:
                result._partition_records.__class__ = PlainRecords
        return done


class PlainThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc] # untyped library
    """Faust's thread around aiokafka's consumer."""

    async def _fetch_records(self, consumer: Any, *what: Any, **limits: Any) -> Any:
        if type(consumer._fetcher) is Fetcher:
            consumer._fetcher.__class__ = PlainFetcher
        return await super()._fetch_records(consumer, *what, **limits)
