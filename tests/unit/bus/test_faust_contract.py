"""The private names of faust-streaming that the batch consumer leans on. A change here means: read the new source."""

from __future__ import annotations

import hashlib
import inspect
from importlib.metadata import version

import pytest
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


@pytest.mark.parametrize("name", ["_seek", "assignment", "highwater", "highwaters", "_to_message"])
def test_leaned_on_names_exist(name: str) -> None:
    assert callable(getattr(driver.Consumer, name))


@pytest.mark.parametrize(
    "name", ["_acked", "_acked_index", "_read_offset", "_committed_offset", "_buffered_partitions"]
)
def test_leaned_on_state_exists(name: str) -> None:
    assert f"self.{name} = " in inspect.getsource(Consumer.__init__)
