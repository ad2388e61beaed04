"""CODECO and COARRI in the contracts' words."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from pydifact.segmentcollection import Interchange

from cityhub.adapters.duisport import box
from cityhub.adapters.duisport.containers.mapping import read
from cityhub.adapters.kit.fact import Fact, Reading

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
EQD = "EQD+CN+CSQU3054383+22G1:102:5++3+5'"
MOVE = EQD + "RFF+BN:B1'DTM+7:202611261105:203'TDT+1++3++:172:ZZZ+++DU-AB 123:146'"


def message(body: str = MOVE, *, name: str = "CODECO:D:95B:UN:SMDG16", head: str = "BGM+34++9'") -> str:
    whole = f"UNH+1+{name}'{head}{body}"
    return f"{whole}UNT+{whole.count(chr(39)) + 1}+1'"


def said(*messages: str, memory: dict[str, bytes] | None = None, reference: str = "7", now: datetime = NOW) -> Reading:
    text = f"UNB+UNOC:3+TERMINAL+US+261126:1200+{reference}'{''.join(messages)}UNZ+{len(messages)}+{reference}'"
    return read("x.edi", text.encode("latin-1"), memory or {}, now)


def only(reading: Reading) -> Fact:
    assert not reading.rejects
    (fact,) = reading.facts
    return fact


def kept(reading: Reading) -> dict[str, bytes]:
    return {key: body for key, body in reading.memory.items() if body is not None}


def test_a_gate_in_is_told() -> None:
    fact = only(said(message()))
    assert (fact.type, fact.subject, fact.key) == (
        box.GATED_IN,
        "CSQU3054383/B1",
        ("TERMINAL", "7", "1", "CSQU3054383"),
    )
    assert fact.time == datetime(2026, 11, 26, 10, 5, tzinfo=UTC)
    assert fact.data == {
        "visit": "CSQU3054383/B1",
        "container": "CSQU3054383",
        "teu": 1.0,
        "mode": "truck",
        "classifier": "ACT",
    }


COARRI = "COARRI:D:00B:UN:SMDG20"
SHIP = "TDT+20+V1+8++SIM:172:166'"
QUAY = EQD + "DTM+203:202611261105:203'"


@pytest.mark.parametrize(
    ("name", "head", "body", "type_", "mode"),
    [
        ("CODECO:D:95B:UN", "BGM+36++9'", MOVE.replace("1++3", "1++2"), box.GATED_OUT, "rail"),
        ("CODECO:D:00B:UN", "BGM+36++9'", MOVE.replace("TDT+1+", "TDT+30+"), box.GATED_OUT, "truck"),
        ("CODECO:D:95B:UN", "BGM+34++9'" + SHIP + "TDT+1++2'", QUAY, box.GATED_IN, "rail"),
        ("CODECO:D:95B:UN", "BGM+34'", MOVE.replace("1++3", "1++8"), box.GATED_IN, "barge"),
        (COARRI, "BGM+98++9'" + SHIP, QUAY, box.DISCHARGED, "barge"),
        (COARRI, "BGM+44:::DISCHARGE REPORT+5+9'" + SHIP, QUAY, box.DISCHARGED, "barge"),
        (COARRI, "BGM+270++9'" + SHIP.replace("8", "1"), QUAY, box.LOADED, "barge"),
        (COARRI, "BGM+46++2'" + SHIP, QUAY, box.LOADED, "barge"),
    ],
)
def test_reports_stages_and_modes(name: str, head: str, body: str, type_: str, mode: str) -> None:
    """The ship of a gate report's head is not what comes through the gate."""
    fact = only(said(message(body, name=name, head=head)))
    assert (fact.type, fact.data["mode"]) == (type_, mode)


@pytest.mark.parametrize(
    ("size", "teu"),
    [("22G1", 1.0), ("42G1", 2.0), ("4EG1", 2.0), ("L5G1", 2.25), ("4310", 2.0), ("30G0", 1.5), ("12G0", 0.5)],
)
def test_a_size_is_its_length_in_twenty_feet(size: str, teu: float) -> None:
    assert only(said(message(MOVE.replace("22G1", size)))).data["teu"] == teu


@pytest.mark.parametrize(
    ("references", "visit"),
    [
        ("RFF+BM:L'RFF+BN:B'RFF+ABO:T'", "CSQU3054383/T"),
        ("RFF+BM:L'RFF+BN:B'", "CSQU3054383/B"),
        ("RFF+BM:L'RFF+ACA:x'", "CSQU3054383/L"),
        ("RFF+ACA:x'RFF+BN'", "CSQU3054383"),
    ],
)
def test_a_stay_is_container_and_the_reference_that_all_its_moves_name(references: str, visit: str) -> None:
    assert only(said(message(MOVE.replace("RFF+BN:B1'", references)))).subject == visit


@pytest.mark.parametrize(
    ("old", "new", "reason", "detail"),
    [
        ("CSQU3054383", "CSQU305438", "container", "8260 'CSQU305438' must be four capitals and seven digits"),
        ("22G1", "E2G1", "size", "8155 'E2G1': its length is not known"),
        ("22G1:102:5", "", "size", "8155 ''"),
        ("1++3", "1++4", "mode", "TDT 8067 '4' must be one of 1, 2, 3, 8"),
        ("TDT+1+", "TDT+20+", "mode", "TDT 8067 ''"),
        ("DTM+7:", "DTM+137:", "time", "DTM 7 or 203: format '' must be"),
        ("202611261105", "202613261105", "time", "DTM 7 or 203"),
        ("202611261105", "000101010000", "time", "DTM 7 or 203"),
    ],
)
def test_what_is_not_known_is_refused_with_value_and_rule(old: str, new: str, reason: str, detail: str) -> None:
    reading = said(message(MOVE.replace(old, new) + MOVE.replace("CSQU3054383", "APZU4812090")))
    (reject,) = reading.rejects
    assert (reject.reason, reject.path) == (reason, "message[0].EQD[0]")
    assert reject.detail.startswith(detail)
    assert [fact.data["container"] for fact in reading.facts] == ["APZU4812090"]


@pytest.mark.parametrize("function", ["1", "3", "4", "5"])
def test_a_report_that_is_taken_back_is_refused_by_name(function: str) -> None:
    (reject,) = said(message(head=f"BGM+34++{function}'")).rejects
    assert (reject.reason, reject.path) == ("withdrawal", "message[0].BGM")
    assert reject.detail == (
        f"1225 '{function}' changes or takes back what was reported; the contract knows no withdrawal"
    )


@pytest.mark.parametrize("head", ["BGM+98++9'", "BGM+34++77'", "BGM'", ""])
def test_a_report_that_is_not_known_is_refused(head: str) -> None:
    (reject,) = said(message(head=head)).rejects
    assert (reject.reason, reject.path) == ("document", "message[0].BGM")


def test_what_else_is_sent_is_counted() -> None:
    assert said(message(name="IFTSTA:D:95B:UN")).noted == {"other_message": 1}
    assert said(message(head="BGM+34++7'")).noted == {"copy": 1}
    assert said(message(MOVE.replace("EQD+CN", "EQD+CH"))).noted == {"other_equipment": 1}
    odd = said(message(MOVE.replace("CSQU3054383", "CSQU3054384")))
    assert (len(odd.facts), odd.noted) == (1, {"check_digit": 1})


def test_a_move_counts_once_however_often_it_is_sent() -> None:
    first = said(message())
    again = said(message(), memory=kept(first), reference="8")
    assert (again.facts, again.noted) == ([], {"repeated_move": 1})
    twice = said(message(MOVE + MOVE))
    assert (len(twice.facts), twice.noted) == (1, {"repeated_move": 1})
    later = said(message(MOVE.replace("1105", "1106")), memory=kept(first))
    assert len(later.facts) == 1


def test_moves_are_forgotten_when_nothing_of_their_day_is_told_any_more() -> None:
    memory = kept(said(message())) | {"file\x1fx": b"1"}
    day = "moves\x1f2026-11-26"
    assert said(now=datetime(2027, 2, 24, 12, tzinfo=UTC), memory=memory).memory == {}
    assert said(now=datetime(2027, 2, 25, 12, tzinfo=UTC), memory=memory).memory == {day: None}


def test_who_drives_and_what_is_inside_is_in_no_event() -> None:
    person = "NAD+CF+Mueller'SEL+28103+SH'MEA+AAE+VGM+KGM:27000'TDT+1+F1+3++X:172:ZZZ+++DU-AB 123:146::Mueller'"
    reading = said(message(MOVE.replace("TDT+1++3++:172:ZZZ+++DU-AB 123:146'", person)))
    told = msgspec.json.encode(reading).decode()
    assert reading.facts
    assert all(word not in told for word in ("Mueller", "DU-AB", "28103", "27000"))


def test_the_recorded_gate_in(port: Path) -> None:
    """Read off the message by hand: 22 segments from UNH to UNT, one container, in through the gate by road on 11
    August 2023 at 14:47 of a place in summer time. Its check digit is 4 where ISO 6346 gives 7."""
    raw = msgspec.json.decode((port / "codeco-smart-data-model.json").read_bytes())["messageRaw"]
    reading = read("recorded.edi", raw.encode(), {}, NOW)
    assert (len(reading.facts), reading.rejects, reading.noted) == (1, [], {"check_digit": 1})
    fact = reading.facts[0]
    assert (fact.type, fact.time) == (box.GATED_IN, datetime(2023, 8, 11, 12, 47, tzinfo=UTC))
    assert fact.key == ("ESHUV", "174749339", "92218", "TESI1120274")
    assert fact.data == {
        "visit": "TESI1120274/FUE110823",
        "container": "TESI1120274",
        "teu": 2.0,
        "mode": "truck",
        "classifier": "ACT",
    }
    assert "993NGR" not in repr(reading)


@pytest.mark.filterwarnings("ignore:segments.xml not found")
def test_another_reader_sees_the_same_segments_in_the_recording(port: Path) -> None:
    from cityhub.adapters.formats.edifact import parse

    raw = msgspec.json.decode((port / "codeco-smart-data-model.json").read_bytes())["messageRaw"]
    theirs = [one.tag for one in Interchange.from_str(raw).segments]
    (mine,) = parse(raw.encode()).messages
    assert ["UNH", *(one[0][0] for one in mine.segments), "UNT"] == theirs[theirs.index("UNH") :][:22]


def test_numbers_of_containers_have_a_check_digit() -> None:
    """ISO 6346 itself works out CSQU3054383."""
    assert box.has_check_digit("CSQU3054383")
    assert not any(box.has_check_digit(f"CSQU305438{digit}") for digit in range(10) if digit != 3)
