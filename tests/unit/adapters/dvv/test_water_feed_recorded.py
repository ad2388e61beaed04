"""A recorded month of MSCONS."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from cityhub.adapters.dvv.water_feed.mapping import read
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats import edifact, mscons
from tests.unit.adapters.dvv.mscons import INLET, NOW, quantity, told


@pytest.fixture
def recorded(recordings: Path) -> bytes:
    """A month of quarters of an hour of an electricity meter (never part of the project)."""
    return (recordings.parent / "energy" / "mscons-load-curve.edi").read_bytes()


def as_water(body: bytes) -> bytes:
    """Its location and register are ours."""
    return body.replace(b"US0001062600000001000000022345671", INLET.encode()).replace(b"1-1?:1.10.0", b"8-0?:1.29.0")


def test_the_recorded_month_is_read_value_by_value(recorded: bytes) -> None:
    """Counted and added up with a regular expression and a pocket calculator: 2 976 values, 680.282 in all."""
    (message,) = edifact.parse(recorded).messages
    (series,) = mscons.series(message)
    assert mscons.decimal_mark(recorded) == ","
    assert (series.location, series.register) == ("US0001062600000001000000022345671", "1-1:1.10.0")
    assert {value.qualifier for value in series.values} == {"220"}
    amounts = [Decimal(value.amount.replace(",", ".")) for value in series.values]
    assert (len(amounts), sum(amounts)) == (2976, Decimal("680.282"))


def test_the_recorded_month_is_no_water_and_nothing_of_it_is_told(recorded: bytes) -> None:
    found = read("x", recorded, {}, NOW)
    assert (told(found), found.rejects, found.noted) == ([], [], {"other_location": 1})


def test_the_recorded_month_has_seventy_three_values_that_have_no_quarter_of_an_hour(recorded: bytes) -> None:
    """Counted with a regular expression: each day has 20:00 to 20:16 and on to 20:30, three days have 1:30 to 1:55 and
    on to 2:00, the 20th has 13:45 to 15:00, 16:45 to 16:00 and three quarters after 16:00 twice. No day is whole."""
    found = read("x", as_water(recorded), {}, NOW)
    assert [reject.reason for reject in found.rejects] == ["value"] * (31 * 2 + 3 * 2 + 2 + 3)
    assert sum("told before" in reject.detail for reject in found.rejects) == 3
    assert (told(found), found.noted) == ([], {"incomplete_day": 31})


def mended(body: bytes) -> bytes:
    """Each value has the time of its place."""
    begin = datetime(2015, 11, 30, 23, tzinfo=UTC)
    head, *quantities = body.split(b"QTY+")
    times = re.compile(rb"DTM\+163:.*?'DTM\+164:.*?'")
    for number, one in enumerate(quantities):
        _, start, end = quantity(number, "", begin=begin)
        quantities[number] = times.sub(f"{start}'{end}'".encode(), one)
    return b"QTY+".join([head, *quantities])


def test_the_recorded_month_mended_and_as_water_is_a_day_a_day(recorded: bytes) -> None:
    """The 8th by hand: 36.705; all days, each rounded, with a regular expression: 678."""
    found = read("x", mended(as_water(recorded)), {}, NOW)
    assert (found.rejects, found.noted) == ([], {})
    volumes = {one["period"]: one["volume_m3"] for one in told(found)}
    assert (len(volumes), sum(volumes.values())) == (31, 678)
    days = ("2015-12-01", "2015-12-08", "2015-12-22", "2015-12-29")
    assert [volumes[day] for day in days] == [11, 37, 0, 41]


def test_the_recorded_month_is_refused_where_it_is_miscounted_or_cut(recorded: bytes) -> None:
    found = read("x", as_water(recorded).replace(b"UNT+8942", b"UNT+8941"), {}, NOW)
    assert (told(found), [one.reason for one in found.rejects]) == ([], ["message"])
    with pytest.raises(FeedFault, match="no complete EDIFACT interchange"):
        read("x", as_water(recorded)[:-20], {}, NOW)
