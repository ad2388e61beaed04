"""What every peer shares: the task, the decoded event, the sums, and the two marks between which CPU time is taken.

Scripts run as files in environments of their own, so this module knows no library but msgspec and the standard one.
The task comes as JSON in the environment variable `BENCH_TASK`. On standard output the lines `#ready` (everything is
imported, no client exists) and `#done <records>` (every record is in the sums, and in the store where there is one)
tell the harness when to read the clock; rows are written after that.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec


class Data(msgspec.Struct, gc=False):
    power_dw: int
    fault: bool


class Event(msgspec.Struct, gc=False):
    """The fields that the KPI needs; the decoder skips the others."""

    subject: str
    time: datetime
    data: Data


decode = msgspec.json.Decoder(Event).decode


class Task(NamedTuple):
    """Attributes:
    events: how many records the topic holds; the drain ends with the last one.
    rows: CSV file to write.
    scratch: an empty folder for whatever the system keeps.
    by: `lamp` or `borough`; peers know lamps only.
    """

    bootstrap: str
    username: str
    password: str
    topic: str
    events: int
    group: str
    rows: str
    scratch: str
    by: str

    @property
    def python_client(self) -> dict[str, Any]:
        """Keyword arguments of aiokafka and kafka-python."""
        return {
            "bootstrap_servers": self.bootstrap,
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "PLAIN",
            "sasl_plain_username": self.username,
            "sasl_plain_password": self.password,
            "group_id": self.group,
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "max_poll_records": 4_000,
        }

    @property
    def librdkafka(self) -> dict[str, Any]:
        """Settings of librdkafka's login."""
        return {
            "bootstrap.servers": self.bootstrap,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "PLAIN",
            "sasl.username": self.username,
            "sasl.password": self.password,
        }


class Sums:
    """Count, power and faults per (lamp, minute) in a dictionary: the plainest form of the work."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, int], list[int]] = {}
        self.records = 0

    def add(self, value: bytes) -> None:
        event = decode(value)
        second = int(event.time.timestamp())
        key = event.subject, second - second % 60
        data = event.data
        found = self._rows.get(key)
        if found is None:
            self._rows[key] = [1, data.power_dw, data.fault]
        else:
            found[0] += 1
            found[1] += data.power_dw
            found[2] += data.fault
        self.records += 1

    def rows(self) -> Iterable[tuple[str, int, int, int, int]]:
        return ((lamp, minute, *map(int, sums)) for (lamp, minute), sums in self._rows.items())


def task() -> Task:
    return Task(**json.loads(os.environ["BENCH_TASK"]))


def ready() -> None:
    _say("#ready")


def done(records: int) -> None:
    _say(f"#done {records}")


def write(where: Task, rows: Iterable[tuple[str, int, int, int, int]]) -> None:
    """Hand the result to the oracle."""
    with open(where.rows, "w", newline="") as file:  # noqa: PTH123 - scripts stay plain
        out = csv.writer(file)
        out.writerow(["place", "minute", "n", "power_dw", "faults"])
        out.writerows(rows)


def _say(line: str) -> None:
    sys.stdout.write(f"\n{line}\n")
    sys.stdout.flush()
