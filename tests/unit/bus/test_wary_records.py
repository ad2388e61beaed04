"""A batch that would become huge is never unpacked, and does not vanish."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition

from cityhub.bus.wary_records import UNREAD, WaryBatches

NONE, GZIP, SNAPPY, LZ4, ZSTD = range(5)


def batch(compression: int, *values: bytes) -> bytes:
    made = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=compression,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=1 << 27,
    )
    for offset, value in enumerate(values):
        made.append(offset, 0, None, value, [])
    return bytes(made.build())


def read(data: bytes) -> list[Any]:
    found = PartitionRecords(TopicPartition("t", 0), MemoryRecords(data), [], 0, None, None, True, 0)
    found._records = WaryBatches(found._records)
    return list(found)


@pytest.mark.parametrize("compression", [NONE, SNAPPY, LZ4])
def test_modest_ones_are_read(compression: int) -> None:
    assert [one.value for one in read(batch(compression, b"a", b"b"))] == [b"a", b"b"]


@pytest.mark.parametrize("compression", [GZIP, ZSTD])
def test_others_are_one_record_without_a_value(compression: int) -> None:
    data = batch(compression, *[b"0" * 4_000_000] * 5)
    assert len(data) < 131_072
    (one,) = read(data)
    assert (one.offset, one.value, one.headers is UNREAD) == (4, None, True)
    (sent,) = read(batch(NONE, b"x"))
    assert sent.headers is not UNREAD


def test_names_that_it_leans_on() -> None:
    assert "self._partition_records" in inspect.getsource(FetchResult.__init__).replace(
        "_partition_records =", "_partition_records"
    )
    assert "records = self._records" in inspect.getsource(PartitionRecords._unpack_records), "read when it begins"
    assert inspect.iscoroutinefunction(Fetcher._proc_fetch_request)
