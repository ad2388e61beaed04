"""A portal by hand: publications of DATEX II 2.3, a few lines each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cityhub.adapters.kit.fact import Fact, Reading
from cityhub.adapters.roadworks.mapping import reader
from cityhub.adapters.roadworks.source import WBD_ROADWORKS

NOW = datetime.fromisoformat("2026-11-20T12:00:00+01:00")
WAY = "<affectedCarriagewayAndLanes><carriageway>{}</carriageway>{}</affectedCarriagewayAndLanes>"
POINT = "<locationForDisplay><latitude>{}</latitude><longitude>{}</longitude></locationForDisplay>"
ENDED = "<management><lifeCycleManagement><end>true</end></lifeCycleManagement></management>"
CANCELLED = "<management><lifeCycleManagement><cancel>true</cancel></lifeCycleManagement></management>"


def day(number: int, hour: int = 7) -> str:
    """An instant of November 2026, local time."""
    return f"2026-11-{number:02d}T{hour:02d}:00:00+01:00"


def record(
    id_: str = "B1",
    *,
    version: str = "1",
    created: str = day(1),
    changed: str = "",
    status: str = "definedByValidityTimeSpec",
    start: str = day(10),
    end: str = day(15),
    kind: str = "MaintenanceWorks",
    where: str = POINT.format("51.43", "6.76"),
    more: str = "",
) -> str:
    """A situation with one record; `changed` is `created` unless it is said."""
    return f"""<situation id="S-{id_}" version="1"><situationRecord xsi:type="{kind}" id="{id_}" version="{version}">
      <situationRecordCreationTime>{created}</situationRecordCreationTime>
      <situationRecordVersionTime>{changed or created}</situationRecordVersionTime>
      <validity><validityStatus>{status}</validityStatus><validityTimeSpecification>
        <overallStartTime>{start}</overallStartTime><overallEndTime>{end}</overallEndTime>
      </validityTimeSpecification></validity>
      <groupOfLocations xsi:type="Point">{where}</groupOfLocations>{more}
    </situationRecord></situation>"""


def publication(at: str, *records: str, method: str = "snapshot") -> bytes:
    """Of an instant."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
    <d2LogicalModel xmlns="http://datex2.eu/schema/2/2_0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
    <exchange><subscription><updateMethod>{method}</updateMethod></subscription></exchange>
    <payloadPublication xsi:type="SituationPublication" lang="de"><publicationTime>{at}</publicationTime>
    {"".join(records)}</payloadPublication></d2LogicalModel>""".encode()


class Reader:
    """WBD's feed, with what it remembers."""

    def __init__(self) -> None:
        self.memory: dict[str, bytes] = {}
        self.last = Reading()

    def read(self, body: bytes, now: datetime = NOW) -> list[Fact]:
        """What a publication tells."""
        self.last = reader(WBD_ROADWORKS)(body, self.memory, now)
        for key, left in self.last.memory.items():
            if left is None:
                del self.memory[key]
            else:
                self.memory[key] = left
        return list(self.last.facts)

    def told(self, body: bytes, now: datetime = NOW) -> list[tuple[str, str, str]]:
        """Subject, verb, local time."""
        return [brief(fact) for fact in self.read(body, now)]


def brief(fact: Fact) -> tuple[str, str, str]:
    """Subject, verb, local time of a fact."""
    return fact.subject, fact.type.split(".")[4], fact.time.astimezone(NOW.tzinfo).isoformat()


def data(fact: Fact, *names: str) -> Mapping[str, Any]:
    """Some of what a fact says."""
    return {name: fact.data.get(name) for name in names}
