"""DATEX II 2.3 and 3 as they come: codes, places, prefixes, and what is refused."""

from __future__ import annotations

import re

import pytest

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.fact import Reading
from cityhub.adapters.roadworks.mapping import reader
from cityhub.adapters.roadworks.source import CITY_ROADWORKS
from tests.unit.adapters.roadworks.portal import NOW, POINT, WAY, day, publication, record


def read(body: bytes) -> Reading:
    return reader(CITY_ROADWORKS)(body, {}, NOW)


def only(*records: str) -> dict[str, object]:
    """What the one fact says."""
    (fact,) = read(publication(day(1), *records)).facts
    return fact.data | {"borough": fact.borough}


LANE = "<lane>{}</lane>"


@pytest.mark.parametrize(
    ("ways", "mode"),
    [
        ("", "car"),
        (WAY.format("mainCarriageway", ""), "car"),
        (WAY.format("mainCarriageway", LANE.format("lane1")), "car"),
        (WAY.format("mainCarriageway", LANE.format("busLane")), "transit"),
        (WAY.format("mainCarriageway", LANE.format("busLane") + LANE.format("lane1")), "car"),
        (WAY.format("cycleTrack", ""), "bike"),
        (WAY.format("footpath", ""), "foot"),
        (WAY.format("footpath", "") + WAY.format("cycleTrack", ""), "bike"),
        (WAY.format("footpath", "") + WAY.format("mainCarriageway", ""), "car"),
        (WAY.format("serviceRoad", ""), "car"),
    ],
)
def test_who_is_hindered_most(ways: str, mode: str) -> None:
    where = (
        POINT.format("51.43", "6.76")
        + f"<supplementaryPositionalDescription>{ways}</supplementaryPositionalDescription>"
    )
    assert only(record(where=where))["mode"] == mode


LINE = "<gmlLineString><posList>51.40 6.70 51.41 6.71 51.42 6.72</posList></gmlLineString>"
INNER = "<{0}><pointCoordinates><latitude>51.5</latitude><longitude>6.8</longitude></pointCoordinates></{0}>"


@pytest.mark.parametrize(
    ("where", "place"),
    [
        (POINT.format("51.4321987654", " 6.7 "), (51.432199, 6.7)),
        (INNER.format("pointByCoordinates") + POINT.format("51.43", "6.76"), (51.43, 6.76)),
        (INNER.format("tpegPointLocation"), (51.5, 6.8)),
        (LINE, (51.41, 6.71)),
        (LINE.replace(" 51.42 6.72", ""), (51.41, 6.71)),
    ],
)
def test_where_it_is(where: str, place: tuple[float, float]) -> None:
    said = only(record(where=where))
    assert (said["lat"], said["lon"]) == place


AREA = """<externalReferencing><externalLocationCode>{}</externalLocationCode>
<externalReferencingSystem>{}</externalReferencingSystem></externalReferencing>"""


@pytest.mark.parametrize(
    ("code", "system", "borough", "noted"),
    [
        ("5", "Stadtbezirke Duisburg", "STB05", {}),
        ("8", "Stadtbezirke Duisburg", "", {"unknown_borough": 1}),
        ("5", "RIS-index", "", {}),
    ],
)
def test_the_borough_where_the_owner_says_it(code: str, system: str, borough: str, noted: dict[str, int]) -> None:
    reading = read(publication(day(1), record(where=POINT.format("51.43", "6.76") + AREA.format(code, system))))
    assert reading.facts[0].borough == borough
    assert reading.noted == noted


BAD = {
    "id": (record(""), "Expected `str` of length >= 1 - "),
    "comma": (record(where=POINT.format("51,43", "6.76")), "latitude"),
    "no place": (record(where="<alertCPoint/>"), "missing required field `latitude`"),
    "no offset": (record(end="2026-11-15T07:00:00"), "end"),
    "no date": (record(start="15.11.2026"), "start"),
    "no end": (re.sub("<overallEndTime>.*</overallEndTime>", "", record()), "missing required field `end`"),
    "status": (record(status="planned"), "status"),
    "flag": (record(more="<management><lifeCycleManagement><end>ja</end></lifeCycleManagement></management>"), "ended"),
    "instant from a number": (record(start="1763700000"), "start"),
}


@pytest.mark.parametrize(("bad", "message"), BAD.values(), ids=BAD.keys())
def test_a_bad_record_is_refused_by_name_and_its_neighbours_go_on(bad: str, message: str) -> None:
    reading = read(publication(day(1), record("B0"), bad, record("B2")))
    assert [fact.subject for fact in reading.facts] == ["B0", "B2"]
    (reject,) = reading.rejects
    assert reject.reason == "schema"
    assert reject.path.startswith("situation[1].situationRecord[0]")
    assert message.partition(" - ")[0] in f"{reject.path} {reject.detail}"


def test_other_records_and_other_than_real_ones_are_counted() -> None:
    exercise = record("B3").replace(
        "<situationRecord ",
        "<headerInformation><informationStatus>test</informationStatus></headerInformation><situationRecord ",
    )
    reading = read(
        publication(
            day(1), record(kind="ConstructionWorks"), record("B2", kind="RoadOrCarriagewayOrLaneManagement"), exercise
        )
    )
    assert [fact.subject for fact in reading.facts] == ["B1"]
    assert reading.rejects == []
    assert reading.noted == {"not_roadworks": 1, "not_real": 1}


@pytest.mark.parametrize("at", ["", "yesterday", "2026-11-20T08:00:00"])
def test_a_publication_without_its_time_cannot_be_used(at: str) -> None:
    with pytest.raises(FeedFault, match="publicationTime is "):
        read(publication(at, record()))


def test_html_and_other_xml_are_no_publication() -> None:
    for body in (b"<html/>", b"<a><situation/></a>"):
        with pytest.raises(FeedFault, match="publicationTime is None"):
            read(body)


def test_prefixes_and_versions_do_not_matter() -> None:
    """By hand: the same site in the words of version 3, wrapped as a container does."""
    plain = publication(day(1), record(where=INNER.format("pointByCoordinates")))
    prefixed = (
        re.sub(rb"<(/?)(?!\?)", rb"<\1x:", plain).replace(b" xmlns=", b" xmlns:x=").replace(b'type="', b'type="x:')
    )
    assert read(prefixed).facts == read(plain).facts
    third = f"""<mc:messageContainer xmlns:mc="http://datex2.eu/schema/3/messageContainer"
      xmlns:sit="http://datex2.eu/schema/3/situation" xmlns:com="http://datex2.eu/schema/3/common"
      xmlns:loc="http://datex2.eu/schema/3/locationReferencing" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
      <mc:payload xsi:type="sit:SituationPublication"><com:publicationTime>{day(1)}</com:publicationTime>
      <sit:situation id="S-B1"><sit:situationRecord xsi:type="sit:MaintenanceWorks" id="B1" version="1">
      <sit:situationRecordCreationTime>{day(1)}</sit:situationRecordCreationTime>
      <sit:situationRecordVersionTime>{day(1)}</sit:situationRecordVersionTime>
      <sit:validity><com:validityStatus>definedByValidityTimeSpec</com:validityStatus><com:validityTimeSpecification>
      <com:overallStartTime>{day(10)}</com:overallStartTime><com:overallEndTime>{day(15)}</com:overallEndTime>
      </com:validityTimeSpecification></sit:validity>
      <sit:locationReference xsi:type="loc:LocationGroupByList">
      <loc:locationContainedInGroup xsi:type="loc:PointLocation">
      <loc:supplementaryPositionalDescription><loc:carriageway><loc:carriageway>mainCarriageway</loc:carriageway>
      <loc:lane><loc:laneUsage>lane1</loc:laneUsage></loc:lane></loc:carriageway></loc:supplementaryPositionalDescription>
      <loc:pointByCoordinates><loc:pointCoordinates><loc:latitude>51.5</loc:latitude><loc:longitude>6.8</loc:longitude>
      </loc:pointCoordinates></loc:pointByCoordinates></loc:locationContainedInGroup></sit:locationReference>
      </sit:situationRecord></sit:situation></mc:payload></mc:messageContainer>""".encode()
    assert read(third).facts == read(plain).facts


def test_who_is_responsible_is_never_told() -> None:
    person = "<source><sourceName><values><value>Erika Mustermann, 0203 4711</value></values></sourceName></source>"
    reading = read(publication(day(1), record(more=person)))
    assert "Mustermann" not in repr(reading)
    assert len(reading.facts) == 1


def test_an_instant_beyond_the_calendar_is_no_crash() -> None:
    (fact,) = read(publication(day(1), record(end="0001-01-01T00:00:00+14:00"))).facts
    assert fact.data["valid_to"] == "0001-01-01T00:00:00+14:00 in UTC"
