"""AIS in the contracts' words: who lies long enough has arrived, who is away long enough has left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import xor
from pathlib import Path

import msgspec
import pyais
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityhub.adapters.adapter import Known
from cityhub.adapters.duisport.vessels import wire
from cityhub.adapters.duisport.vessels.berths import Berth, berth_at, load_berths
from cityhub.adapters.duisport.vessels.mapping import read
from cityhub.adapters.duisport.vessels.source import ARRIVED, DEPARTED
from cityhub.adapters.fact import Reading
from cityhub.adapters.reject import Reject

BEGAN = datetime(2026, 11, 26, 6, tzinfo=UTC)
NOW = BEGAN + timedelta(days=2)
BERTH = load_berths()[3]
HERE, RIVER = (BERTH.lat, BERTH.lon), (51.4450, 6.7250)
MMSI = 211_234_567
BASIN = load_berths()[-1]


def sentence(place: tuple[float, float] = HERE, knots: float = 0.0, *, mmsi: int = MMSI, kind: int = 1) -> bytes:
    said = {"type": kind, "mmsi": mmsi, "lat": place[0], "lon": place[1], "speed": knots, "shipname": "MS MUELLER"}
    return pyais.encode_dict(said, talker_id="AI", sentence_type="VDM")[0].encode()


def tagged(minute: float, body: bytes) -> bytes:
    tags = f"s:x,c:{int((BEGAN + timedelta(minutes=minute)).timestamp())}".encode()
    return b"\\%s*%02X\\%s" % (tags, reduce(xor, tags), body)


def report(minute: float, place: tuple[float, float] = HERE, knots: float = 0.0, *, mmsi: int = MMSI) -> bytes:
    return tagged(minute, sentence(place, knots, mmsi=mmsi))


def heard(*lines: bytes, known: Known | None = None, now: datetime = NOW) -> Reading:
    return read(lines, known or Known("", {}), now)


def after(reading: Reading, known: Known | None = None) -> Known:
    memory: Mapping[str, bytes | None] = {**(known.memory if known else {}), **reading.memory}
    return Known(reading.cursor or "", {key: body for key, body in memory.items() if body is not None})


def told(reading: Reading) -> list[tuple[str, float]]:
    """What happened, minutes after the beginning."""
    words = {ARRIVED: "arrived", DEPARTED: "departed"}
    return [(words[fact.type], (fact.time - BEGAN).total_seconds() / 60) for fact in reading.facts]


FIRST = report(0, RIVER, 8.0, mmsi=211_000_001)
"""Another vessel: listening begins with it."""
COMES = [report(30, RIVER, 7.0), report(40), report(43), report(46)]
LEAVES = [report(90, HERE, 2.0), report(93, RIVER, 6.0), report(96, RIVER, 7.0)]


def test_a_stay_is_told_with_its_first_and_last_report() -> None:
    reading = heard(FIRST, *COMES, *LEAVES)
    assert told(reading) == [("arrived", 40), ("departed", 90)]
    arrived, departed = reading.facts
    assert arrived.data == departed.data == {"stay": arrived.key[0], "berth": "liegeplatz-04"}
    assert (arrived.subject, arrived.key[1], departed.key[1]) == ("liegeplatz-04", "arrived", "departed")
    assert reading.as_of == BEGAN + timedelta(minutes=91)


def test_no_number_and_no_name_of_a_vessel_leaves_the_adapter() -> None:
    reading = heard(FIRST, *COMES, *LEAVES)
    assert reading.facts
    assert str(MMSI) not in msgspec.json.encode([*reading.facts, *reading.rejects, reading.noted]).decode()
    again = heard(
        FIRST, *(report(m, p, k, mmsi=MMSI + 1) for m, p, k in [(30, RIVER, 7), (40, HERE, 0), (46, HERE, 0)])
    )
    assert again.facts[0].data["stay"] == reading.facts[0].data["stay"]  # it is made of berth and instant only
    assert str(MMSI) not in repr(after(reading).memory)  # who has left is forgotten


def test_lines_may_come_in_any_pieces() -> None:
    lines = [FIRST, *COMES, *LEAVES]
    whole = heard(*lines)
    for cut in range(len(lines)):
        first = heard(*lines[:cut])
        second = heard(*lines[cut:], known=after(first))
        assert [*first.facts, *second.facts] == whole.facts


def test_who_only_stops_and_who_only_swings_neither_arrives_nor_leaves() -> None:
    assert told(heard(FIRST, report(30), report(33), report(34, RIVER, 6.0))) == []
    wakes = [report(60, HERE, 1.6), report(61), report(70, (BERTH.lat + 0.0012, BERTH.lon)), report(74), report(80)]
    assert told(heard(FIRST, *COMES, *wakes, *LEAVES)) == [("arrived", 40), ("departed", 90)]
    assert told(heard(FIRST, report(30), report(33, (BASIN.lat, BASIN.lon)), report(37, (BASIN.lat, BASIN.lon)))) == []


def test_a_vessel_that_goes_to_another_berth_has_two_stays() -> None:
    other = load_berths()[7]
    moves = [
        report(60, (other.lat, other.lon), 3.0),
        report(63, (other.lat, other.lon)),
        report(66, (other.lat, other.lon)),
    ]
    comes = [report(69, (other.lat, other.lon)), report(75, (other.lat, other.lon))]
    reading = heard(FIRST, *COMES, *moves, *comes)
    assert told(reading) == [("arrived", 40), ("departed", 60), ("arrived", 69)]
    assert [fact.subject for fact in reading.facts] == ["liegeplatz-04", "liegeplatz-04", "liegeplatz-08"]


def test_a_vessel_in_a_basin_lies_at_no_berth() -> None:
    place = (BASIN.lat, BASIN.lon)
    (fact,) = heard(FIRST, report(30, place), report(36, place)).facts
    assert (fact.subject, set(fact.data)) == ("unbekannt", {"stay"})


def test_who_lies_there_when_listening_begins_came_at_an_unknown_time() -> None:
    reading = heard(FIRST, report(2), report(8), *LEAVES)
    assert (reading.facts, reading.noted["arrival_not_seen"]) == ([], 2)
    seen = heard(FIRST, report(1, RIVER, 5.0), report(2), report(8))
    assert told(seen) == [("arrived", 2)]
    late = heard(FIRST, report(16), report(22))
    assert told(late) == [("arrived", 16)]


def test_after_an_outage_a_stay_goes_on_and_one_that_ended_ends() -> None:
    known = after(heard(FIRST, *COMES))
    assert told(heard(report(600), report(606), known=known)) == []
    gone = heard(report(600, RIVER, 6.0), report(606, RIVER, 6.0), known=known)
    assert told(gone) == [("departed", 600)]
    new = heard(report(600, mmsi=MMSI + 7), report(606, mmsi=MMSI + 7), known=known)
    assert told(new) == [("arrived", 600)]


def test_a_vessel_that_leaves_into_silence_has_left() -> None:
    """Whether its next report comes within the same lines or never."""
    others = report(90 + 361, RIVER, 5.0, mmsi=211_000_001)
    assert told(heard(FIRST, *COMES, LEAVES[0], others)) == [("arrived", 40), ("departed", 90)]
    back = [report(500), report(506)]
    assert told(heard(FIRST, *COMES, LEAVES[0], *back)) == [("arrived", 40), ("departed", 90), ("arrived", 500)]
    assert told(heard(FIRST, *COMES, LEAVES[0], report(400))) == [("arrived", 40)]


def test_a_receiver_that_hears_no_vessel_tells_that_none_came() -> None:
    station = tagged(60, sentence(HERE, kind=4))
    reading = heard(FIRST, station)
    assert (reading.as_of, reading.noted) == (BEGAN + timedelta(minutes=55), {"no_position_report": 1})
    assert heard().as_of is None


def test_who_is_silent_for_longer_than_anything_counts_is_forgotten() -> None:
    known = after(heard(FIRST, *COMES))
    other = report(76 * 24 * 60, RIVER, 5.0, mmsi=211_000_001)
    reading = heard(other, known=known, now=NOW + timedelta(days=80))
    assert (reading.facts, reading.noted) == ([], {"never_left": 1})
    assert f"vessel\x1f{MMSI}" not in after(reading, known).memory


def test_a_vessel_that_stopped_and_was_silent_begins_anew() -> None:
    for lines in ([report(30), report(95), report(101)], [report(30, RIVER, 6.0), report(95), report(101)]):
        assert told(heard(FIRST, *lines)) == [("arrived", 95)]


def test_repeated_and_older_sentences_change_nothing() -> None:
    lines = [FIRST, *COMES, COMES[2], COMES[3], report(41, RIVER, 9.0)]
    reading = heard(*lines)
    assert (told(reading), reading.noted["older"]) == ([("arrived", 40)], 3)
    again = heard(*lines, *LEAVES, known=after(reading))
    assert told(again) == [("departed", 90)]
    assert again.noted["heard_before"] > 0


def test_without_a_tag_block_the_adapters_clock_counts() -> None:
    known = after(heard(FIRST))
    for minute in (40, 46):
        reading = heard(sentence(), known=known, now=BEGAN + timedelta(minutes=minute))
        known = after(reading, known)
    assert told(reading) == [("arrived", 40)]


def test_a_receiver_whose_clock_is_wrong_is_refused() -> None:
    days = 60.0 * 24
    reading = heard(FIRST, *COMES, report(5 * days), report(-81 * days), *LEAVES)
    assert told(reading) == [("arrived", 40), ("departed", 90)]
    assert [(one.reason, one.path) for one in reading.rejects] == [("clock", "line[5]"), ("clock", "line[6]")]


def test_a_receiver_whose_clock_is_ahead_does_not_silence_others() -> None:
    reading = heard(FIRST, *COMES, report(60 * 24 * 3, RIVER, 5.0, mmsi=5))
    assert "never_left" not in reading.noted
    upto = int((reading.cursor or "").partition("/")[0])
    assert upto == int(NOW.timestamp()) + 300


def summed(body: bytes) -> bytes:
    """With its checksum."""
    return b"!%s*%02X" % (body, reduce(xor, body))


def damaged(line: bytes) -> bytes:
    return line[:-10] + bytes([line[-10] ^ 1]) + line[-9:]


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


def test_berths_have_one_name_each_and_none_lies_in_another() -> None:
    berths = load_berths()
    names = [one.berth for one in berths if one.berth]
    assert len(set(names)) == len(names) == 20
    assert all(berth_at(berths, one.lat, one.lon) == one for one in berths)
    assert berth_at(berths, *RIVER) is None
    wide = (Berth(BERTH.lat, BERTH.lon, 5000.0), *berths)
    assert berth_at(wide, *HERE) == BERTH


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
