"""Jobs of software robots."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from cityhub.adapters.city.robots.mapping import Cursor, read
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.fact import Reading
from tests.unit.adapters.journals import everything, rejects, told

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def job(key: str, ended: str | None, **more: Any) -> dict[str, Any]:
    return {
        "Key": key,
        "ReleaseName": "Rechnungseingang",
        "State": "Successful",
        "StartTime": "2026-11-20T10:00:00.5Z",
        "EndTime": ended,
        "Robot": {"Name": "erika.mustermann"},
    } | more


def reading(*jobs: dict[str, Any], memory: Reading | None = None, link: str | None = None) -> Reading:
    body = {"value": jobs} | ({"@odata.nextLink": link} if link else {})
    known = {} if memory is None else {key: value for key, value in memory.memory.items() if value is not None}
    return read(msgspec.json.encode(body), known, NOW)


def cursor(found: Reading) -> Cursor:
    return msgspec.json.decode(found.cursor or "", type=Cursor)


def test_a_job_ends_well_or_needs_a_person() -> None:
    by_hand = {"OutputArguments": '{"HandzeitSekunden": 420, "Rechnung": "R-1 Mustermann"}'}
    found = reading(
        job("a", "2026-11-20T10:01:00.500Z", **by_hand), job("b", "2026-11-20T12:02:00+01:00", State="Faulted")
    )
    whole = {"process": "Rechnungseingang", "outcome": "ok", "manual_s": 420, "robot_s": 60}
    assert [(verb, data) for verb, _, data in told(found)] == [
        ("job-finished", whole),
        ("job-finished", {"process": "Rechnungseingang", "outcome": "exception", "robot_s": 3720}),
    ]
    assert [fact.key for fact in found.facts] == [("a",), ("b",)]
    assert found.facts[1].time == datetime(2026, 11, 20, 11, 2, tzinfo=UTC)
    assert "ustermann" not in everything(found)


def test_half_a_second_is_rounded_and_an_unknown_start_is_no_time() -> None:
    found = reading(job("a", "2026-11-20T10:00:02.4Z"), job("b", "2026-11-20T10:00:03Z", StartTime=None))
    assert [data.get("robot_s") for _, _, data in told(found)] == [2, None]


def test_what_did_not_come_to_its_end_is_counted() -> None:
    found = reading(job("a", "2026-11-20T10:01:00Z", State="Stopped"), job("b", None, State="Running"), job("c", None))
    assert not found.facts
    assert found.noted == {"stopped": 1, "unfinished": 2}


@pytest.mark.parametrize("output", ["{", "[]", '{"HandzeitSekunden": "7 min Mustermann"}', "[" * 100_000])
def test_an_output_that_cannot_be_read_is_refused_without_telling_it(output: str) -> None:
    found = reading(job("a", "2026-11-20T10:01:00Z", OutputArguments=output), job("b", "2026-11-20T10:01:00Z"))
    assert rejects(found) == [("schema", "value[0].OutputArguments")]
    assert len(found.facts) == 1
    assert "Mustermann" not in everything(found)


def test_an_unknown_state_is_refused_by_name() -> None:
    found = reading(job("a", "2026-11-20T10:01:00Z", State="Erledigt"))
    assert rejects(found) == [("schema", "value[0].State")]
    assert "Erledigt" in found.rejects[0].detail


def test_pages_are_passed_over_until_there_is_none_then_the_newest_minutes_are_asked_for_again() -> None:
    first = reading(job("a", "2026-11-20T10:01:00Z"), link="https://elsewhere/odata/Jobs?$skip=100&x=1")
    assert (cursor(first), first.more) == (Cursor("", 100), True)
    last = reading(job("b", "2026-11-20T10:09:00Z"), memory=first)
    assert (cursor(last), last.more) == (Cursor("2026-11-20T10:04:00.000Z", 0), False)
    again = reading(job("b", "2026-11-20T10:09:00Z"), job("late", "2026-11-20T10:05:00Z"), memory=last)
    assert [fact.key for fact in again.facts] == [("late",)]
    assert again.cursor == last.cursor
    quiet = reading(memory=again)
    assert (quiet.cursor, list(quiet.facts), quiet.memory) == (again.cursor, [], again.memory)


def test_only_the_newest_keys_are_remembered() -> None:
    found: Reading | None = None
    for number in range(50):
        ended = NOW - timedelta(days=1) + timedelta(minutes=number)
        found = reading(job(f"k-{number:02d}", ended.isoformat()), memory=found)
    assert found is not None
    names = [f"k-{number:02d}" for number in range(50)]
    assert [name for name in names if name in repr(found.memory)] == names[44:]


def test_a_job_that_ended_in_the_future_hides_none_that_follow() -> None:
    found = reading(job("a", "2099-01-01T00:00:00Z"))
    assert cursor(found) == Cursor("2026-11-20T11:55:00.000Z", 0)


def test_nothing_ever_happened() -> None:
    assert cursor(reading()) == Cursor("", 0)


@pytest.mark.parametrize(
    "link", ["/odata/Jobs", "/odata/Jobs?$skip=-1", "/odata/Jobs?$skiptoken=x", "/x?$skip=1&$skip=2"]
)
def test_a_next_page_that_cannot_be_asked_for_is_a_fault(link: str) -> None:
    with pytest.raises(FeedFault, match=r"has no \$skip; jobs must be paged by it"):
        reading(link=link)
