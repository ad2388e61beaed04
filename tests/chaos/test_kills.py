"""More deaths than `make test` can afford: counts stay exact. Run by `make chaos`; SIZE=nightly is larger."""

from __future__ import annotations

import os
from pathlib import Path

from tests.integration.conftest import installation, kafka
from tests.integration.servers import Kafka
from tests.integration.test_engine import Bench, exact_after_kills

__all__ = ["installation", "kafka"]

SIZES = {"": (60_000, 16), "nightly": (400_000, 60)}


async def test_kills(kafka: Kafka, tmp_path: Path) -> None:
    events, deaths = SIZES[os.environ.get("SIZE", "")]
    await exact_after_kills(Bench(kafka, tmp_path), tmp_path, events=events, deaths=deaths)
