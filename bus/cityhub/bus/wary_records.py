"""Batches of strangers: one whose compression could hide a thousandfold of its size is not unpacked, and said so.

A batch of 128 KiB (`max.message.bytes` counts what is compressed) becomes at most 33 MB by lz4, but hundreds of MB by
gzip and gigabytes by zstd. In its place comes one record without a value, whose headers are `UNREAD`.

This module leans on private names of aiokafka; tests/unit/bus/test_wary_records.py fails when one changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from aiokafka.consumer.fetcher import Fetcher, FetchResult

UNREAD: tuple[tuple[str, bytes], ...] = (("unread", b"compressed by gzip or zstd"),)
"""Known by identity: nobody can send it."""
_MODEST = frozenset({0, 2, 3})
"""None, snappy, lz4 (KIP-98, attributes of a record batch)."""


class _Placeholder(NamedTuple):
    offset: int
    timestamp: int
    timestamp_type: int
    key: None = None
    value: None = None
    checksum: None = None
    headers: tuple[tuple[str, bytes], ...] = UNREAD


class _Unread:
    """A batch that is not unpacked: one record, at its last offset."""

    is_control_batch = False
    producer_id = None

    def __init__(self, batch: Any) -> None:
        self._batch = batch
        self.base_offset = batch.base_offset
        self.next_offset = batch.next_offset

    def validate_crc(self) -> bool:
        """As of the batch."""
        return bool(self._batch.validate_crc())

    def __iter__(self) -> Iterator[_Placeholder]:
        yield _Placeholder(self.next_offset - 1, self._batch.max_timestamp, self._batch.timestamp_type)


class WaryBatches:
    """What a fetch brought, batch by batch, as aiokafka's `MemoryRecords`."""

    def __init__(self, records: Any) -> None:
        self._records = records

    def has_next(self) -> bool:
        """Whether there is another batch."""
        return bool(self._records.has_next())

    def next_batch(self) -> Any:
        """It, or what stands for it."""
        batch = self._records.next_batch()
        return batch if batch.compression_type in _MODEST else _Unread(batch)


class WaryFetcher(Fetcher):  # type: ignore[misc] # untyped library
    """aiokafka's fetcher, which looks at a batch before it unpacks it."""

    async def _proc_fetch_request(self, *request: Any) -> Any:
        done = await super()._proc_fetch_request(*request)
        for result in self._records.values():
            if type(result) is FetchResult and not isinstance(result._partition_records._records, WaryBatches):
                result._partition_records._records = WaryBatches(result._partition_records._records)
        return done
