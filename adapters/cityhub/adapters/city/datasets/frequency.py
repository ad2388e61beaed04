"""How often data are modified, as catalogues say it.

Source of the rules: ISO 8601 repeating intervals (Project Open Data), the EU's authority table *frequency* (DCAT-AP),
the Dublin Core Collection Description Frequency Vocabulary.
"""

from __future__ import annotations

import re
from datetime import timedelta

from cityhub.sdk.contract_check import shown

_INTERVAL = re.compile(r"R/P(?:(?:\d{1,3}(?:\.\d{1,3})?)[YMWD]|T(?:\d{1,3}(?:\.\d{1,3})?)[HMS])", re.A)
_DAYS = {"Y": 365.0, "M": 365 / 12, "W": 7.0, "D": 1.0}
_SECONDS = {"H": 3_600.0, "M": 60.0, "S": 1.0}
_NAMED = {
    "TRIDECENNIAL": "R/P30Y",
    "BIDECENNIAL": "R/P20Y",
    "DECENNIAL": "R/P10Y",
    "QUINQUENNIAL": "R/P5Y",
    "QUADRENNIAL": "R/P4Y",
    "TRIENNIAL": "R/P3Y",
    "BIENNIAL": "R/P2Y",
    "ANNUAL": "R/P1Y",
    "YEARLY": "R/P1Y",
    "ANNUAL_2": "R/P6M",
    "SEMIANNUAL": "R/P6M",
    "ANNUAL_3": "R/P4M",
    "THREETIMESAYEAR": "R/P4M",
    "QUARTERLY": "R/P3M",
    "BIMONTHLY": "R/P2M",
    "MONTHLY": "R/P1M",
    "MONTHLY_2": "R/P0.5M",
    "SEMIMONTHLY": "R/P0.5M",
    "MONTHLY_3": "R/P10D",
    "THREETIMESAMONTH": "R/P10D",
    "BIWEEKLY": "R/P2W",
    "WEEKLY": "R/P1W",
    "WEEKLY_2": "R/P3.5D",
    "SEMIWEEKLY": "R/P3.5D",
    "WEEKLY_3": "R/P2.333D",
    "THREETIMESAWEEK": "R/P2.333D",
    "DAILY": "R/P1D",
    "DAILY_2": "R/PT12H",
    "12HRS": "R/PT12H",
    "TRIHOURLY": "R/PT3H",
    "BIHOURLY": "R/PT2H",
    "HOURLY": "R/PT1H",
    "30MIN": "R/PT30M",
    "15MIN": "R/PT15M",
    "10MIN": "R/PT10M",
    "5MIN": "R/PT5M",
    "1MIN": "R/PT1M",
}
_CONTINUOUS = frozenset({"CONT", "UPDATE_CONT", "CONTINUOUS"})
_NONE = frozenset({"IRREG", "IRREGULAR", "UNKNOWN", "OTHER", "NEVER", "NOT_PLANNED", "AS_NEEDED", "OP_DATPRO"})


def is_interval(text: str) -> bool:
    """Whether it is a repeating interval such as `R/P1M`."""
    return _INTERVAL.fullmatch(text) is not None


def is_continuous(text: str | None) -> bool:
    """Whether data are said to change all the time."""
    return text is not None and _name(text) in _CONTINUOUS


def period(text: str | None) -> timedelta | None:
    """Of an interval, or a name of one of the tables, whatever its address. None: nobody says, or it has none.

    A year has 365 days and a month a twelfth of them; of more than a day whole days count.

    Raises:
        ValueError: it is neither.
    """
    if not text or (name := _name(text)) in _NONE | _CONTINUOUS:
        return None
    interval = _NAMED.get(name, text)
    if not is_interval(interval):
        raise ValueError(
            f"accrualPeriodicity: {shown(text)} is neither irregular nor an interval such as R/P1M or MONTHLY"
        )
    number, unit = interval[3:-1], interval[-1]
    if number.startswith("T"):
        return timedelta(seconds=float(number[1:]) * _SECONDS[unit])
    days = float(number) * _DAYS[unit]
    return timedelta(days=int(days) if days >= 1 else days)


def _name(text: str) -> str:
    return text.strip().rstrip("/").rpartition("/")[2].rpartition("#")[2].upper()
