"""Reading records: what is refused, with which reason and words, and that nobody else pays for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityhub.kpi.kernel.record import Reason, TopicReader
from cityhub.sdk import codec
from cityhub.sdk.contract import Contracts, load_contracts, parse_contract
from cityhub.sdk.event import Event, make_event
from tests.unit.kpi.samples import NOON, TOPIC, Record, departure, records

CONTRACTS = load_contracts()
ARRIVED = NOON + timedelta(hours=1)
ARRIVED_MS = int(ARRIVED.timestamp() * 1000)
GOOD = codec.encode(departure("good", 0))
LEVEL = """
type: de.duisburg.wbd.bin.level-observed.v1
title: {de: Füllstand, en: level}
topic: du.evt.wbd.bin.v1
cadence: 1h
lateness: 1h
horizon: 2d
fields:
  fill: {type: decimal, scale: 2, min: 0, max: 1, meaning: {de: a, en: a}}
  full: {type: boolean, optional: true, meaning: {de: b, en: b}}
  seen_at: {type: instant, optional: true, meaning: {de: c, en: c}}
  kind: {type: text, values: [paper, glass], optional: true, meaning: {de: d, en: d}}
"""


def reader(topic: str = TOPIC, contracts: Contracts = CONTRACTS) -> TopicReader:
    topics = {contract.type: contract.topic for contract in CONTRACTS.values()}
    return TopicReader(topic, contracts.of_topic(topic), topics.get)


def refusal(value: bytes, topic_reader: TopicReader | None = None, clock_ms: int = 0) -> tuple[Reason, str, str]:
    """The verdict of one record between two good ones of the transit topic."""
    rows, verdicts = (topic_reader or reader()).read([Record(7, ARRIVED_MS, value)], clock_ms)
    (verdict,) = verdicts
    assert rows == []
    assert verdict.record.offset == 7
    return verdict.reason, verdict.detail, verdict.event_id


@pytest.mark.parametrize(
    ("value", "reason", "words"),
    [
        (b"", Reason.PARSE, "not one JSON object"),
        (b"\xff\xfe", Reason.PARSE, "not one JSON object"),
        (b'{"a":' * 10_000, Reason.PARSE, "not one JSON object"),
        (GOOD.replace(b'"delay_s":0', b'"delay_s":NaN'), Reason.PARSE, "not one JSON object"),
        (b"x" * 10_000_000, Reason.SIZE, "10000000 bytes; at most 65536"),
        (b"{}", Reason.ENVELOPE, "type"),
        (b'{"type": 7}', Reason.ENVELOPE, "type"),
        (GOOD.replace(b'"time":"2026-11-20T11:00:00Z"', b'"time":"2026-11-20T11:00:00"'), Reason.ENVELOPE, "time"),
        (GOOD.replace(b'"contenthash":"', b'"contenthash":"zz'), Reason.ENVELOPE, "contenthash"),
        (re.sub(rb'"contenthash":"..', b'"contenthash":"zz', GOOD), Reason.ENVELOPE, "contenthash"),
        (GOOD.replace(b"stop-departed.v1", b"stop-passed.v1"), Reason.UNKNOWN_TYPE, "stop-passed"),
        (
            GOOD.replace(b"dvv.transit.stop-departed", b"wbd.bin.level-observed"),
            Reason.FOREIGN,
            "belong to du.evt.wbd.bin.v1",
        ),
        (GOOD.replace(b'"delay_s":0', b'"delay_s":"0"'), Reason.CONTRACT, "delay_s"),
        (GOOD.replace(b'"delay_s":0', b'"delay_s":86401'), Reason.CONTRACT, "86400"),
        (GOOD.replace(b'"delay_s":0', b'"delay_s":1' + b"0" * 400), Reason.CONTRACT, "delay_s"),
        (GOOD.replace(b'"delay_s":0,', b""), Reason.CONTRACT, "delay_s"),
        (GOOD.replace(b'"ACT"', b'"ACTT"'), Reason.CONTRACT, "classifier"),
    ],
)
def test_each_fault_has_its_reason_and_words(value: bytes, reason: Reason, words: str) -> None:
    found, detail, _ = refusal(value)
    assert found is reason
    assert words in detail


@pytest.mark.parametrize(
    ("happened", "reason"),
    [
        (ARRIVED + timedelta(minutes=5), None),
        (ARRIVED + timedelta(minutes=5, milliseconds=1), Reason.TIME_IN_FUTURE),
        (ARRIVED - timedelta(hours=72), None),
        (ARRIVED - timedelta(hours=72, milliseconds=1), Reason.BEYOND_HORIZON),
        (NOON.replace(year=1970), Reason.BEYOND_HORIZON),
    ],
)
def test_time_is_judged_against_arrival_and_horizon(happened: Event, reason: Reason | None) -> None:
    event = departure("k", 0, at=happened)  # type: ignore[arg-type]
    rows, verdicts = reader().read([Record(0, ARRIVED_MS, codec.encode(event))], 0)
    assert [verdict.reason for verdict in verdicts] == ([] if reason is None else [reason])
    assert len(rows) == (reason is None)


def test_the_horizon_follows_the_partitions_clock_not_the_records_own() -> None:
    """A record whose stamp lags behind the partition's clock is judged by the clock."""
    event = codec.encode(departure("k", 0, at=ARRIVED - timedelta(hours=71)))
    assert reader().read([Record(0, ARRIVED_MS, event)], ARRIVED_MS)[1] == []
    assert refusal(event, clock_ms=ARRIVED_MS + 7_200_000)[0] is Reason.BEYOND_HORIZON


def test_the_future_is_judged_by_the_records_own_stamp() -> None:
    event = codec.encode(departure("k", 0, at=ARRIVED + timedelta(minutes=30)))
    assert refusal(event, clock_ms=ARRIVED_MS + 7_200_000)[0] is Reason.TIME_IN_FUTURE


@given(st.permutations([GOOD, b"{", b"", codec.encode(departure("late", 0, at=NOON + timedelta(days=2)))]))
def test_neighbours_do_not_pay(values: list[bytes]) -> None:
    rows, verdicts = reader().read(records(*values, appended=ARRIVED), 0)
    assert [row.record.offset for row in rows] == [values.index(GOOD)]
    assert sorted(verdict.record.offset for verdict in verdicts) == [i for i in range(4) if values[i] != GOOD]


def test_clocks_run_on_and_never_back() -> None:
    stamps = [5, 3, 9, 9, 7]
    given_records = [
        Record(i, ARRIVED_MS + stamp, codec.encode(departure(i, 0, at=NOON))) for i, stamp in enumerate(stamps)
    ]
    rows, _ = reader().read(given_records, ARRIVED_MS + 4)
    assert [row.clock_ms - ARRIVED_MS for row in rows] == [5, 5, 9, 9, 9]


def test_the_digest_covers_id_and_content() -> None:
    one, same, other_content, other_id = (
        departure("a", 0),
        departure("a", 0),
        departure("a", 1),
        departure("b", 0, trip="ta"),
    )
    rows, _ = reader().read(records(one, same, other_content, other_id), 0)
    assert rows[0].digest == rows[1].digest
    assert len({row.digest for row in rows}) == 3
    assert rows[0].key == rows[2].key != rows[3].key
    assert rows[0].content != rows[2].content


def level(change: Callable[[dict[str, object]], object] = lambda data: None) -> bytes:
    data: dict[str, object] = {"fill": 0.25}
    change(data)
    event = make_event(
        type_="de.duisburg.wbd.bin.level-observed.v1",
        source="//test/wbd",
        natural_key=("1",),
        version="1",
        subject="bin-1",
        time=NOON,
        recorded_at=NOON,
        data=data,
    )
    return codec.encode(event)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data.update(fill=0.257), "more than the 2 decimals"),
        (lambda data: data.update(fill=1.01), "<= 1"),
        (lambda data: data.update(fill="0.5"), "fill"),
        (lambda data: data.update(full=1), "full"),
        (lambda data: data.update(seen_at="2026-11-20 11:00"), "seen_at"),
        (lambda data: data.update(kind="steel"), "kind"),
    ],
)
def test_every_type_of_the_contract_is_kept(change: Callable[[dict[str, object]], object], words: str) -> None:
    own = Contracts([parse_contract(LEVEL, "level.yaml")])
    reason, detail, event_id = refusal(level(change), reader("du.evt.wbd.bin.v1", own))
    assert reason is Reason.CONTRACT
    assert words in detail
    assert event_id


def test_unknown_extra_fields_are_let_through() -> None:
    own = Contracts([parse_contract(LEVEL, "level.yaml")])
    rows, verdicts = reader("du.evt.wbd.bin.v1", own).read([Record(0, ARRIVED_MS, level(lambda d: d.update(new=1)))], 0)
    assert verdicts == []
    assert rows[0].event.data.fill == 0.25


def test_the_guide_explains_every_reason() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "events.md").read_text("utf-8")
    assert [reason for reason in Reason if f"| `{reason}` |" not in guide] == []
