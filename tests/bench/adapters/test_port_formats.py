"""How fast the port's formats are read, beside the library that one would take. For `make bench`; asserts no time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyais
import pytest
from pyais.exceptions import AISBaseException
from pydifact.segmentcollection import Interchange

from cityhub.adapters.duisport.vessels import wire
from cityhub.adapters.formats import edifact
from cityhub.sandbox.city.chronicle import Chronicle
from cityhub.sandbox.city.served import City
from cityhub.sandbox.city.served.duisport import containers, vessels

NOW = datetime(2026, 11, 20, 11, 7, tzinfo=UTC)
CITY = City(Chronicle(7, timedelta(days=10)), lambda: NOW, 7)


def measured(name: str, records: int, size: int, read: Callable[[], object]) -> None:
    """One line: records and megabytes per second of processor time."""
    read()
    begin = time.process_time()
    read()
    spent = time.process_time() - begin
    print(f"{name:<28} {records / spent:>10,.0f} records/s {size / spent / 1e6:>8.2f} MB/s")


@pytest.mark.filterwarnings("ignore:segments.xml not found")
def test_edifact(tmp_path: Path) -> None:
    """Records are segments."""
    drop = containers.SERVED.drop
    assert drop is not None
    drop(CITY, tmp_path)
    bodies = [path.read_bytes() for path in sorted(tmp_path.iterdir())]
    size = sum(map(len, bodies))
    records = sum(len(one.segments) + 2 for body in bodies for one in edifact.parse(body).messages)
    measured("edifact, ours", records, size, lambda: [edifact.parse(body) for body in bodies])
    texts = [body.decode("latin-1") for body in bodies]
    measured("edifact, pydifact", records, size, lambda: [Interchange.from_str(text) for text in texts])


def test_ais() -> None:
    """Records are sentences; pyais decodes those in two parts, too, and checks no sums."""
    assert vessels.SERVED.send is not None
    lines = list(vessels.SERVED.send(CITY, None, NOW))
    size = sum(map(len, lines))

    def alone() -> None:
        for line in lines:
            try:
                pyais.decode(line)
            except AISBaseException:
                continue

    measured("ais, ours", len(lines), size, lambda: [wire.parse(line, "") for line in lines])
    measured("ais, pyais", len(lines), size, alone)
