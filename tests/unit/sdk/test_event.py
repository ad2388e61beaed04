"""The event profile: what a partner may send, and what it reads when it may not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cityhub.sdk import codec
from cityhub.sdk.errors import RejectedEvent
from cityhub.sdk.event import Event, check_not_future, make_event

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)


def event(**changes: Any) -> Event:
    base: dict[str, Any] = {
        "type_": "de.duisburg.wbd.bin.emptied.v1",
        "source": "//wbd.example/telematics",
        "natural_key": ("bin-17", "42"),
        "version": "1",
        "subject": "bin-17",
        "time": NOON,
        "recorded_at": NOON,
        "data": {"kg": 12, "note": "Müll ½"},
    }
    return make_event(**{**base, **changes})


def raw(**changes: Any) -> bytes:
    """A good event with changed attributes; None removes one."""
    attributes = {**msgspec.to_builtins(event()), **changes}
    return msgspec.json.encode({name: value for name, value in attributes.items() if value is not None})


def test_id_depends_on_the_source_record_only() -> None:
    first = event()
    assert event(recorded_at=NOON + timedelta(days=1)).id == first.id
    assert event(data={"kg": 13}).id == first.id
    assert event(version="2").id != first.id
    assert event(natural_key=("bin-1", "742")).id != first.id


def test_content_hash_notices_content_and_not_the_reading() -> None:
    first = event()
    assert event(recorded_at=NOON + timedelta(days=1)).contenthash == first.contenthash
    assert event(time=NOON.astimezone(timezone(timedelta(hours=1)))).contenthash == first.contenthash
    assert event(data={"note": "Müll ½", "kg": 12}).contenthash == first.contenthash
    assert event(data={"kg": 13, "note": "Müll ½"}).contenthash != first.contenthash


def test_identity_is_frozen() -> None:
    """Changing these literals would give every event of every partner a new identity."""
    assert event().id == "58e5132b-72a4-5212-96d2-28636c246bd4"
    assert event().contenthash[:16] == "f8ba730593dc7d78"


@pytest.mark.parametrize("synthetic", [True, False])
@pytest.mark.parametrize("stamps", [{}, {"borough": "STB07"}, {"borough": "STB01", "registerversion": "2026-11-01/3"}])
def test_round_trip_in_every_mode(synthetic: bool, stamps: dict[str, str]) -> None:
    original = replace(event(synthetic=synthetic), **stamps)
    assert codec.decode(codec.encode(original)) == original
    headers, body = codec.encode_binary(original)
    assert codec.decode_binary(headers, body) == original
    kafka = {name.replace("ce-", "ce_"): value for name, value in headers.items()}
    assert codec.decode_binary(kafka, body) == original
    assert codec.decode_batch(codec.encode_batch([original, original])) == [original, original]


def test_a_stamp_is_no_part_of_what_the_event_says() -> None:
    stamped = codec.decode(raw(borough="STB03", registerversion="7"))
    assert (stamped.borough, stamped.registerversion) == ("STB03", "7")
    assert (stamped.id, stamped.contenthash) == (event().id, event().contenthash)
    assert b"borough" not in codec.encode(event())
    headers, _ = codec.encode_binary(stamped)
    assert (headers["ce-borough"], headers["ce-registerversion"]) == ("STB03", "7")


@pytest.mark.parametrize(
    ("body", "reason", "attribute", "words"),
    [
        (raw(id=None), "envelope", "id", "missing required field `id`"),
        (raw(id=""), "envelope", "id", "1 to 256 printable"),
        (raw(id="x\n"), "envelope", "id", "printable"),
        (raw(specversion="0.3"), "envelope", "specversion", "0.3"),
        (raw(specversion=None), "envelope", "specversion", "specversion"),
        (raw(type="com.example.thing"), "envelope", "type", "de.duisburg.<partner>"),
        (raw(type="de.duisburg.wbd.bin.emptied"), "envelope", "type", ".v<major>"),
        (raw(source="wbd"), "envelope", "source", "absolute URI"),
        (raw(subject="x" * 257), "envelope", "subject", "1 to 256"),
        (raw(time="2026-11-23T11:00:00"), "envelope", "time", "offset"),
        (raw(time="gestern"), "envelope", "time", "datetime"),
        (raw(time=7), "envelope", "time", "datetime"),
        (raw(data=[1]), "envelope", "data", "object"),
        (raw(data=None), "envelope", "data", "data"),
        (raw(datacontenttype="text/plain"), "envelope", "datacontenttype", "text/plain"),
        (raw(contenthash="0" * 64), "envelope", "contenthash", "does not fit the content"),
        (raw(contenthash="ABC"), "envelope", "contenthash", "64 lower-case hex"),
        (raw(borough="STB08"), "envelope", "borough", "one of STB01 to STB07"),
        (raw(borough="Mitte"), "envelope", "borough", "one of STB01 to STB07"),
        (raw(borough=""), "envelope", "borough", "one of STB01 to STB07"),
        (raw(borough=5), "envelope", "borough", "str"),
        (raw(registerversion=""), "envelope", "registerversion", "1 to 256 printable"),
        (raw(registerversion="1\n"), "envelope", "registerversion", "1 to 256 printable"),
        (raw(surprise=1), "envelope", "", "surprise"),
        (raw(synthetic="true"), "envelope", "synthetic", "bool"),
        (b"", "parse", "", "JSON"),
        (b"\xff\xfe{}", "parse", "", "UTF-8"),
        (raw()[:-5], "parse", "", "JSON"),
        (b'{"data":' + b'{"a":' * 5_000, "parse", "", "JSON"),
        (b"[]", "envelope", "", "object"),
        (raw(data={"x": "y" * 70_000}), "size", "", "65536"),
    ],
)
def test_bad_events_are_named(body: bytes, reason: str, attribute: str, words: str) -> None:
    with pytest.raises(RejectedEvent) as refused:
        codec.decode(body)
    assert (refused.value.reason, refused.value.attribute) == (reason, attribute)
    assert words in str(refused.value)


def test_a_bad_item_costs_only_itself() -> None:
    good = event()
    verdicts = codec.decode_batch(b"[" + codec.encode(good) + b', {"id": 1}, 7, ' + codec.encode(good) + b"]")
    assert [type(verdict) for verdict in verdicts] == [Event, RejectedEvent, RejectedEvent, Event]
    with pytest.raises(RejectedEvent, match="array"):
        codec.decode_batch(codec.encode(good))


def test_binary_mode_refuses_what_structured_mode_refuses() -> None:
    headers, body = codec.encode_binary(event())
    for broken in ({**headers, "ce-type": "nope"}, {k: v for k, v in headers.items() if k != "ce-id"}):
        with pytest.raises(RejectedEvent):
            codec.decode_binary(broken, body)
    with pytest.raises(RejectedEvent, match="not JSON"):
        codec.decode_binary(headers, b"{")


def test_future_is_judged_by_receipt() -> None:
    check_not_future(event(time=NOON + timedelta(minutes=5)), NOON)
    with pytest.raises(RejectedEvent, match="check the clock") as refused:
        check_not_future(event(time=NOON + timedelta(minutes=5, seconds=1)), NOON)
    assert refused.value.reason == "time_in_future"


@given(st.binary(max_size=400) | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(msgspec.json.encode))
def test_nothing_but_a_verdict_ever_comes_out(body: bytes) -> None:
    with pytest.raises(RejectedEvent):
        codec.decode(body)


@pytest.mark.parametrize("name", ["time", "recordedtime"])
@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00"])
def test_an_instant_that_no_calendar_has_in_utc_is_refused(name: str, moment: str) -> None:
    with pytest.raises(RejectedEvent, match="lies outside the years 1 to 9999 in UTC") as why:
        codec.decode(raw(**{name: moment}))
    assert why.value.attribute == name
