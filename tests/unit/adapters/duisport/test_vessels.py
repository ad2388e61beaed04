"""AIS in the contracts' words: who lies long enough has arrived, who is away long enough has left."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from cityhub.adapters.duisport.vessels.berths import Berth, berth_at, load_berths
from tests.unit.adapters.duisport.ais import (
    BASIN,
    BEGAN,
    BERTH,
    COMES,
    FIRST,
    HERE,
    LEAVES,
    MMSI,
    NOW,
    RIVER,
    after,
    damaged,
    heard,
    report,
    sentence,
    tagged,
    told,
)


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


def test_what_is_refused_is_not_quoted() -> None:
    payload = sentence().split(b",")[5]
    reading = heard(damaged(sentence()), sentence()[:-1], sentence() + b"x")
    assert [one.reason for one in reading.rejects] == ["checksum", "sentence", "sentence"]
    assert payload[1:6].decode() not in repr(reading)


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


def test_berths_have_one_name_each_and_none_lies_in_another() -> None:
    berths = load_berths()
    names = [one.berth for one in berths if one.berth]
    assert len(set(names)) == len(names) == 20
    assert all(berth_at(berths, one.lat, one.lon) == one for one in berths)
    assert berth_at(berths, *RIVER) is None
    wide = (Berth(BERTH.lat, BERTH.lon, 5000.0), *berths)
    assert berth_at(wide, *HERE) == BERTH
