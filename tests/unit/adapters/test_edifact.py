"""EDIFACT interchanges: what is whole is read, what is not is refused with the reason."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.edifact import MAX_PARTS, instant, parse, part

ONE = "UNH+1+CODECO:D:95B:UN'BGM+34'UNT+3+1'"


def sent(*messages: str, count: int = 1, head: str = "UNB+UNOC:3+SENDER+US+231101:0800+77'", marks: str = "") -> bytes:
    return f"{marks}{head}{''.join(messages)}UNZ+{count}+77'".encode("latin-1")


def test_an_interchange_is_its_messages() -> None:
    found = parse(sent(ONE, ONE.replace("+1", "+2").replace("34", "36"), count=2))
    assert (found.sender, found.reference, found.rejects) == ("SENDER", "77", [])
    assert [(one.name, one.reference, one.path) for one in found.messages] == [
        ("CODECO", "1", "message[0]"),
        ("CODECO", "2", "message[1]"),
    ]
    assert found.messages[1].segments == [[["BGM"], ["36"]]]


def test_a_component_that_is_not_there_is_empty() -> None:
    segment = [["BGM"], ["34", "", "7"]]
    assert [part(segment, *at) for at in ((0,), (1,), (1, 1), (1, 2), (1, 3), (2,), (2, 5))] == [
        "BGM", "34", "", "7", "", "", "",
    ]  # fmt: skip


def test_una_chooses_the_marks_and_the_release_character_takes_their_meaning_away() -> None:
    free = "FTX+AAI+++a?+b?:c?'d??e?f'"
    (message,) = parse(sent(ONE.replace("'BGM", f"'{free}BGM").replace("T+3", "T+4"))).messages
    assert message.segments[0] == [["FTX"], ["AAI"], [""], [""], ["a+b:c'd?ef"]]
    table = str.maketrans({"+": "|", ":": "<", "'": "~", "?": "!"})
    own = sent(ONE.replace("BGM+34", "BGM+3?:4")).decode().translate(table)
    (message,) = parse(f"UNA<|,! ~{own}".encode()).messages
    assert message.segments == [[["BGM"], ["3<4"]]]


def test_line_ends_and_a_byte_order_mark_mean_nothing() -> None:
    lines = sent(ONE).replace(b"'", b"'\r\n")
    assert parse(b"\xef\xbb\xbf" + lines + b"\n").messages == parse(sent(ONE)).messages


def test_unb_says_in_which_characters_it_is_written() -> None:
    named = ONE.replace("BGM+34", "BGM+Müller")
    assert part(parse(sent(named)).messages[0].segments[0], 1) == "Müller"
    wide = sent(named).decode("latin-1").replace("UNOC", "UNOY").encode()
    assert part(parse(wide).messages[0].segments[0], 1) == "Müller"
    with pytest.raises(FeedFault, match="UNB says that it is ascii"):
        parse(sent(named).replace(b"UNOC", b"UNOA"))


def test_a_message_that_lost_segments_costs_no_other() -> None:
    lost = ONE.replace("BGM+34'", "").replace("+1", "+2")
    other = ONE.replace("UNT+3+1", "UNT+3+9")
    found = parse(sent(ONE, lost, other, count=3))
    assert [one.reference for one in found.messages] == ["1"]
    assert [(one.reason, one.path, one.detail) for one in found.rejects] == [
        ("message", "message[1]", "UNT counts '3' segments, 2 are there"),
        ("message", "message[2]", "UNH has the reference '1', UNT '9'"),
    ]


def test_counts_may_begin_with_zeros() -> None:
    assert len(parse(sent(ONE.replace("UNT+3", "UNT+000003"))).messages) == 1


def test_groups_are_counted_instead_of_messages() -> None:
    assert len(parse(sent("UNG+CODECO'", ONE, ONE, "UNE+2+1'", count=1)).messages) == 2


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "cut off"),
        (b"'", "goes from '' to ''"),
        (ONE.encode(), "goes from 'UNH' to 'UNT'"),
        (sent(ONE)[:-1], "cut off"),
        (sent(ONE, count=2), "UNZ counts '2' messages or groups, 1 are there"),
        (sent(ONE).replace(b"UNZ+1", b"UNZ+x"), "UNZ counts 'x'"),
        (sent(ONE).replace(b"UNZ+1", b"UNZ+" + b"9" * 5000), "UNZ counts '999999"),
        (sent().replace(b"UNZ+1", b"UNZ+"), "UNZ counts '' messages or groups, 0 are there"),
        (sent(ONE).replace(b"UNZ+1+77", b"UNZ+1+78"), "UNB has the reference '77', UNZ '78'"),
        (sent("BGM+34'", ONE), "segment 1 is 'BGM', outside of every message"),
        (sent("UNT+1+1'"), "segment 1 is 'UNT', outside of every message"),
        (sent("UNH+1'", ONE), "segment 2 is UNH, within a message that has no UNT"),
        (sent("UNH+1'"), "its last message has no UNT"),
        (sent(ONE, marks="UNA++.? '"), "does not name five different marks"),
        (sent(ONE, marks="UNA:+"), "UNA"),
        ("UNB+UNOY:3+\ue000?+'".encode(), "private area"),
    ],
)
def test_what_is_not_whole_is_refused_as_a_whole(body: bytes, message: str) -> None:
    with pytest.raises(FeedFault, match="no complete EDIFACT interchange") as caught:
        parse(body)
    assert message in str(caught.value)
    assert caught.value.reason == "parse"


def test_what_is_cut_off_is_not_quoted() -> None:
    """A name or a number plate may stand there."""
    with pytest.raises(FeedFault) as caught:
        parse(sent(ONE) + b"NAD+CF+Mueller")
    assert "Mueller" not in str(caught.value)


def test_a_flood_of_segments_is_not_read() -> None:
    for mark in (b"'", b"+", b":"):
        with pytest.raises(FeedFault) as caught:
            parse(b"UNB+1" + mark * MAX_PARTS + b"'")
        assert caught.value.reason == "too_many_values"


@given(st.binary(max_size=300))
def test_whatever_is_sent_is_read_or_refused(body: bytes) -> None:
    for whole in (body, sent(ONE)[:40] + body + sent(ONE)[40:]):
        with suppress(FeedFault):
            assert parse(whole).sender is not None


@pytest.mark.parametrize(
    ("value", "form", "utc"),
    [
        ("202607011400", "203", datetime(2026, 7, 1, 12, tzinfo=UTC)),
        ("202612011400", "203", datetime(2026, 12, 1, 13, tzinfo=UTC)),
        ("20261201140059", "204", datetime(2026, 12, 1, 13, 0, 59, tzinfo=UTC)),
        ("202607011400+02", "303", datetime(2026, 7, 1, 12, tzinfo=UTC)),
        ("202607011400-0330", "303", datetime(2026, 7, 1, 17, 30, tzinfo=UTC)),
        ("20260701140001UTC", "304", datetime(2026, 7, 1, 14, 0, 1, tzinfo=UTC)),
        ("202610250230+01", "303", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
    ],
)
def test_times_are_instants(value: str, form: str, utc: datetime) -> None:
    assert instant(value, form) == utc


@pytest.mark.parametrize(
    ("value", "form", "message"),
    [
        ("202610250230", "203", "this hour came twice"),
        ("202603290230", "203", "no such hour"),
        ("20260701", "102", "format '102' must be one of 203, 204, 303, 304"),
        ("20260701140", "203", "must be 12 digits"),
        ("202613011400", "203", "unconverted|does not match"),
        ("202607011400+02", "203", "must be 12 digits"),
        ("202607011400", "303", "offset '' must look like"),
        ("202607011400+2", "303", r"offset '\+2' must look like"),
        ("２０２６０７０１１４００", "203", "must be 12 digits"),
    ],
)
def test_what_is_no_instant_is_refused(value: str, form: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        instant(value, form)
