"""What reading a settlement costs, from bytes to facts, beside what libraries need for the cells alone.

Run by `make bench`. One JSON line per reader; asserts the answers only. TABLE_ROWS changes the size.
"""

from __future__ import annotations

import csv
import io
import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime

import polars as pl
import pytest

from cityhub.adapters.tabular.form import shipped
from cityhub.adapters.tabular.mapping import read

ROWS = int(os.environ.get("TABLE_ROWS", "50000"))
NOW = datetime(2026, 11, 20, tzinfo=UTC)
_HEADING = "Vorgang;Automat;Parkzone;Bezahlt am;Zahlungsart;Kennzeichen;Betrag"


def _row(number: int) -> str:
    when = f"{1 + number % 28:02d}.10.2026 {8 + number % 12:02d}:{number % 60:02d}:00"
    return f"{number};automat-{number % 12};zone-{number % 12};{when};App;DU-XX 1234;1,50"


BODY = "".join(f"{line}\r\n" for line in (_HEADING, *map(_row, range(ROWS)))).encode()


def _adapter() -> int:
    (form,) = (one for one in shipped() if one.feed == "city.parking-tickets")
    return len(read(form, "smart-parking_2026-10.csv", BODY, {}, NOW).facts)


def _dict_reader() -> int:
    return sum(1 for _ in csv.DictReader(io.StringIO(BODY.decode(), newline=""), delimiter=";"))


def _polars() -> int:
    return pl.read_csv(BODY, separator=";", infer_schema=False).height


@pytest.mark.parametrize("reader", [_adapter, _dict_reader, _polars], ids=lambda one: one.__name__.strip("_"))
def test_reading(reader: Callable[[], int]) -> None:
    begun = time.process_time()
    assert reader() == ROWS
    took = time.process_time() - begun
    figures = {"reader": reader.__name__.strip("_"), "rows": ROWS, "bytes": len(BODY), "cpu_s": round(took, 3)}
    print(json.dumps(figures | {"mb_per_s": round(len(BODY) / 1e6 / took, 1), "rows_per_s": round(ROWS / took)}))
