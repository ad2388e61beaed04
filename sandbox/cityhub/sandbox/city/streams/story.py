"""How a stream is told: what happens on a local day, made into events in the order in which they are told. Pure.

Everything is a function of (seed, local day, thing), so that two runs of the city tell the same story with the same
event ids. Every event is marked synthetic.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cityhub.sandbox.city.timetable import LOCAL
from cityhub.sdk.contract import Contract, Contracts
from cityhub.sdk.event import Event, make_event

BOROUGHS = tuple(f"STB{number:02d}" for number in range(1, 8))
DAY = timedelta(days=1)


class Told(Struct, frozen=True):
    """What a stream says happened, before it becomes an event.

    Attributes:
        key: natural key in the simulated source.
        told_at: when the source says it; None = as it happens.
    """

    type: str
    time: datetime
    subject: str
    key: tuple[str, ...]
    data: dict[str, Any]
    borough: str = ""
    version: str = "1"
    told_at: datetime | None = None

    @property
    def due(self) -> datetime:
        """When it is told."""
        return self.told_at or self.time


class Stream(Struct, frozen=True):
    """One simulated source, all of whose types are on one topic.

    Attributes:
        backfill: how far back its history begins at the first start.
        of_day: what it tells on a local day, or within the first hours after it.
    """

    name: str
    backfill: timedelta
    of_day: Callable[[int, date], Iterator[Told]]


def events_between(seed: int, stream: Stream, start: datetime, end: datetime, contracts: Contracts) -> list[Event]:
    """What a stream tells in [start, end), in that order, as events that no partner's system stands between."""
    day, told = local_day(start) - DAY, list[Told]()
    while day <= local_day(end):
        told += [one for one in stream.of_day(seed, day) if start <= one.due < end]
        day += DAY
    told.sort(key=lambda one: (one.due, one.key))
    return [_event(stream, one, contracts[one.type]) for one in told]


def _event(stream: Stream, told: Told, contract: Contract) -> Event:
    key = told.subject if contract.key == "@subject" else str(told.data[contract.key[1:]])
    event = make_event(
        type_=told.type,
        source=f"//cityhub/simulated-city/{contract.partner}/{stream.name}",
        natural_key=told.key,
        version=told.version,
        subject=told.subject,
        time=told.time,
        recorded_at=told.due + timedelta(seconds=2),
        data=told.data,
        partitionkey=key,
        synthetic=True,
    )
    event = replace(event, recordedby="simulated-city/1")
    return replace(event, borough=told.borough, registerversion="simulated-1") if told.borough else event


def tell(
    type_: str,
    moment: datetime,
    subject: str,
    key: tuple[object, ...],
    data: Mapping[str, Any],
    *,
    borough: str = "",
    version: int = 1,
    told_at: datetime | None = None,
) -> Told:
    """Told of `de.duisburg.<type_>.v1`; what is None in the data is left out, a higher version of a key corrects it."""
    said = {name: value for name, value in data.items() if value is not None}
    parts = tuple(map(str, key))
    return Told(f"de.duisburg.{type_}.v1", moment, subject, parts, said, borough, str(version), told_at)


def at(day: date, seconds: float) -> datetime:
    """An instant of a local day, by wall clock seconds."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=LOCAL)
    return (midnight + timedelta(seconds=int(seconds))).astimezone(UTC)


def iso(moment: datetime) -> str:
    """As instants are written in data."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def wall_clock(moment: datetime) -> str:
    """As people in Duisburg write it: 24.11.2026 07:00."""
    return f"{moment.astimezone(LOCAL):%d.%m.%Y %H:%M}"


def local_day(moment: datetime) -> date:
    """The day of Duisburg's calendar."""
    return moment.astimezone(LOCAL).date()


def amount(chance: random.Random, usual: float, day: date) -> int:
    """How many on a day; few on Sundays."""
    share = (1.0, 1.1, 0.9, 1.0, 0.7, 0.25, 0.15)[day.weekday()]
    return max(0, round(chance.gauss(usual * share, usual**0.5)))


def winter(day: date) -> float:
    """−1 at midsummer, +1 at midwinter; a triangle is good enough."""
    from_midwinter = abs((day.timetuple().tm_yday + 10) % 365 - 182.5)
    return from_midwinter / 91.25 - 1


def happens(chance: random.Random, share: float) -> bool:
    """True in this share of cases."""
    return chance.random() < share


def pick(chance: random.Random, shares: Mapping[str, float]) -> str:
    """One of the names, by their shares."""
    return chance.choices(tuple(shares), tuple(shares.values()))[0]
