"""The input of lamp-kpi-1m: lamps that report power and faults, with the faults of a real stream. All synthetic.

Deterministic in `Load`: the same load gives the same bytes on every machine and day, because events carry a fixed
date and topics keep the arrival times that are given here (see `topic.py`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import NamedTuple

from msgspec import Struct, structs

from cityhub.sdk import codec
from cityhub.sdk.event import Event, make_event

TYPE = "de.duisburg.imd.lamp.measured.v1"
SOURCE = "//imd/lamps"
START_S = int(datetime(2026, 11, 20, 16, tzinfo=UTC).timestamp())
LATENESS_S = 120
"""As in `contracts/`: what arrives more than this after its minute's end is late."""
LATEST_S = 600
"""Nothing is older than this at its arrival, so that a peer that must drop late events need not drop one."""
_PERIOD_S = 30
_RESENT, _LATE, _DISORDERED = 0.01, 0.001, 0.02
_RESENT_WITHIN_S, _DISORDER_S = 60, 10
_WATTS_MAX_DW = 2_500
_FAULTY = 0.02


class Load(Struct, frozen=True):
    """How much is sent.

    Attributes:
        events: records, re-sent ones included.
        lamps: each reports every 30 s of event time.
    """

    events: int
    lamps: int = 10_000
    seed: int = 7


class Sent(NamedTuple):
    """One record as it arrives.

    Attributes:
        number: the reading; a re-sent record repeats it.
        power_dw: tenths of a watt.
    """

    number: int
    lamp: int
    time_s: int
    power_dw: int
    fault: bool
    arrival_ms: int
    resent: bool


def records(load: Load) -> Iterator[Sent]:
    """All records in order of arrival."""
    random = Random(load.seed)  # noqa: S311 - must repeat
    rate = load.lamps / _PERIOD_S
    recent: deque[Sent] = deque(maxlen=max(1, int(_RESENT_WITHIN_S * rate * (1 - 2 * _RESENT))))
    for number in range(load.events):
        arrival_ms = START_S * 1000 + int(number * 1000 / rate)
        if recent and random.random() < _RESENT:
            yield recent[random.randrange(len(recent))]._replace(arrival_ms=arrival_ms, resent=True)
        else:
            recent.append(_reading(random, number, number % load.lamps, arrival_ms))
            yield recent[-1]


def _reading(random: Random, number: int, lamp: int, arrival_ms: int) -> Sent:
    luck = random.random()
    delay_s = 0
    if luck < _LATE:
        delay_s = random.randint(LATENESS_S + 60, LATEST_S)
    elif luck < _LATE + _DISORDERED:
        delay_s = random.randint(1, _DISORDER_S)
    power = random.randrange(_WATTS_MAX_DW)
    return Sent(number, lamp, arrival_ms // 1000 - delay_s, power, random.random() < _FAULTY, arrival_ms, resent=False)


def event_of(sent: Sent, subject: str = "") -> Event:
    """The hub's event of a record, as a door writes it; a re-sent record gives the same event again.

    Args:
        subject: empty → the lamp's name.
    """
    moment = datetime.fromtimestamp(sent.time_s, UTC)
    event = make_event(
        type_=TYPE,
        source=SOURCE,
        natural_key=(str(sent.number),),
        version="1",
        subject=subject or lamp_name(sent.lamp),
        time=moment,
        recorded_at=moment,
        data={"power_dw": sent.power_dw, "fault": sent.fault},
        synthetic=True,
    )
    return structs.replace(event, borough=borough_of(sent.lamp), registerversion="1")


def encoded(sent: Sent) -> tuple[bytes, bytes]:
    """(key, value) as they stand in the topic."""
    event = event_of(sent)
    return event.partitionkey.encode(), codec.encode(event)


def lamp_name(lamp: int) -> str:
    return f"L{lamp}"


def borough_of(lamp: int) -> str:
    return f"STB{lamp % 7 + 1:02}"
