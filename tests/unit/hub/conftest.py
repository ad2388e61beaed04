"""Fixtures of the hub's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cityhub.hub.secrets import load_or_create
from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.store.clocks import JOB
from tests.unit.hub.hub_runs import HubRun
from tests.unit.kpi.few import few
from tests.unit.kpi.proof.world import World


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubRun]:
    """A data directory of its own; nothing that was started on it outlives the test."""
    run = HubRun(tmp_path)
    yield run
    run.clear()


@pytest.fixture(scope="package")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory as a hub leaves it that has counted and archived a week."""
    folder = tmp_path_factory.mktemp("data")
    world = World(folder, load_catalogue(), per_type=40, job=JOB, told=few())
    world.count()
    world.engine.publish()
    load_or_create(folder)
    return folder
