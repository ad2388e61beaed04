"""What the simulated city tells at once to a hub that has just begun: made up once for all tests that read it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from cityhub.sandbox.city.streams import STREAMS, events_between
from cityhub.sdk.contract import load_contracts
from cityhub.sdk.event import Event

NOW = datetime(2026, 1, 20, 11, tzinfo=UTC)
"""Behind it lie the turn of the year, with all that is told once a year, and a night of 25 hours."""
SEED = 1


@pytest.fixture(scope="package")
def backfill() -> Mapping[str, list[Event]]:
    """All of `make up`'s first minute, by stream."""
    contracts = load_contracts()
    return {one.name: events_between(SEED, one, NOW - one.backfill, NOW, contracts) for one in STREAMS}
