"""The port's AIS receiver: docs/adapters/duisport-vessels.md. Of each stay there are the reports that tell it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache, reduce
from operator import xor
from typing import TypeAlias

import pyais
from msgspec import Struct

from cityhub.adapters.duisport.vessels.berths import Berth, load_berths
from cityhub.sandbox.city.served.endpoint import City, Served
from cityhub.sandbox.city.streams.story import Told, happens
from cityhub.sandbox.city.traffic import lot

_STREAMS = ("vessels",)
_Fields: TypeAlias = dict[str, str | int | float | bytes | bool]
_AROUND = timedelta(hours=1)
"""Reports of a stay lie no further from what they tell."""
_RIVER = (51.4450, 6.7250)
_MOORED, _UNDER_WAY = 5, 0
_STATION_S = 180
_NO_MESSAGE = b"!AIVDM,1,1,,B,,0*25"


class Line(Struct, frozen=True):
    """A sentence and when the receiver hands it over."""

    due: datetime
    text: bytes


def _send(city: City, since: datetime | None, now: datetime) -> Iterator[bytes]:
    """What is handed over in [since, now), in that order; without `since` all of the history."""
    begin = now - city.chronicle.history(_STREAMS[0]) if since is None else since - _AROUND
    told = city.chronicle.between(_STREAMS, begin, now + _AROUND)
    lines = (
        line
        for one in told
        for line in _lines(city.seed, one.type.split(".")[4], one.data["stay"], _berth(one), one.time)
    )
    due = [line for line in lines if line.due < now and (since is None or since <= line.due)]
    due += _station(now - _AROUND if since is None else since, now)
    return (line.text for line in sorted(due, key=lambda line: line.due))


def _station(since: datetime, now: datetime) -> Iterator[Line]:
    """The base station says every three minutes that it is there."""
    second = -int(-since.timestamp() // _STATION_S) * _STATION_S
    while (at := datetime.fromtimestamp(second, UTC)) < now:
        said: _Fields = {"type": 4, "mmsi": 2_110_000, "lat": _RIVER[0], "lon": _RIVER[1]}
        sentence = pyais.encode_dict(said, talker_id="AI", sentence_type="VDM", radio_channel="B")[0]
        yield Line(at, _tagged(at, sentence.encode()))
        second += _STATION_S


def _tells(told: Sequence[Told]) -> list[Told]:
    """Who listens from then on does not know when those came that already lie there, and tells nothing of them."""
    came = {one.data["stay"] for one in told if one.type.endswith(".arrived.v1")}
    return [one for one in told if one.data["stay"] in came]


def _berth(told: Told) -> Berth:
    return next(one for one in load_berths() if one.berth == told.data.get("berth", ""))


@lru_cache(maxsize=50_000)
def _lines(seed: int, verb: str, stay: str, berth: Berth, moment: datetime) -> tuple[Line, ...]:
    chance = lot(seed, "ais", stay, verb)
    here, near = (berth.lat, berth.lon), (berth.lat + 0.0010, berth.lon + 0.0004)
    way = [(0, here, 1.8), (180, near, 4.1), (360, _RIVER, 7.2)]
    if verb == "arrived":
        way = [(-600, _RIVER, 7.4), (-240, near, 3.2), (0, here, 0.3), (180, here, 0.1), (360, here, 0.0)]
        if happens(chance, 0.3):  # a wake moves it, and the antenna is wrong by a few boats
            way += [(1200, near if happens(chance, 0.5) else here, 1.4), (1380, here, 0.0)]
    mmsi = 200_000_000 + int(stay, 16) % 100_000_000
    found: list[Line] = []
    for second, place, knots in way:
        at = moment + timedelta(seconds=second)
        late = timedelta(seconds=50 if second == 180 and happens(chance, 0.2) else 0)  # noqa: PLR2004 - decides nothing
        text = _tagged(at, _position(mmsi, place, knots, chance))
        found += (Line(at + late, one) for one in (text, *_dirt(at, text, mmsi, chance)))
    return tuple(found)


def _position(mmsi: int, place: tuple[float, float], knots: float, chance: random.Random) -> bytes:
    """Message 1; smaller boats send 18."""
    lat, lon = (value + chance.uniform(-0.0001, 0.0001) for value in place)
    status = _MOORED if knots < 0.5 else _UNDER_WAY  # noqa: PLR2004
    small = mmsi % 5 == 0
    said: _Fields = {"mmsi": mmsi, "lat": round(lat, 6), "lon": round(lon, 6), "speed": knots, "course": 211.0}
    kind: _Fields = {"type": 18} if small else {"type": 1, "status": status}
    return pyais.encode_dict(said | kind, talker_id="AI", sentence_type="VDM", radio_channel="A")[0].encode()


def _dirt(at: datetime, text: bytes, mmsi: int, chance: random.Random) -> Iterator[bytes]:
    """What a receiver hands over besides: names in two parts, nothing, damage, a second receiver's copy."""
    if happens(chance, 0.1):
        said: _Fields = {"type": 5, "mmsi": mmsi, "shipname": f"SIM {mmsi}", "ship_type": 79, "draught": 2.1}
        parts = pyais.encode_dict(said, talker_id="AI", sentence_type="VDM", radio_channel="B", seq_id=mmsi % 10)
        yield from (_tagged(at, part.encode()) for part in parts)
    if happens(chance, 0.1):
        yield _NO_MESSAGE
    if happens(chance, 0.03):
        yield text[:-20] + bytes([text[-20] ^ 1]) + text[-19:]
    if happens(chance, 0.1):
        yield text


def _tagged(at: datetime, sentence: bytes) -> bytes:
    """With receiver and its clock in front (NMEA 4.0 tag block)."""
    tags = f"s:SIM,c:{int(at.timestamp())}".encode()
    return b"\\%s*%02X\\%s" % (tags, reduce(xor, tags), sentence)


SERVED = Served(
    feed="duisport.vessels",
    streams=_STREAMS,
    send=_send,
    tells=_tells,
    refused=("checksum", "no_payload"),
)
