"""AIS sentences: what is sound is read, what is damaged is refused alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import reduce
from operator import xor
from pathlib import Path

import pyais
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityhub.adapters.duisport.vessels import wire
from cityhub.adapters.duisport.vessels.berths import berth_at, load_berths
from cityhub.adapters.kit.reject import Reject
from tests.unit.adapters.duisport.ais import (
    BEGAN,
    BERTH,
    FIRST,
    HERE,
    MMSI,
    after,
    damaged,
    heard,
    report,
    sentence,
    summed,
    tagged,
)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "sentence"),
        (b"!AIVDM,1,1,,A", "sentence"),
        (b"$GPGGA,1*00", "sentence"),
        (b"\xff\xfe!AIVDM", "sentence"),
        (b"!AIVDM,1,1,,A," + b"1" * 2000 + b",0*00", "sentence"),
        (damaged(sentence()), "checksum"),
        (report(1).replace(b"s:x", b"s:y"), "checksum"),
        (b"\\c:1\\" + sentence(), "checksum"),
        (b"!AIVDM,1,1,,A,,0*26", "no_payload"),
        (summed(b"AIVDM,1,1,,A,13u,0"), "payload"),
        (summed(b"AIVDM,1,2,,A," + b"1" * 28 + b",0"), "payload"),
    ],
)
def test_a_damaged_line_is_refused_alone(line: bytes, reason: str) -> None:
    reading = heard(line, FIRST)
    assert [(one.reason, one.path) for one in reading.rejects] == [(reason, "line[0]")]
    assert len(after(reading).memory) == 2


@pytest.mark.parametrize("kind", [1, 2, 3, 18])
def test_positions_of_all_kinds(kind: int) -> None:
    found = wire.parse(tagged(0, sentence(HERE, 3.4, kind=kind)), "x")
    assert isinstance(found, wire.Report)
    assert (found.vessel, found.knots, found.at) == (MMSI, 3.4, BEGAN)
    assert berth_at(load_berths(), found.lat, found.lon) == BERTH


def test_what_tells_no_position_is_counted() -> None:
    named = pyais.encode_dict({"type": 5, "mmsi": MMSI, "shipname": "MS MUELLER"}, talker_id="AI", sentence_type="VDM")
    station = sentence(HERE, kind=4)
    assert heard(*(one.encode() for one in named), station).noted == {"no_position_report": 3}
    assert heard(sentence((91.0, 181.0))).noted == {"no_position": 1}
    assert heard(sentence(HERE, 102.3)).noted == {"no_position": 1}


@pytest.mark.parametrize(
    ("clock", "at"),
    [
        (b"c:1764136800", datetime(2025, 11, 26, 6, tzinfo=UTC)),
        (b"s:a,c:1764136800500", datetime(2025, 11, 26, 6, 0, 0, 500_000, tzinfo=UTC)),
        (b"s:a,g:1-2-3", None),
        (b"c:-5", None),
        (b"c:99999999999999", None),
    ],
)
def test_the_receivers_clock_is_in_the_tag_block(clock: bytes, at: datetime | None) -> None:
    found = wire.parse(b"\\%s*%02X\\%s" % (clock, reduce(xor, clock), sentence()), "x")
    assert isinstance(found, wire.Report)
    assert found.at == at


@given(st.lists(st.binary(max_size=90)), st.binary(max_size=60))
def test_whatever_is_received_is_refused_or_counted(lines: Sequence[bytes], payload: bytes) -> None:
    armoured = b"AIVDM,1,1,,A,%s,0" % bytes(48 + one % 40 for one in payload)
    reading = heard(*lines, summed(armoured))
    assert reading.facts == []
    assert len(reading.rejects) + reading.noted.total() + len(after(reading).memory) > 0


def test_the_recorded_sentences(port: Path) -> None:
    """Counted with awk: of 898 sentences 100 hold no message and 20 are first parts of two, all of type 5. Of the other
    778, 667 begin with `1`, 76 with `3` and 19 with `B`: messages 1, 3 and 18; 16 are others. Of the positions 4 are
    91° north. None lies in Duisburg."""
    lines = (port / "ais-nmea.txt").read_bytes().splitlines()
    found = [wire.parse(line, "x") for line in lines]
    assert len(found) == 898
    assert [one.reason for one in found if isinstance(one, Reject)] == ["no_payload"] * 100
    assert sum(isinstance(one, wire.Report) for one in found) == 667 + 76 + 19 - 4
    reading = heard(*lines)
    assert (reading.facts, len(reading.rejects)) == ([], 100)
    assert reading.noted["no_position_report"] == 20 + 16
    assert reading.noted["no_position"] == 4
