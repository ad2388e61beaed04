"""How fast MSCONS load curves are read, beside the library that one would take. For `make bench`; asserts no time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydifact.segmentcollection import Interchange

from cityhub.adapters.dvv.water_feed.mapping import read
from cityhub.sandbox.city.chronicle import Chronicle
from cityhub.sandbox.city.served import City
from cityhub.sandbox.city.served.dvv import water_feed
from tests.bench.adapters.test_port_formats import measured

NOW = datetime(2026, 11, 20, 11, 7, tzinfo=UTC)


@pytest.mark.filterwarnings("ignore:segments.xml not found")
def test_load_curves(tmp_path: Path) -> None:
    """Records are quarters of an hour; ours are checked, summed by day and compared, pydifact only splits segments."""
    drop = water_feed.SERVED.drop
    assert drop is not None
    drop(City(Chronicle(7, timedelta(days=10)), lambda: NOW, 7), tmp_path)
    bodies = [path.read_bytes() for path in sorted(tmp_path.iterdir())]
    size, records = sum(map(len, bodies)), sum(body.count(b"QTY+") for body in bodies)
    measured("mscons, ours", records, size, lambda: [read("x", body, {}, NOW) for body in bodies])
    texts = [body.decode("latin-1") for body in bodies]
    measured("mscons, pydifact", records, size, lambda: [Interchange.from_str(text) for text in texts])
