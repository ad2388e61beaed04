"""MSCONS load curves written by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cityhub.adapters.kit.fact import Reading

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
INLET = "DE00056247051EINSPEISUNGZONE00003"
HOUSE = "DE00056247051000000000000000HAUS42"
QUARTER = timedelta(minutes=15)
BEGIN = datetime(2026, 11, 18, 23, tzinfo=UTC)
"""Midnight of 19 November in Duisburg."""


def moment(instant: datetime) -> str:
    return f"{instant:%Y%m%d%H%M}?+00:303"


def quantity(number: int, amount: str, worth: str = "220", begin: datetime = BEGIN) -> list[str]:
    start = begin + number * QUARTER
    return [f"QTY+{worth}:{amount}", f"DTM+163:{moment(start)}", f"DTM+164:{moment(start + QUARTER)}"]


def day(amount: str = "1.5", count: int = 96, begin: datetime = BEGIN, first: int = 0) -> list[str]:
    return [one for number in range(first, first + count) for one in quantity(number, amount, begin=begin)]


def interchange(
    *quantities: Sequence[str],
    location: str = INLET,
    register: str = "8-0?:1.29.0",
    function: str = "9",
    created: str = "202611200700?+01:303",
    name: str = "MSCONS",
    una: str = "",
) -> bytes:
    body = [
        f"BGM+7+X1+{function}",
        f"DTM+137:{created}",
        "NAD+MS+9903100000006::293",
        "NAD+MR+9903200000004::293",
        "UNS+D",
        "NAD+DP",
        f"LOC+172+{location}",
        "LIN+1",
        f"PIA+5+{register}:SRW",
        *(segment for group in quantities for segment in group),
    ]
    segments = [
        "UNB+UNOC:3+A:500+B:500+261120:0700+R1",
        f"UNH+1+{name}:D:04B:UN:2.4c",
        *body,
        f"UNT+{len(body) + 2}+1",
        "UNZ+1+R1",
    ]
    return (una + "'".join(segments) + "'").encode("latin-1")


def told(found: Reading) -> list[dict[str, Any]]:
    return [fact.data for fact in found.facts]
