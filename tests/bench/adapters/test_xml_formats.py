"""What reading OpenImmo and OAI-PMH costs: records and MB per second, beside parsing alone.

Run by `make bench`. One JSON line per way; asserts the answers only. XML_RECORDS changes the size.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime

from lxml import etree

from cityhub.adapters.gebag.flats import mapping as flats
from cityhub.adapters.ude.publications import mapping as publications
from tests.unit.adapters.gebag.test_flats import FLAT, sent
from tests.unit.adapters.test_zip_file import zipped
from tests.unit.adapters.ude.test_publications import page, record

RECORDS = int(os.environ.get("XML_RECORDS", "5000"))
NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)


def measure(name: str, body: bytes, ways: dict[str, Callable[[], int]]) -> None:
    """Each way, with what it found."""
    for way, read in ways.items():
        begun = time.perf_counter()
        assert read() == RECORDS
        took = time.perf_counter() - begun
        figures = {"records_s": round(RECORDS / took), "mb_s": round(len(body) / took / 1e6, 1)}
        print(json.dumps({"format": name, "way": way} | figures))


def lxml_alone(body: bytes, name: str) -> int:
    """Parsed, nothing read."""
    return sum(1 for _ in etree.fromstring(body).iter(f"{{*}}{name}"))


def test_openimmo() -> None:
    objects = (FLAT.replace("W-7", f"W-{number}").replace("OI7", f"OI{number}") for number in range(RECORDS))
    body = sent(*objects, extent="VOLL")
    packed = zipped(("a.xml", body))
    ways = {
        "ours, from the zip": lambda: len(flats.read("a.zip", packed, {}, NOW).facts),
        "lxml alone": lambda: lxml_alone(body, "immobilie"),
    }
    measure("openimmo", body, ways)


def test_oai_pmh() -> None:
    body = page(*(record(str(number)) for number in range(RECORDS)))
    ways = {
        "ours": lambda: len(publications.read(body, {}, NOW).facts),
        "lxml alone": lambda: lxml_alone(body, "record"),
    }
    measure("oai-pmh", body, ways)
