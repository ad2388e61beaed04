"""Fixtures of the hub's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.hub.hub_runs import HubRun


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubRun]:
    """A data directory of its own; nothing that was started on it outlives the test."""
    run = HubRun(tmp_path)
    yield run
    run.clear()
