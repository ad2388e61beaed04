"""What reading transit costs: GTFS, GTFS-RT and VDV-454 in XML, beside the obvious library alone.

Run by `make bench`. One JSON line per way, per second of CPU; asserts the answers only. TRANSIT_TRIPS changes the size.
"""

from __future__ import annotations

import csv
import io
import json
import os
import time
import zipfile
from collections.abc import Callable

import polars as pl
from google.transit.gtfs_realtime_pb2 import FeedMessage
from lxml import etree

from cityhub.adapters.dvv.transit.gtfs import parse_gtfs
from cityhub.adapters.dvv.transit.gtfs_rt import parse_updates
from cityhub.adapters.dvv.transit.vdv_xml import parse_packet
from tests.unit.adapters.dvv.transit.feeds import FRIDAY, TABLES, gtfs, stop, update, updates
from tests.unit.adapters.dvv.transit.test_vdv_xml import AUS

TRIPS = int(os.environ.get("TRANSIT_TRIPS", "20000"))
STOPS = 25
"""Of a trip. One trip in ten is of the wanted agency, as in a timetable of the whole region."""


def measure(name: str, body: bytes, records: int, ways: dict[str, Callable[[], int]]) -> None:
    """Each way, with what it found."""
    found = set()
    for way, read in ways.items():
        begun = time.process_time()
        found.add(read())
        took = time.process_time() - begun
        figures = {"records_s": round(records / took), "mb_s": round(len(body) / took / 1e6, 1)}
        print(json.dumps({"format": name, "way": way} | figures))
    assert len(found) == 1, found


def timetable() -> bytes:
    """Stop times of a region."""
    names = [f"{'T' if number % 10 == 0 else 'X'}{number}" for number in range(TRIPS)]
    trips = "".join(f"{'R901,FR' if name[0] == 'T' else 'R1,DAILY'},{name},\n" for name in names)
    times = "".join(
        f"{name},{clock},{clock},de:05112:{at * 37 + number % 997}::1,{at}\n"
        for number, name in enumerate(names)
        for at in range(STOPS)
        for clock in [f"{5 + number % 19}:{at * 2:02}:{number % 60:02}"]
    )
    stops = "".join(f"de:05112:{number}::1,Halt {number},\n" for number in range(STOPS * 37 + 997))
    heads = {table: TABLES[f"{table}.txt"].partition("\n")[0] + "\n" for table in ("trips", "stop_times", "stops")}
    return gtfs(trips=heads["trips"] + trips, stop_times=heads["stop_times"] + times, stops=heads["stops"] + stops)


def _csv_alone(body: bytes) -> int:
    """Rows of the wanted trips, as texts."""
    with zipfile.ZipFile(io.BytesIO(body)).open("stop_times.txt") as file:
        rows = csv.DictReader(io.TextIOWrapper(file, "utf-8", newline=""))
        return sum(1 for row in rows if row["trip_id"][0] == "T")


def _polars_alone(body: bytes) -> int:
    """The whole table in memory, filtered."""
    content = zipfile.ZipFile(io.BytesIO(body)).read("stop_times.txt")
    return pl.read_csv(content, infer_schema=False).filter(pl.col("trip_id").str.starts_with("T")).height


def test_gtfs() -> None:
    body = timetable()
    ways = {
        "ours, one agency of two": lambda: sum(
            len(trip.stop_times) for trip in parse_gtfs(body, [FRIDAY], ["DVG"]).trips.values()
        ),
        "csv.DictReader alone": lambda: _csv_alone(body),
        "polars alone, all in memory": lambda: _polars_alone(body),
    }
    measure("gtfs", body, TRIPS * STOPS, ways)


def test_gtfs_rt() -> None:
    body = updates(*(update("T1", stop(10, departure_delay=20)) for _ in range(TRIPS // 2))).SerializeToString()
    known = parse_gtfs(gtfs(), [FRIDAY])
    ways = {
        "ours": lambda: len(parse_updates(body, known, None, whole=True).trips),
        "bindings alone": lambda: len(FeedMessage.FromString(body).entity),
    }
    measure("gtfs-rt", body, TRIPS // 2, ways)


def test_vdv_xml() -> None:
    begin, end = AUS.index(b"<AUSNachricht"), AUS.index(b"</vdv:")
    body = AUS[:begin] + AUS[begin:end] * (TRIPS // 10) + AUS[end:]
    ways = {
        "ours": lambda: len(parse_packet(body).actual),
        "lxml alone": lambda: sum(1 for _ in etree.fromstring(body).iter("{*}IstFahrt")),
    }
    measure("vdv454-xml", body, 5 * (TRIPS // 10), ways)
