"""Instants at the edges of the calendar: a partner's clock may say anything, and the feed goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from cityhub.adapters.dvv.lamps.source import AUDIO_ALERT
from cityhub.adapters.kit.fact import Fact, utc
from cityhub.adapters.kit.feed import Stamp
from cityhub.adapters.kit.register import Register
from cityhub.adapters.kit.reject import Reject
from cityhub.adapters.wbd.bins.source import LEVEL, WBD_BINS
from cityhub.sdk.conformance import violations
from cityhub.sdk.contract import load_contracts

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
EARLIEST = datetime.min.replace(tzinfo=timezone(timedelta(hours=5)))
LATEST = datetime.max.replace(tzinfo=timezone(timedelta(hours=-5)))


@pytest.mark.parametrize("time", [EARLIEST, LATEST])
async def test_what_has_no_place_in_utc_is_refused_by_name(time: datetime) -> None:
    register = Register(None, "", lambda: NOW)  # type: ignore[arg-type]
    stamp = Stamp(WBD_BINS, load_contracts(), register, synthetic=False)
    found = stamp.event(Fact(type=LEVEL, time=time, subject="bin-1", key=("k",), data={"fill": 0.5}), NOW)
    assert found == Reject("implausible_time", "k", f"{time} has no place in UTC")


@pytest.mark.parametrize("time", [EARLIEST, LATEST])
def test_in_data_it_says_so_and_no_contract_takes_it(time: datetime) -> None:
    said = utc(time)
    contract = load_contracts()[AUDIO_ALERT]
    data = {"alert": "a", "lamp": "l", "sound": "s", "confidence": 0.5}
    assert violations(contract, data | {"sounded_at": utc(NOW)}) == []
    (problem,) = violations(contract, data | {"sounded_at": said})
    assert problem.startswith("data.sounded_at")
    assert utc(NOW) == "2026-11-26T12:00:00Z"
