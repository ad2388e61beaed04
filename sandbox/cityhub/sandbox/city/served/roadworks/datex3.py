"""DATEX II 3: a SituationPublication."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cityhub.sandbox.city.served.roadworks.publication import Shown, local

_LANE = "<loc:lane><loc:laneUsage>busLane</loc:laneUsage></loc:lane>"
_WAYS = {
    "car": "<loc:carriageway>mainCarriageway</loc:carriageway>",
    "transit": f"<loc:carriageway>mainCarriageway</loc:carriageway>{_LANE}",
    "bike": "<loc:carriageway>cycleTrack</loc:carriageway>",
    "foot": "<loc:carriageway>footpath</loc:carriageway>",
}
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<d2:payload xmlns:d2="http://datex2.eu/schema/3/d2Payload" xmlns:com="http://datex2.eu/schema/3/common"
 xmlns:loc="http://datex2.eu/schema/3/locationReferencing" xmlns:sit="http://datex2.eu/schema/3/situation"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="sit:SituationPublication" lang="de"
 modelBaseVersion="3">
<com:publicationTime>{at}</com:publicationTime>
<com:publicationCreator><com:country>de</com:country><com:nationalIdentifier>DE-SIM-Duisburg</com:nationalIdentifier>
</com:publicationCreator>
"""
_TAIL = "</d2:payload>\n"
_SITUATION = """<sit:situation id="{id}-s"><sit:situationVersionTime>{changed}</sit:situationVersionTime>
<sit:headerInformation><com:confidentiality>noRestriction</com:confidentiality>
<com:informationStatus>real</com:informationStatus></sit:headerInformation>
<sit:situationRecord xsi:type="sit:MaintenanceWorks" id="{id}" version="{version}">
<sit:situationRecordCreationTime>{created}</sit:situationRecordCreationTime>
<sit:situationRecordVersionTime>{changed}</sit:situationRecordVersionTime>
<sit:probabilityOfOccurrence>certain</sit:probabilityOfOccurrence>
<sit:validity><com:validityStatus>{status}</com:validityStatus>
<com:validityTimeSpecification><com:overallStartTime>{start}</com:overallStartTime>
<com:overallEndTime>{end}</com:overallEndTime></com:validityTimeSpecification></sit:validity>
<sit:locationReference xsi:type="loc:PointLocation">
<loc:externalReferencing><loc:externalLocationCode>{area}</loc:externalLocationCode>
<loc:externalReferencingSystem>Stadtbezirke Duisburg</loc:externalReferencingSystem></loc:externalReferencing>
<loc:supplementaryPositionalDescription><loc:carriageway>{ways}</loc:carriageway></loc:supplementaryPositionalDescription>
<loc:pointByCoordinates><loc:pointCoordinates><loc:latitude>{lat}</loc:latitude><loc:longitude>{lon}</loc:longitude>
</loc:pointCoordinates></loc:pointByCoordinates></sit:locationReference>
{management}<sit:situationRecordExtension><firstOverallEndTime>{first_end}</firstOverallEndTime>
</sit:situationRecordExtension>
<sit:roadMaintenanceType>repairWork</sit:roadMaintenanceType>
</sit:situationRecord></sit:situation>
"""
_MANAGEMENT = (
    "<sit:management><sit:lifeCycleManagement><sit:{0}>true</sit:{0}></sit:lifeCycleManagement></sit:management>\n"
)


def rendered(sites: Sequence[Shown], at: datetime) -> bytes:
    """See `publication.Render`."""
    parts = [_HEAD.format(at=local(at)), *(_situation(site, at) for site in sites), _TAIL]
    return "".join(parts).encode()


def _situation(site: Shown, at: datetime) -> str:
    management = _MANAGEMENT.format(site.how_it_ended) if site.over else ""
    return _SITUATION.format(**site.words(at), ways=_WAYS[site.data["mode"]], management=management)
