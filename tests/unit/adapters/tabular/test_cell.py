"""What stands in a cell of a workbook, as a CSV would have it; the rest is in `test_workbook`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from cityhub.adapters.tabular.cell import Use, text

DATE, SHARE, PERCENT = Use(instant=True), Use(whole=Decimal(1)), Use(whole=Decimal(100))


@pytest.mark.parametrize(
    ("value", "number_format", "use", "written"),
    [
        (None, "General", Use(), ""),
        (" x\n", "@", Use(), "x"),
        (True, "General", Use(), "ja"),
        (False, "General", Use(), "nein"),
        (1e14, "General", Use(), "100000000000000"),
        (-0.5, "0.00", Use(), "-0,5"),
        (-0.5, "0.00", Use(mark="."), "-0.5"),
        (7, "000", Use(), "007"),
        (-7, "000", Use(), "-7"),
        (0.075, "0.0%", PERCENT, "7,5"),
        (0.075, "0.0%", SHARE, "0,075"),
        (0.075, '0.000" %"', Use(), "0,075"),
        (0.075, r"0.000\%", Use(), "0,075"),
        (1, "[Red]0%", PERCENT, "100"),
        (date(2026, 10, 1), "dd.mm.yyyy", DATE, "01.10.2026"),
        (datetime(2026, 10, 1, 8, 5, tzinfo=UTC), "dd.mm.yyyy hh:mm", DATE, "01.10.2026 08:05"),
        (datetime(2026, 10, 1, 8, 4, 59, 999_600, tzinfo=UTC), "dd.mm.yyyy hh:mm", DATE, "01.10.2026 08:05"),
        (datetime(2026, 10, 1, 8, 5, 7, tzinfo=UTC), "dd.mm.yyyy hh:mm", DATE, "01.10.2026 08:05:07"),
    ],
)
def test_what_a_cell_says(value: Any, number_format: str, use: Use, written: str) -> None:
    assert text(value, number_format, use) == written


@pytest.mark.parametrize(
    ("value", "use", "why"),
    [
        (datetime.max.replace(tzinfo=UTC), DATE, "is no date that a table can hold"),
        (1e15, Use(), "Excel keeps 15 digits"),
        (float("inf"), Use(), "Excel keeps 15 digits"),
        (float("nan"), Use(), "Excel keeps 15 digits"),
        (b"x", Use(), "bytes is nothing that a table holds"),
    ],
)
def test_what_a_cell_cannot_say(value: Any, use: Use, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        text(value, "General", use)
