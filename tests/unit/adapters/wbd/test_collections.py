"""The calendar of collections: entries become days of tours, what is moved or left out is taken back."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.fact import Fact, Reading
from cityhub.adapters.wbd.collections.mapping import read

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def entry(day: str = "20261201", summary: str = "Restabfall\\, 14-täglich", **said: str | None) -> str:
    """With a place that is somebody's. Args: said: properties, `_` for a hyphen; None takes one away."""
    lines = {
        "UID": f"UID:{day}@x",
        "DTSTAMP": "DTSTAMP:20261101T080000Z",
        "DTSTART": f"DTSTART;VALUE=DATE:{day}",
        "SUMMARY": f"SUMMARY:{summary}",
        "LOCATION": "LOCATION:Altenbrucher Damm 8",
    }
    for name, line in said.items():
        lines[name.replace("_", "-")] = line or ""
    return "\r\n".join(["BEGIN:VEVENT", *filter(None, lines.values()), "END:VEVENT"])


def calendar(*entries: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//X//DE", *entries, "END:VCALENDAR", ""]).encode()


class Folder:
    """The feed, with what it remembers."""

    def __init__(self) -> None:
        self.memory: dict[str, bytes] = {}
        self.last = Reading()

    def read(self, body: bytes, name: str = "abfuhr_Buchholz_2026.ics", now: datetime = NOW) -> list[Fact]:
        self.last = read(name, body, self.memory, now)
        for key, left in self.last.memory.items():
            if left is None:
                self.memory.pop(key, None)
            else:
                self.memory[key] = left
        return list(self.last.facts)

    def told(self, body: bytes, name: str = "abfuhr_Buchholz_2026.ics") -> list[tuple[str, bool]]:
        """Day, and whether it is off."""
        return [(fact.data["day"], fact.data["cancelled"]) for fact in self.read(body, name)]


def test_an_entry_is_a_day_of_a_tour_and_nobody_s_address() -> None:
    (fact,) = (folder := Folder()).read(calendar(entry()))
    assert (fact.subject, fact.time) == ("Buchholz", datetime(2026, 11, 1, 8, tzinfo=UTC))
    assert fact.data == {"tour": "Buchholz", "fraction": "residual", "day": "2026-12-01", "cancelled": False}
    assert "Damm" not in repr((fact, folder.last.memory))


@pytest.mark.parametrize(
    ("summary", "fraction"),
    [
        ("Restmüll", "residual"),
        ("Biotonne", "organic"),
        ("Altpapier (Blaue Tonne)", "paper"),
        ("WERTSTOFFTONNE", "recyclables"),
        ("Gelbe Tonne", "recyclables"),
    ],
)
def test_what_is_collected(summary: str, fraction: str) -> None:
    assert Folder().read(calendar(entry(summary=summary)))[0].data["fraction"] == fraction


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ({"DTSTART": "DTSTART:20261201T060000"}, "2026-12-01"),
        ({"DTSTART": "DTSTART;TZID=Europe/Berlin:20261201T060000"}, "2026-12-01"),
        ({"DTSTART": "DTSTART:20261130T230000Z"}, "2026-12-01"),
    ],
)
def test_a_time_is_the_day_that_it_is_here(said: dict[str, str], day: str) -> None:
    assert Folder().told(calendar(entry(**said))) == [(day, False)]


@pytest.mark.parametrize(
    ("said", "time"),
    [
        ({"LAST_MODIFIED": "LAST-MODIFIED:20261102T090000Z"}, datetime(2026, 11, 2, 9, tzinfo=UTC)),
        ({"DTSTAMP": "DTSTAMP:20261101T080000"}, datetime(2026, 11, 1, 8, tzinfo=UTC)),
        ({"DTSTAMP": "DTSTAMP;VALUE=DATE:20261101"}, datetime(2026, 10, 31, 23, tzinfo=UTC)),
    ],
)
def test_it_was_planned_when_the_entry_was_written(said: dict[str, str], time: datetime) -> None:
    assert Folder().read(calendar(entry(**said)))[0].time == time


def test_what_is_no_bin_is_counted() -> None:
    folder = Folder()
    assert folder.told(calendar(entry(), entry("20270108", "Weihnachtsbäume"))) == [("2026-12-01", False)]
    assert folder.last.noted == Counter(no_bin=1)


def test_a_calendar_that_comes_again_says_nothing_new() -> None:
    """Many are written anew, with new ids and stamps, whenever somebody asks for them."""
    folder = Folder()
    folder.read(calendar(entry(), entry("20261215")))
    later = {"DTSTAMP": "DTSTAMP:20261119T080000Z", "UID": "UID:other"}
    assert folder.told(calendar(entry(**later), entry("20261215", **later))) == []


def test_what_is_cancelled_or_left_out_is_off() -> None:
    folder = Folder()
    folder.read(calendar(entry(), entry("20261215"), entry("20261229"), entry("20261103")))
    stamp = {"DTSTAMP": "DTSTAMP:20261119T080000Z"}
    again = calendar(
        entry("20261201", STATUS="STATUS:CANCELLED", **stamp), entry("20261216", **stamp), entry("20261229")
    )
    assert folder.told(again) == [("2026-12-01", True), ("2026-12-16", False), ("2026-12-15", True)]
    off = folder.last.facts[2]
    assert (off.time, off.version) == (datetime(2026, 11, 19, 8, tzinfo=UTC), "2026-11-19T08:00:00Z/cancelled")
    assert folder.told(again) == []
    back = calendar(entry("20261201", DTSTAMP="DTSTAMP:20261120T080000Z"), entry("20261216"), entry("20261229"))
    assert folder.told(back) == [("2026-12-01", False)]


def test_other_files_and_older_entries_take_nothing_back() -> None:
    folder = Folder()
    folder.read(calendar(entry(), entry("20261215")))
    assert folder.told(calendar(entry("20261215", STATUS="STATUS:CANCELLED")), "abfuhr_Buchholz_neu.ics") == [
        ("2026-12-15", True)
    ]
    assert folder.told(calendar(entry("20261215")), "abfuhr_Rahm.ics") == [("2026-12-15", False)]
    older = entry(STATUS="STATUS:CANCELLED", DTSTAMP="DTSTAMP:20261001T080000Z")
    assert folder.told(calendar(older), "abfuhr_Buchholz_alt.ics") == []


def test_where_an_entry_was_refused_nothing_is_taken_for_left_out() -> None:
    folder = Folder()
    folder.read(calendar(entry(), entry("20261215")))
    assert folder.told(calendar(entry(), entry("2026xx15"))) == []
    assert folder.last.noted == Counter(absence_not_judged=1)
    assert folder.told(calendar(entry("20270108", "Weihnachtsbäume"))) == []


def test_the_last_entry_of_a_day_holds() -> None:
    later = entry(STATUS="STATUS:CANCELLED", DTSTAMP="DTSTAMP:20261119T080000Z")
    assert Folder().told(calendar(later, entry())) == [("2026-12-01", True)]
    assert Folder().told(calendar(entry(), later)) == [("2026-12-01", True)]


def test_days_long_past_are_forgotten_and_not_told_again() -> None:
    folder = Folder()
    folder.read(calendar(entry()))
    assert folder.read(calendar(entry(), entry("20280201")), now=NOW.replace(year=2028)) != []
    assert [key.rpartition("\x1f")[2] for key in folder.memory] == ["2028-02-01"]
    assert folder.last.noted == Counter(long_ago=1)


@pytest.mark.parametrize(
    ("bad", "reason", "detail"),
    [
        (entry("2026xx01"), "schema", "DTSTART: 'Wrong date format 2026xx01'"),
        (entry(DTSTART=None), "schema", "DTSTART: missing, or neither a day nor a time"),
        (entry(DTSTART="DTSTART:PT1H"), "schema", "DTSTART"),
        (entry(DTSTAMP=None), "schema", "DTSTAMP: missing"),
        (entry(MORE="no colon here"), "schema", "a line: "),
        (entry(RRULE="RRULE:FREQ=WEEKLY;COUNT=5"), "schema", "RRULE: write each collection as an entry of its own"),
        (entry(summary="Termin"), "value", "SUMMARY: 'Termin' names no fraction that is known"),
        (entry(SUMMARY=None), "value", "SUMMARY: '' names no fraction"),
    ],
)
def test_a_bad_entry_is_refused_by_name_and_costs_no_other(bad: str, reason: str, detail: str) -> None:
    folder = Folder()
    assert folder.told(calendar(bad, entry("20261215"))) == [("2026-12-15", False)]
    (reject,) = folder.last.rejects
    assert (reject.reason, reject.path) == (reason, "abfuhr_Buchholz_2026.ics, VEVENT[0]")
    assert detail in reject.detail


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("kalender.ics", calendar(entry()), "unknown_file"),
        ("abfuhr_.ics", calendar(entry()), "unknown_file"),
        ("abfuhr_x.ics", calendar(entry())[:-20], "parse"),
        ("abfuhr_x.ics", b"", "parse"),
        ("abfuhr_x.ics", calendar(entry()).decode().encode("cp1252"), "parse"),
        ("abfuhr_x.ics", b"\n" * 200_001, "too_many_values"),
    ],
)
def test_what_is_no_calendar_cannot_be_used(name: str, body: bytes, reason: str) -> None:
    with pytest.raises(FeedFault, match=name[:7]) as caught:
        Folder().read(body, name)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("name", "tour"), [("abfuhr_Süd-7.ics", "Süd-7"), ("abfuhr_4711_2026.final.ics", "4711"), ("abfuhr_a_b_c.ics", "a")]
)
def test_the_tour_is_in_the_name_of_the_file(name: str, tour: Any) -> None:
    assert Folder().read(calendar(entry()), name)[0].data["tour"] == tour
