"""Facts that cannot be events are refused by name."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx

from cityhub.adapters.fact import Fact, utc
from cityhub.adapters.feed import Stamp
from cityhub.adapters.register import Register
from cityhub.adapters.reject import Reject
from cityhub.adapters.roadworks.source import WBD_ROADWORKS
from cityhub.sdk.contract import load_contracts

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BEFORE_ALL = datetime.fromisoformat("0001-01-01T00:00:00+14:00")


def test_an_instant_that_utc_cannot_say_is_no_crash() -> None:
    stamp = Stamp(WBD_ROADWORKS, load_contracts(), Register(httpx.AsyncClient(), "", lambda: NOW), synthetic=False)
    type_ = "de.duisburg.wbd.roadwork.closed.v1"
    data = {"owner": "wbd", "mode": "car", "lat": 51.4, "lon": 6.7, "status": "closed"}
    data |= {"valid_from": utc(NOW), "valid_to": utc(BEFORE_ALL)}
    refused = [
        stamp.event(Fact(type=type_, time=time, subject="B1", key=("B1",), data=data, path="record[0]"), NOW)
        for time in (NOW, BEFORE_ALL)
    ]
    assert [(one.reason, one.path) for one in refused if isinstance(one, Reject)] == [
        ("contract", "record[0]"),
        ("envelope", "record[0]"),
    ]
    assert isinstance(refused[0], Reject)
    assert "valid_to: '0001-01-01T00:00:00+14:00 in UTC' is no instant" in refused[0].detail
