"""Time in which reports are promised: local hours of weekdays."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from cityhub.kpi.health.hours import promised_before, promised_s
from cityhub.kpi.kernel.windows import berlin
from cityhub.sdk.contract import load_contracts
from cityhub.sdk.errors import ContractError
from cityhub.sdk.hours import hours

OFFICE = hours("mon-fri 08:00-18:00")


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> int:
    """Of 2026; 20 November is a Friday."""
    return int(datetime(2026, month, day, hour, minute, tzinfo=berlin()).timestamp())


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (at(20, 9), at(20, 10), timedelta(hours=1)),
        (at(20, 17, 55), at(20, 23), timedelta(minutes=5)),
        (at(20, 17, 55), at(23, 8, 10), timedelta(minutes=15)),
        (at(21, 9), at(22, 23), timedelta(0)),
        (at(16, 0), at(23, 0), timedelta(hours=50)),
        (at(20, 10), at(20, 9), timedelta(0)),
    ],
)
def test_only_promised_hours_count(start: int, end: int, expected: timedelta) -> None:
    assert promised_s(OFFICE, start, end) == expected.total_seconds()


def test_without_hours_all_time_is_promised() -> None:
    assert promised_s(None, at(21, 9), at(22, 9)) == 86_400
    assert promised_s(None, at(22, 9), at(21, 9)) == 0


def test_the_clock_on_the_wall_counts_when_it_is_changed() -> None:
    early = hours("sun-sun 00:00-06:00")
    assert promised_s(early, at(29, 0, month=3), at(29, 12, month=3)) == 5 * 3_600
    assert promised_s(early, at(25, 0, month=10), at(25, 12, month=10)) == 7 * 3_600


@pytest.mark.parametrize("start", [at(20, 9), at(20, 17, 55), at(16, 8), at(23, 8, 10)])
@pytest.mark.parametrize("end", [at(20, 9, 30), at(22, 12), at(25, 8), at(23, 18)])
def test_going_back_is_the_inverse(start: int, end: int) -> None:
    for written in (OFFICE, None):
        if length := promised_s(written, start, end):
            back = promised_before(written, end, length)
            assert promised_s(written, back, end) == length
            assert promised_s(written, back + 1, end) == length - 1


@pytest.mark.parametrize(
    "written", ["mon-fri", "fri-mon 08:00-18:00", "mon-fri 18:00-08:00", "mon-fri 08:00-24:30", ""]
)
def test_other_forms_are_refused(written: str) -> None:
    with pytest.raises(ContractError, match="are no hours of a week; write them as mon-fri 08:00-18:00"):
        hours(written)


def test_a_counter_is_not_overdue_on_sunday() -> None:
    contract = load_contracts()["de.duisburg.city.appointment.served.v1"]
    assert promised_s(contract.promised, at(20, 17, 50), at(22, 12)) < 3 * contract.cadence_s
    assert promised_s(contract.promised, at(20, 17, 50), at(23, 11)) > 3 * contract.cadence_s
