"""AIS sentences of one vessel at one berth."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import xor

import pyais

from cityhub.adapters.duisport.vessels.berths import load_berths
from cityhub.adapters.duisport.vessels.mapping import read
from cityhub.adapters.duisport.vessels.source import ARRIVED, DEPARTED
from cityhub.adapters.kit.adapter import Known
from cityhub.adapters.kit.fact import Reading

BEGAN = datetime(2026, 11, 26, 6, tzinfo=UTC)
NOW = BEGAN + timedelta(days=2)
BERTH = load_berths()[3]
HERE, RIVER = (BERTH.lat, BERTH.lon), (51.4450, 6.7250)
MMSI = 211_234_567
BASIN = load_berths()[-1]


def sentence(place: tuple[float, float] = HERE, knots: float = 0.0, *, mmsi: int = MMSI, kind: int = 1) -> bytes:
    said = {"type": kind, "mmsi": mmsi, "lat": place[0], "lon": place[1], "speed": knots, "shipname": "MS MUELLER"}
    return pyais.encode_dict(said, talker_id="AI", sentence_type="VDM")[0].encode()


def tagged(minute: float, body: bytes) -> bytes:
    tags = f"s:x,c:{int((BEGAN + timedelta(minutes=minute)).timestamp())}".encode()
    return b"\\%s*%02X\\%s" % (tags, reduce(xor, tags), body)


def report(minute: float, place: tuple[float, float] = HERE, knots: float = 0.0, *, mmsi: int = MMSI) -> bytes:
    return tagged(minute, sentence(place, knots, mmsi=mmsi))


def heard(*lines: bytes, known: Known | None = None, now: datetime = NOW) -> Reading:
    return read(lines, known or Known("", {}), now)


def after(reading: Reading, known: Known | None = None) -> Known:
    memory: Mapping[str, bytes | None] = {**(known.memory if known else {}), **reading.memory}
    return Known(reading.cursor or "", {key: body for key, body in memory.items() if body is not None})


def told(reading: Reading) -> list[tuple[str, float]]:
    """What happened, minutes after the beginning."""
    words = {ARRIVED: "arrived", DEPARTED: "departed"}
    return [(words[fact.type], (fact.time - BEGAN).total_seconds() / 60) for fact in reading.facts]


FIRST = report(0, RIVER, 8.0, mmsi=211_000_001)
"""Another vessel: listening begins with it."""
COMES = [report(30, RIVER, 7.0), report(40), report(43), report(46)]
LEAVES = [report(90, HERE, 2.0), report(93, RIVER, 6.0), report(96, RIVER, 7.0)]


def summed(body: bytes) -> bytes:
    """With its checksum."""
    return b"!%s*%02X" % (body, reduce(xor, body))


def damaged(line: bytes) -> bytes:
    return line[:-10] + bytes([line[-10] ^ 1]) + line[-9:]
