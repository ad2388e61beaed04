"""Numbers, dates and durations as they are read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cityhub.dashboard import formats
from cityhub.dashboard.texts import Lang
from cityhub.kpi.reader import instant, last_windows
from cityhub.kpi.values import WindowKind
from tests.unit.dashboard.world import NOW

GAP = formats.NBSP


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def bounds(kind: WindowKind, moment: datetime) -> tuple[datetime, datetime]:
    (window,) = last_windows(kind, moment, 1)
    return instant(window.start), instant(window.end)


def test_german_and_english_numbers() -> None:
    assert formats.number(14312, "de") == "14.312"
    assert formats.number(1234.5, "de", 1) == "1.234,5"
    assert formats.number(1234.5, "en", 1) == "1,234.5"
    assert formats.number(-0.4, "de", 1) == "−0,4"
    assert formats.quantity(87.4, "%", "de") == f"87,4{GAP}%"
    assert formats.quantity(87.4, "%", "en") == "87.4%"


def test_differences_of_percentages_are_points_and_nothing_is_minus_zero() -> None:
    assert formats.difference(1.24, "%", "de") == f"+1,2{GAP}Pkt."
    assert formats.difference(-1.26, "%", "en") == f"−1.3{GAP}pts"
    assert formats.difference(-0.04, "%", "de") == f"0,0{GAP}Pkt."
    assert formats.difference(0.04, "%", "de") == f"0,0{GAP}Pkt."


def test_times_are_duisburgs_in_summer_and_winter() -> None:
    assert formats.date_and_clock(at("2026-11-03T13:05"), "de") == f"03.11.2026 14:05{GAP}Uhr"
    assert formats.date_and_clock(at("2026-07-03T12:05"), "en") == "3 Jul 2026 14:05"
    assert formats.date(at("2026-11-23T23:30"), "de") == "24.11.2026"
    assert formats.moment_near(at("2026-11-22T23:30"), NOW, "de") == f"00:30{GAP}Uhr"
    assert formats.moment_near(at("2026-11-22T22:30"), NOW, "de") == f"22.11.2026 23:30{GAP}Uhr"


@pytest.mark.parametrize(
    ("seconds", "german", "english"),
    [
        (12, "12 s", "12 s"),
        (60, "1 Minute", "1 minute"),
        (7_500, "2 Stunden", "2 hours"),
        (86_400 * 3, "3 Tage", "3 days"),
    ],
)
def test_ages_in_their_largest_unit(seconds: int, german: str, english: str) -> None:
    assert formats.age(timedelta(seconds=seconds), "de").replace(GAP, " ") == german
    assert formats.age(timedelta(seconds=seconds), "en").replace(GAP, " ") == english


def test_how_often_something_is_expected() -> None:
    assert formats.every(30, "de") == f"alle 30{GAP}s"
    assert formats.every(900, "de") == f"alle 15{GAP}min"
    assert formats.every(7_200, "en") == f"every 2{GAP}h"
    assert formats.every(3_600, "de") == "stündlich"
    assert formats.every(86_400, "en") == "daily"
    assert formats.every(30 * 86_400, "de") == f"alle 30{GAP}Tage"


@pytest.mark.parametrize(
    ("kind", "moment", "german", "english"),
    [
        (WindowKind.DAY, "2026-11-23T09:00", "heute bisher", "today so far"),
        (WindowKind.DAY, "2026-11-22T09:00", "gestern", "yesterday"),
        (WindowKind.DAY, "2026-11-20T09:00", "am 20.11.2026", "on 20 Nov 2026"),
        (WindowKind.HOUR, "2026-11-23T13:01", "14–15 Uhr, bisher", "14:00–15:00 so far"),
        (WindowKind.HOUR, "2026-11-23T12:30", "13–14 Uhr", "13:00–14:00"),
        (WindowKind.HOUR, "2026-11-22T22:30", "So 22.11., 23–24 Uhr", "Sun 22 Nov, 23:00–24:00"),
        (WindowKind.MINUTE, "2026-11-23T12:30", f"13:30–13:31{GAP}Uhr", "13:30–13:31"),
        (WindowKind.FIVE_MINUTES, "2026-11-22T22:59", f"So 22.11., 23:55–24:00{GAP}Uhr", "Sun 22 Nov, 23:55–24:00"),
        (WindowKind.QUARTER_HOUR, "2026-11-23T13:06", f"14:00–14:15{GAP}Uhr, bisher", "14:00–14:15 so far"),
        (WindowKind.NIGHT, "2026-11-23T09:00", "Nacht zum 23.11.2026", "night to 23 Nov 2026"),
        (WindowKind.SEVEN_DAYS, "2026-11-22T09:00", "7 Tage bis 22.11.2026", "7 days to 22 Nov 2026"),
        (WindowKind.WEEK, "2026-11-23T09:00", "KW 48/2026, bisher", "week 48, 2026 so far"),
        (WindowKind.WEEK, "2025-12-31T09:00", "KW 1/2026", "week 1, 2026"),
        (WindowKind.MONTH, "2026-03-01T09:00", "März 2026", "March 2026"),
        (WindowKind.MONTH, "2026-11-01T09:00", "November 2026, bisher", "November 2026 so far"),
        (WindowKind.YEAR, "2025-12-31T22:59", "2025", "2025"),
        (WindowKind.YEAR_TO_DATE, "2026-11-20T09:00", "01.01. bis 20.11.2026", "1 Jan to 20 Nov 2026"),
        (WindowKind.SCHOOL_YEAR, "2026-07-31T09:00", "Schuljahr 2025/26", "school year 2025/26"),
        (WindowKind.SCHOOL_YEAR, "1999-09-01T09:00", "Schuljahr 1999/00", "school year 1999/00"),
    ],
)
def test_windows_are_called_as_people_call_them(kind: WindowKind, moment: str, german: str, english: str) -> None:
    start, end = bounds(kind, at(moment))
    assert formats.period(kind, start, end, NOW, "de") == german
    assert formats.period(kind, start, end, NOW, "en") == english


@pytest.mark.parametrize("lang", ["de", "en"])
def test_every_kind_of_window_has_a_name_of_its_own(lang: Lang) -> None:
    names = {formats.window(kind, *bounds(kind, NOW), lang) for kind in WindowKind}
    assert len(names) == len(WindowKind)


def test_tables_name_windows_by_date_because_files_are_read_later() -> None:
    moment = at("2026-11-22T12:30")
    assert formats.window(WindowKind.HOUR, *bounds(WindowKind.HOUR, moment), "de") == "22.11.2026, 13–14 Uhr"
    assert formats.window(WindowKind.DAY, *bounds(WindowKind.DAY, moment), "en") == "22 Nov 2026"


@pytest.mark.parametrize(
    ("kind", "german", "english"),
    [
        (WindowKind.MINUTE, f"14:05{GAP}Uhr", "14:05"),
        (WindowKind.FIVE_MINUTES, f"14:05{GAP}Uhr", "14:05"),
        (WindowKind.QUARTER_HOUR, f"14:00{GAP}Uhr", "14:00"),
        (WindowKind.NIGHT, "Di<br>24.11.", "Tue<br>24 Nov"),
        (WindowKind.DAY, "Mo<br>23.11.", "Mon<br>23 Nov"),
        (WindowKind.SEVEN_DAYS, "Mo<br>23.11.", "Mon<br>23 Nov"),
        (WindowKind.WEEK, "KW 48", "week 48"),
        (WindowKind.MONTH, "Nov<br>2026", "Nov<br>2026"),
        (WindowKind.YEAR, "2026", "2026"),
        (WindowKind.YEAR_TO_DATE, "Mo<br>23.11.", "Mon<br>23 Nov"),
        (WindowKind.SCHOOL_YEAR, "2026/27", "2026/27"),
    ],
)
def test_windows_below_an_axis_are_short_and_overlapping_ones_are_told_by_their_last_day(
    kind: WindowKind, german: str, english: str
) -> None:
    assert formats.mark(kind, *bounds(kind, NOW), "de") == german
    assert formats.mark(kind, *bounds(kind, NOW), "en") == english


@pytest.mark.parametrize("lang", ["de", "en"])
def test_every_kind_of_window_is_compared_in_words_of_its_own(lang: Lang) -> None:
    assert len({formats.before(kind, lang) for kind in WindowKind}) == len(WindowKind)


@pytest.mark.parametrize(
    ("value", "unit", "german", "english"),
    [
        (12.25, "d", "12,2 Tage", "12.2 days"),
        (0.4375, "kW.h", "0,44 kWh", "0.44 kWh"),
        (382.23, "10*-5", "382,2 je 100.000", "382.2 per 100,000"),
        (3.1, "10*-3", "3,1 je 1.000", "3.1 per 1,000"),
        (1_418, "1", "1.418", "1,418"),
        (0.25, "1", "0,25", "0.25"),
        (7, "{TEU}", "7 TEU", "7 TEU"),
        (4.5, "min", "4,5 min", "4.5 min"),
        (2.0, "h", "2,0 Std.", "2.0 h"),
        (3.2, "[ppth]", "3,2 ‰", "3.2 ‰"),
        (1_300_000, "m2", "1.300.000,0 m²", "1,300,000.0 m²"),
        (5.0, "kW.h/m2", "5,00 kWh/m²", "5.00 kWh/m²"),
        (99.5, "EUR", "99,50 €", "99.50 €"),
        (12.0, "/h", "12,0 je h", "12.0 per h"),
    ],
)
def test_units_are_written_as_people_write_them(value: float, unit: str, german: str, english: str) -> None:
    assert formats.quantity(value, unit, "de").replace(GAP, " ") == german
    assert formats.quantity(value, unit, "en").replace(GAP, " ") == english


def test_units_are_read_aloud_as_words() -> None:
    assert formats.spoken_quantity(0.4375, "kW.h", "de") == "0,44 Kilowattstunden"
    assert formats.spoken_quantity(3, "1", "de") == "3"
    assert formats.spoken_quantity(87.4, "%", "en") == "87.4 percent"


def test_differences_keep_the_precision_of_their_unit() -> None:
    assert formats.difference(0.038, "kW.h", "de") == f"+0,04{GAP}kWh"
    assert formats.difference(-3, "1", "de") == "−3"


def test_only_the_whole_is_100_percent() -> None:
    assert formats.percent(0.998, "de") == f"99{GAP}%"
    assert formats.percent(0.29, "en") == "29%"
    assert formats.percent(1.0, "en") == "100%"
