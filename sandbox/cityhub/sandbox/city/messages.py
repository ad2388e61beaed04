"""What the control centre reports about a trip, in the recorded form of VDV-454 AUS and REF-AUS (JSON). Pure.

As the real thing it reports changes: a full message before the start, then partial ones as values change, for the stop
that was left and a few ahead. The last value reported for a stop is what happened there. Some messages come twice, some
are sent again much later, some trips never have a full one. Some stops have no prognosis: there only what happened is
reported.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from zlib import crc32

import msgspec
from msgspec import Struct, field

from cityhub.sandbox.city.timetable import Trip
from cityhub.sandbox.city.traffic import Drive, lot

AHEAD = 4
"""Stops whose prognosis a vehicle renews when it reports."""
FULL_BEFORE_S = 600
OVERDUE_S = 20
"""A vehicle that has not left this long after its prognosis gets a new one."""
OVERTAKEN_S = 240
EARLIEST_S, LATEST_S = 2400, 3600
"""Messages of a trip lie between its planned start − EARLIEST_S and its planned end + LATEST_S."""
_TWICE, _AGAIN, _NO_FULL = 0.010, 0.005, 0.03
_WITHOUT_PROGNOSIS = 9
"""Of so many stops one has none."""


class Message(Struct, frozen=True):
    """One IstFahrt on its way.

    Attributes:
        at_ms: when the feed hands it over. `created_ms`: its Zst; earlier when it is sent again.
        stops: (place in the trip, reported departure or None).
    """

    at_ms: int
    created_ms: int
    trip: Trip
    full: bool
    cancelled: bool
    stops: tuple[tuple[int, int | None], ...]


class IstHalt(Struct):
    """As recorded."""

    halt: str = field(name="HaltID")
    planned: str | None = field(name="Abfahrtszeit")
    predicted: str | None = field(name="IstAbfahrtPrognose")
    platform: None = field(name="AbfahrtssteigText", default=None)
    no_boarding: None = field(name="Einsteigeverbot", default=None)
    arrives: str | None = field(name="Ankunftszeit", default=None)
    arrival: str | None = field(name="IstAnkunftPrognose", default=None)
    arrival_platform: None = field(name="AnkunftssteigText", default=None)
    no_alighting: None = field(name="Aussteigeverbot", default=None)
    passes: None = field(name="Durchfahrt", default=None)
    extra: None = field(name="Zusatzhalt", default=None)
    hint: None = field(name="HinweisText", default=None)


class SollHalt(Struct):
    """As recorded."""

    halt: str = field(name="HaltID")
    name: str = field(name="HaltestellenName")
    planned: str | None = field(name="Abfahrtszeit")
    platform: None = field(name="AbfahrtssteigText", default=None)
    no_boarding: None = field(name="Einsteigeverbot", default=None)
    arrives: str | None = field(name="Ankunftszeit", default=None)
    arrival_platform: None = field(name="AnkunftssteigText", default=None)
    no_alighting: None = field(name="Aussteigeverbot", default=None)
    passes: None = field(name="Durchfahrt", default=None)


def messages_of(seed: int, trip: Trip, went: Drive) -> list[Message]:
    """All messages of a trip, by the time they are handed over."""
    chance = lot(seed, trip.day, trip.id, "messages")
    if went.silent:
        return []
    original = _cancelling(chance, trip) if went.cancelled else list(_reporting(chance, trip, went))
    sent = [copy for message in original for copy in _sendings(chance, message)]
    return sorted(sent, key=lambda message: message.at_ms)


def _cancelling(chance: random.Random, trip: Trip) -> list[Message]:
    at_ms = trip.planned_s[0] * 1000 - int((300 + 2000 * chance.random()) * 1000)
    return [Message(at_ms, at_ms, trip, True, True, tuple((place, None) for place in range(len(trip.planned_s))))]


def _reporting(chance: random.Random, trip: Trip, went: Drive) -> Iterator[Message]:
    ahead_of_time = [has_prognosis(stop.id) for stop in trip.stops]
    reported: list[int | None] = [None] * len(went.departed_s)
    if chance.random() >= _NO_FULL:
        reported = [at if ahead_of_time[place] else None for place, at in enumerate(trip.planned_s[:-1])]
        at_ms = (trip.planned_s[0] - FULL_BEFORE_S) * 1000 + int(chance.random() * 60_000)
        values = (*enumerate(reported), (len(reported), trip.planned_s[-1]))
        yield Message(at_ms, at_ms, trip, True, False, values)
    for place, departed_s in enumerate(went.departed_s):
        delay_s = departed_s - trip.planned_s[place]
        last = _last_renewed(reported, place, departed_s)
        expected = [(ahead, trip.planned_s[ahead] + delay_s) for ahead in range(place, last + 1)]
        expected = [(ahead, at) for ahead, at in expected if ahead == place or ahead_of_time[ahead]]
        news = tuple((ahead, value) for ahead, value in expected if reported[ahead] != value)
        heard_ms = departed_s * 1000 + 2000 + int(chance.random() * 10_000)
        if news and (reported[place] != departed_s or reported[expected[-1][0]] != expected[-1][1]):
            at_ms = min(heard_ms, ((reported[place] or departed_s) + OVERDUE_S) * 1000)
            for ahead, value in news:
                reported[ahead] = value
            yield Message(at_ms, at_ms, trip, False, False, news)


def has_prognosis(stop: str) -> bool:
    """Whether passengers are told departures of a stop ahead of time."""
    return crc32(stop.encode()) % _WITHOUT_PROGNOSIS != 0


def _last_renewed(reported: list[int | None], place: int, departed_s: int) -> int:
    """`AHEAD` stops, and after a great loss every one whose old prognosis would pass before the next report."""
    passing = [ahead for ahead, value in enumerate(reported) if value is not None and value < departed_s + OVERTAKEN_S]
    return max([min(place + AHEAD, len(reported) - 1), *passing])


def _sendings(chance: random.Random, message: Message) -> Iterator[Message]:
    yield message
    luck = chance.random()
    if luck < _TWICE:
        yield msgspec.structs.replace(message, at_ms=message.at_ms + int(90_000 * chance.random()))
    elif luck < _TWICE + _AGAIN:
        yield msgspec.structs.replace(message, at_ms=message.at_ms + 600_000 + int(600_000 * chance.random()))


def ist_fahrt(message: Message) -> bytes:
    """The message as recorded."""
    trip = message.trip
    halts = [_ist_halt(trip, place, departs_s) for place, departs_s in message.stops]
    return _encode(
        {
            "Zst": iso(message.created_ms / 1000, trip.offset_s),
            "LinienID": trip.line.name,
            "LinienText": trip.line.name,
            "RichtungsID": str(trip.direction),
            "RichtungsText": trip.stops[-1].name if message.full else None,
            "FahrtID": {"FahrtBezeichner": trip.id, "Betriebstag": trip.day.isoformat()},
            "FahrtStartEnde": {"StartHaltID": None, "Startzeit": None, "EndHaltID": None, "Endzeit": None},
            "Komplettfahrt": "true" if message.full else "false",
            "UmlaufID": None,
            "PrognoseMoeglich": None if message.cancelled else "true",
            "FaelltAus": "true" if message.cancelled else None,
            "FahrzeugTypID": None,
            "ServiceAttributs": [],
            "IstHalts": halts,
        }
    )


def soll_fahrt(trip: Trip) -> bytes:
    """The planned trip as recorded."""
    return _encode(
        {
            "Zst": iso(trip.planned_s[0] - 86_400, trip.offset_s),
            "LinienID": trip.line.name,
            "RichtungsID": str(trip.direction),
            "BetreiberID": "Simulierte DVG",
            "LinienText": trip.line.name,
            "RichtungsText": trip.stops[-1].name,
            "VerkehrsmittelText": "Straßenbahn" if trip.line.mode == "tram" else "Bus",
            "FahrtID": {"FahrtBezeichner": trip.id, "Betriebstag": trip.day.isoformat()},
            "Zusatzfahrt": None,
            "FaelltAus": None,
            "SollHalts": [_soll_halt(trip, place) for place in range(len(trip.planned_s))],
        }
    )


@lru_cache(maxsize=8192)
def iso(moment_s: float, offset_s: int) -> str:
    """Local time with its offset, as control centres write it."""
    return datetime.fromtimestamp(moment_s, UTC).astimezone(timezone(timedelta(seconds=offset_s))).isoformat()


def _ist_halt(trip: Trip, place: int, departs_s: int | None) -> IstHalt:
    planned = iso(trip.planned_s[place], trip.offset_s)
    predicted = iso(departs_s, trip.offset_s) if departs_s is not None else None
    last = place == len(trip.planned_s) - 1
    arrives, arrival = (None, None) if place == 0 else (planned, predicted)
    return IstHalt(
        trip.stops[place].id, None if last else planned, None if last else predicted, arrives=arrives, arrival=arrival
    )


def _soll_halt(trip: Trip, place: int) -> SollHalt:
    planned = iso(trip.planned_s[place], trip.offset_s)
    stop, last = trip.stops[place], place == len(trip.planned_s) - 1
    return SollHalt(stop.id, stop.name, None if last else planned, arrives=planned if place else None)


_encode = msgspec.json.Encoder().encode
