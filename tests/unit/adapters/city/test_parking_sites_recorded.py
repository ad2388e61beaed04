"""Car parks of Aachen (DATEX II 2.3) and Bielefeld (CSV), as recorded; counted by hand."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from cityhub.adapters.city.parking_sites.source import CITY_PARKING_SITES, LISTED
from cityhub.adapters.kit.fact import Fact
from cityhub.adapters.kit.feed import Stamp
from cityhub.adapters.kit.register import Register
from cityhub.adapters.kit.reject import Reject
from cityhub.sdk.contract import load_contracts
from tests.unit.adapters.city.guidance import Reader

_ROOT = Path(__file__).parents[4]
EVENING = datetime(2025, 2, 7, 19, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def recorded() -> Path:
    folder = Path(os.environ.get("CITYHUB_RECORDINGS", _ROOT.parent / "shared" / "recordings")) / "parking"
    if not folder.is_dir():
        pytest.skip(f"no recordings at {folder}; set CITYHUB_RECORDINGS to their folder")
    return folder


def judged(facts: list[Fact]) -> Counter[str]:
    """What the door says of them."""
    stamp = Stamp(
        CITY_PARKING_SITES, load_contracts(), Register(httpx.AsyncClient(), "", lambda: EVENING), synthetic=False
    )
    events = [stamp.event(fact, datetime(2026, 11, 20, tzinfo=UTC)) for fact in facts]
    return Counter(one.detail.split(":")[0] if isinstance(one, Reject) else "good" for one in events)


def test_aachen_is_read_whole_and_lies_elsewhere(recorded: Path) -> None:
    """17 car parks in either file. P13 and P17 have no spaces in the table. P5 and P13 are closed with none at all, P14
    and P18 are closed, thirteen are open. P5, P10, P11, P12 and P18 offer others than the table says. Spaces were
    added up with a regular expression. Nothing is refused by the form; the contract knows no latitude of Aachen, a
    degree further north all are good."""
    table, status = ((recorded / f"datex2-aachen-{name}.xml").read_bytes() for name in ("static", "realtime"))
    reader, north = Reader(), Reader()
    listed = reader.listed(table, EVENING)
    assert (len(listed), reader.last.rejects) == (17, [])
    assert {fact.subject for fact in listed if "capacity" not in fact.data} == {"P13", "P17"}
    assert {fact.time for fact in listed} == {datetime(2024, 11, 15, 0, 0, 0, 153_000, UTC)}
    facts = reader.read(status, EVENING)
    assert (len(facts), reader.last.rejects, reader.last.noted) == (17, [], Counter())
    said = {fact.subject: fact.data for fact in facts}
    assert Counter(data["state"] for data in said.values()) == {"open": 13, "closed": 4}
    assert sum(data["free"] for data in said.values()) == 4_309
    assert sum(data["occupied"] for data in said.values()) == 2_287
    assert all(data["free"] + data["occupied"] == data["capacity"] for data in said.values())
    assert said["P10"] == {
        "site": "P10",
        "name": "P10-Seilgraben",
        "lat": 50.778053,
        "lon": 6.085115,
        "capacity": 319,
        "free": 42,
        "occupied": 277,
        "state": "open",
    }
    (p5,) = (fact for fact in facts if fact.subject == "P5")
    assert p5.time == datetime(2025, 2, 3, 7, 53, 35, 533_000, UTC)
    assert judged([*listed, *facts]) == {"data.lat": 34}
    assert reader.read(status, EVENING) == []
    assert judged(north.listed(table.replace(b"latitude>50.", b"latitude>51."), EVENING)) == {"good": 17}
    assert judged(north.read(status, EVENING)) == {"good": 17}


def test_bielefeld_is_read_whole_and_lies_elsewhere(recorded: Path) -> None:
    """853 car parks, of which 21 say how full they are: 20 open, one closed, all of 8:35. Bielefeld is north-east."""
    reader = Reader()
    told = reader.all((recorded / "bielefeld.csv").read_bytes(), EVENING)
    listed, facts = told[:853], told[853:]
    assert (len(facts), reader.last.rejects, reader.last.noted) == (21, [], Counter(without_status=832))
    assert {fact.type for fact in listed} == {LISTED}
    assert Counter(fact.data["state"] for fact in facts) == {"open": 20, "closed": 1}
    assert {fact.time for fact in facts} == {datetime(2026, 2, 6, 7, 35, tzinfo=UTC)}
    assert facts[0].data == {
        "site": "660-1",
        "name": "Tiefgarage Kesselbrink",
        "lat": 52.02421,
        "lon": 8.538249,
        "capacity": 383,
        "free": 203,
        "state": "open",
    }
    assert judged(facts) == {"data.lat": 21}
    assert judged(listed).total() == 853
    assert "good" not in judged(listed)
