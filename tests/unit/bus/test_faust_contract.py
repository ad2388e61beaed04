"""The private names of faust-streaming and aiokafka that the batch consumer leans on.

A change here means: read the new source.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from importlib.metadata import version

import pytest
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.record.default_records import DefaultRecord
from faust.transport.consumer import Consumer
from faust.transport.drivers import aiokafka as driver

LEANED_ON = {
    "_new_offset": "1d2c7ea89a7ad4f1",
    "perform_seek": "0e8c130ff4b0afd8",
    "_wait_next_records": "6218e1969a636b3f",
    "_reset_state": "488b46f5c7f1d0b0",
}


def test_version_is_the_one_that_was_read() -> None:
    assert version("faust-streaming") == "0.15.3"


@pytest.mark.parametrize("name", LEANED_ON)
def test_leaned_on_methods_are_unchanged(name: str) -> None:
    source = inspect.getsource(getattr(Consumer, name))
    assert hashlib.sha256(source.encode()).hexdigest()[:16] == LEANED_ON[name], source


@pytest.mark.parametrize("name", ["_seek", "assignment", "highwater", "highwaters", "_new_consumer_thread"])
def test_leaned_on_names_exist(name: str) -> None:
    assert callable(getattr(driver.Consumer, name))


@pytest.mark.parametrize(
    "name", ["_acked", "_acked_index", "_read_offset", "_committed_offset", "_buffered_partitions"]
)
def test_leaned_on_state_exists(name: str) -> None:
    assert f"self.{name} = " in inspect.getsource(Consumer.__init__)


LEANED_ON_IN_AIOKAFKA = {
    FetchResult.getall: "3e717e30de5068d5",
    PartitionRecords.__next__: "63ac34a08c309098",
    PartitionRecords._unpack_records: "b803e6d46480732c",
    Fetcher._proc_fetch_request: "59bf948fff47eed5",
    Fetcher._fetch_requests_routine: "2a8ec5932644c9b0",
    Fetcher._get_actions_per_node: "1dab2cf937d165d0",
    driver.AIOKafkaConsumerThread._fetch_records: "39a2c6c79fc1455a",
}


@pytest.mark.parametrize("method", LEANED_ON_IN_AIOKAFKA, ids=lambda method: method.__qualname__)
def test_leaned_on_methods_of_the_client_are_unchanged(method: Callable[..., object]) -> None:
    source = inspect.getsource(method)
    assert hashlib.sha256(source.encode()).hexdigest()[:16] == LEANED_ON_IN_AIOKAFKA[method], source


@pytest.mark.parametrize("name", ["offset", "timestamp", "timestamp_type", "value"])
def test_a_parsed_record_has_what_is_read(name: str) -> None:
    record = DefaultRecord(7, 8, 1, None, b"value", [])
    assert getattr(record, name) == {"offset": 7, "timestamp": 8, "timestamp_type": 1, "value": b"value"}[name]
