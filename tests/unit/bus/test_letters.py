"""Dead letters are read whoever wrote them, and however odd they are."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
import pytest

from cityhub.bus.access import KafkaAccess
from cityhub.bus.audit_trail import AuditTrail, Setting, _read
from cityhub.bus.errors import LogBroken
from cityhub.bus.letters import Stack, histogram, letter_of
from cityhub.bus.publisher import Outgoing
from cityhub.sdk import codec
from tests.unit.kpi.samples import DEPARTED, TOPIC, departure

ENGINE = {
    "dlq_reason": "processing",
    "dlq_error": "it broke",
    "dlq_consumer": "cityhub-kpi",
    "dlq_topic": TOPIC,
    "dlq_partition": "3",
    "dlq_offset": "17",
}


class Record(NamedTuple):
    offset: int
    timestamp: int
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


def record(value: bytes | None, headers: dict[str, str], timestamp: int = 0) -> Record:
    return Record(5, timestamp, value, [(name, text.encode()) for name, text in headers.items()])


def test_the_engines_letter_has_its_origin_and_its_event() -> None:
    body = codec.encode(departure(1, 60))
    letter = letter_of(0, record(body, ENGINE))
    assert (letter.origin, letter.reason, letter.error) == (f"{TOPIC}/3/17", "processing", "it broke")
    assert (letter.id, letter.type, letter.source) == (departure(1, 60).id, DEPARTED, "//test/dvv")
    assert (letter.kept, letter.attempt, letter.size) == (True, 1, len(body))
    assert letter.sha256 == hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("value", [None, b"", b"\xff", b"[]", b"[" * 9_999, b'{"id": 1, "type": null, "source": ""}'])
@pytest.mark.parametrize(
    "headers",
    [{}, ENGINE, {"dlq_attempt": "x", "dlq_bytes": "-1"}, {"dlq_attempt": "²", "dlq_partition": "1"}],
)
def test_no_record_is_too_odd(value: bytes | None, headers: dict[str, str]) -> None:
    letter = letter_of(0, record(value, headers))
    assert (letter.attempt, letter.size) == (1, len(value or b""))
    assert (letter.id, letter.type, letter.source) == ("", "", "")
    assert letter.origin == (f"{TOPIC}/3/17" if headers == ENGINE else "0/5")


def test_headers_that_are_no_text_do_not_hurt() -> None:
    odd: list[tuple[str, bytes | None]] = [("dlq_reason", b"\xff"), ("dlq_error", None)]
    assert letter_of(0, Record(5, 0, b"", odd)).reason == "\ufffd"


def test_they_are_counted_by_stream_reason_and_day() -> None:
    day, body = 86_400_000, codec.encode(departure(1, 60))
    found = [letter_of(0, record(body, ENGINE, at)) for at in (0, day - 1, day)]
    found.append(letter_of(0, record(b"", ENGINE)))
    assert histogram(found) == [
        Stack(DEPARTED, "processing", "1970-01-01", 2),
        Stack(DEPARTED, "processing", "1970-01-02", 1),
        Stack(TOPIC, "processing", "1970-01-01", 1),
    ]


@pytest.mark.parametrize("value", [None, b"", b"{}", b"\xff", b"[]"])
def test_a_broken_trail_is_named(value: bytes | None) -> None:
    with pytest.raises(LogBroken, match=r"du.hub.audit.v1/0/5 is no record of the audit trail"):
        _read(value, "du.hub.audit.v1/0/5")


async def test_a_setting_is_a_record_of_its_own_kind() -> None:
    """Whoever reads the deeds of redrives passes it over."""
    sent: list[tuple[str, Sequence[Outgoing]]] = []

    class Writer:
        async def send(self, topic: str, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
            sent.append((topic, records))
            return [(0, 0)]

    at = datetime(2026, 11, 26, tzinfo=UTC)
    setting = Setting(at=at, request="r", what="asked", subject="s", organisation="", kpi="M01", why="w", retracts=0)
    await AuditTrail(KafkaAccess(bootstrap="nowhere:1", username="u", password="p"), Writer()).note(setting)
    ((topic, ((key, value, headers),)),) = sent
    assert (topic, key, headers) == ("du.hub.audit.v1", b"M01", [("audit_kind", b"target")])
    assert msgspec.json.decode(value or b"", type=Setting) == setting
