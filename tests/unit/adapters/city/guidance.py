"""A parking guidance system by hand, in its three forms, a few lines each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from cityhub.adapters.city.parking_sites.mapping import read
from cityhub.adapters.city.parking_sites.source import LISTED, OBSERVED
from cityhub.adapters.kit.fact import Fact, Reading

NOW = datetime(2026, 11, 20, 11, 7, tzinfo=UTC)
AT = "2026-11-20T12:05:00+01:00"
HEADING = "WKT;gid;bez;zufahrt;kapazitaet;b_pls_rest;b_pls_zeit;b_pls_status"


def record(
    id_: str = "P1", *, spaces: str = "560", kind: str = "UrbanParkingSite", since: str = "2026-11-01T06:00:00Z"
) -> str:
    """Of the table; its entrance stands elsewhere."""
    return f"""<parkingRecord xsi:type="{kind}" id="{id_}" version="7">
      <parkingName><values><value lang="de">Am Markt</value>
      <value lang="en">Market</value></values></parkingName><parkingNumberOfSpaces>{spaces}</parkingNumberOfSpaces>
      <parkingRecordVersionTime>{since}</parkingRecordVersionTime>
      <parkingAccess><location><pointByCoordinates><pointCoordinates><latitude>51.9</latitude><longitude>6.9</longitude>
      </pointCoordinates></pointByCoordinates></location></parkingAccess>
      <parkingLocation xsi:type="Point"><pointByCoordinates><pointCoordinates><latitude>51.4321564</latitude>
      <longitude>6.7702</longitude></pointCoordinates></pointByCoordinates></parkingLocation></parkingRecord>"""


def status(
    id_: str = "P1",
    *,
    at: str = AT,
    counted: Sequence[tuple[str, object]] = (("VacantSpaces", 412), ("OccupiedSpaces", 148)),
    state: str = "open",
    kind: str = "ParkingSiteStatus",
) -> str:
    """Of a car park."""
    parts = "".join(f"<parkingNumberOf{name}>{spaces}</parkingNumberOf{name}>" for name, spaces in counted)
    open_ = f"<parkingSiteOpeningStatus>{state}</parkingSiteOpeningStatus>" if state else ""
    return f"""<parkingRecordStatus xsi:type="{kind}"><parkingRecordReference id="{id_}" version="9"/>
      <parkingStatusOriginTime>{at}</parkingStatusOriginTime><parkingOccupancy>{parts}
      <parkingOccupancy>26.43</parkingOccupancy></parkingOccupancy>{open_}</parkingRecordStatus>"""


def two(kind: str, *records: str, at: str = AT, real: str = "real") -> bytes:
    """DATEX II 2.3. Args: kind: `Table` or `Status`."""
    inner = (
        f'<parkingTable id="T" version="1">{"".join(records)}</parkingTable>' if kind == "Table" else "".join(records)
    )
    return f"""<d2LogicalModel xmlns="http://datex2.eu/schema/2/2_0" modelBaseVersion="2"
      xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><payloadPublication xsi:type="GenericPublication" lang="de">
      <publicationTime>{at}</publicationTime><genericPublicationExtension><parking{kind}Publication><headerInformation>
      <informationStatus>{real}</informationStatus></headerInformation>{inner}</parking{kind}Publication>
      </genericPublicationExtension></payloadPublication></d2LogicalModel>""".encode()


def three(kind: str, *records: str, at: str = AT) -> bytes:
    """DATEX II 3: other namespaces, the type is the payload's."""
    inner = (
        f'<parkingTable id="T" version="1">{"".join(records)}</parkingTable>' if kind == "Table" else "".join(records)
    )
    return f"""<messageContainer xmlns="http://datex2.eu/schema/3/messageContainer" modelBaseVersion="3"
      xmlns:com="http://datex2.eu/schema/3/common" xmlns:par="http://datex2.eu/schema/3/parking"
      xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><payload xsi:type="par:Parking{kind}Publication" lang="de">
      <com:publicationTime>{at}</com:publicationTime><par:headerInformation><com:informationStatus>real
      </com:informationStatus></par:headerInformation>{inner}</payload></messageContainer>""".encode()


def line(
    id_: str = "P1",
    *,
    where: str = "POINT (6.7702 51.4321564)",
    spaces: str = "560",
    free: str = "412",
    at: str = "2026-11-20-12.05.00.000000",
    state: str = "FREI",
) -> str:
    """Of a municipal table."""
    return f'"{where}";{id_};Am Markt;"hinter ""Nr. 1""; rechts";{spaces};{free};{at};{state}'


def csv(*lines: str) -> bytes:
    """A municipal table."""
    return "\n".join([HEADING, *lines, ""]).encode()


class Reader:
    """The feed, with what it remembers."""

    def __init__(self) -> None:
        self.memory: dict[str, bytes] = {}
        self.last = Reading()

    def read(self, body: bytes, now: datetime = NOW) -> list[Fact]:
        """What an answer tells of how full car parks are."""
        return [fact for fact in self.all(body, now) if fact.type == OBSERVED]

    def listed(self, body: bytes, now: datetime = NOW) -> list[Fact]:
        """What an answer tells of which there are."""
        return [fact for fact in self.all(body, now) if fact.type == LISTED]

    def all(self, body: bytes, now: datetime) -> list[Fact]:
        """What an answer tells."""
        self.last = read(body, self.memory, now)
        for key, left in self.last.memory.items():
            if left is None:
                self.memory.pop(key, None)
            else:
                self.memory[key] = left
        return list(self.last.facts)
