"""What reading a publication of DATEX II costs: records and MB per second, beside parsing alone.

Run by `make bench`. One JSON line per way; asserts the answers only. DATEX_SITES changes the size.
"""

from __future__ import annotations

import json
import os
import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import UTC, datetime

from lxml import etree

from cityhub.adapters.roadworks.mapping import reader
from cityhub.adapters.roadworks.source import WBD_ROADWORKS
from tests.unit.adapters.roadworks.portal import day, publication, record

SITES = int(os.environ.get("DATEX_SITES", "5000"))
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
_FIELDS = re.compile(r"(situationRecord(Creation|Version)Time|overall(Start|End)Time|l(atitude|ongitude))$")


def ours(body: bytes) -> int:
    """Checked, typed, compared with what was told, made facts of."""
    return len(reader(WBD_ROADWORKS)(body, {}, NOW).facts)


def lxml_alone(body: bytes) -> int:
    """Parsed, nothing read."""
    return sum(1 for _ in etree.fromstring(body).iter("{*}situationRecord"))


def standard_library(body: bytes) -> int:
    """Parsed, six texts of each record picked: no types, no checks, no state."""
    root = ET.fromstring(body)  # noqa: S314
    found = [one for one in root.iter() if one.tag.endswith("}situationRecord")]
    return sum(len([one.text for one in each.iter() if _FIELDS.search(one.tag)]) == 6 for each in found)


def test_datex() -> None:
    body = publication(day(5), *(record(f"B{number}") for number in range(SITES)))
    ways: tuple[Callable[[bytes], int], ...] = (ours, lxml_alone, standard_library)
    for way in ways:
        begun = time.perf_counter()
        assert way(body) == SITES
        took = time.perf_counter() - begun
        figures = {"way": way.__name__, "records_s": round(SITES / took), "mb_s": round(len(body) / took / 1e6, 1)}
        print(json.dumps(figures))
