"""DATEX II 2.3, German roadworks profile: a SituationPublication, with the prefixes of one producer or another's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from cityhub.sandbox.city.served.roadworks.publication import Render, Shown, local

_SPACE = "http://datex2.eu/schema/2/2_0"
_WAYS = {
    "car": "<{p}carriageway>mainCarriageway</{p}carriageway><{p}lane>allLanesCompleteCarriageway</{p}lane>",
    "transit": "<{p}carriageway>mainCarriageway</{p}carriageway><{p}lane>busLane</{p}lane>",
    "bike": "<{p}carriageway>cycleTrack</{p}carriageway>",
    "foot": "<{p}carriageway>footpath</{p}carriageway>",
}
_HEAD = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<{p}d2LogicalModel xmlns{colon}="{space}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" modelBaseVersion="2">
<{p}exchange><{p}supplierIdentification><{p}country>de</{p}country>
<{p}nationalIdentifier>DE-SIM-Duisburg</{p}nationalIdentifier></{p}supplierIdentification>
<{p}subscription><{p}operatingMode>operatingMode3</{p}operatingMode><{p}updateMethod>snapshot</{p}updateMethod>
</{p}subscription></{p}exchange>
<{p}payloadPublication xsi:type="{p}SituationPublication" lang="de">
<{p}publicationTime>{at}</{p}publicationTime>
<{p}publicationCreator><{p}country>de</{p}country><{p}nationalIdentifier>DE-SIM-Duisburg</{p}nationalIdentifier>
</{p}publicationCreator>
"""
_TAIL = "</{p}payloadPublication></{p}d2LogicalModel>\n"
_SITUATION = """<{p}situation id="{id}-s" version="{version}">
<{p}situationVersionTime>{changed}</{p}situationVersionTime>
<{p}headerInformation><{p}confidentiality>noRestriction</{p}confidentiality>
<{p}informationStatus>real</{p}informationStatus></{p}headerInformation>
<{p}situationRecord xsi:type="{p}{kind}" id="{id}" version="{version}">
<{p}situationRecordCreationTime>{created}</{p}situationRecordCreationTime>
<{p}situationRecordVersionTime>{changed}</{p}situationRecordVersionTime>
<{p}probabilityOfOccurrence>certain</{p}probabilityOfOccurrence>
<{p}validity><{p}validityStatus>{status}</{p}validityStatus>
<{p}validityTimeSpecification><{p}overallStartTime>{start}</{p}overallStartTime>
<{p}overallEndTime>{end}</{p}overallEndTime></{p}validityTimeSpecification></{p}validity>
<{p}groupOfLocations xsi:type="{p}Point">
<{p}externalReferencing><{p}externalLocationCode>{area}</{p}externalLocationCode>
<{p}externalReferencingSystem>Stadtbezirke Duisburg</{p}externalReferencingSystem></{p}externalReferencing>
<{p}locationForDisplay><{p}latitude>{lat}</{p}latitude><{p}longitude>{lon}</{p}longitude></{p}locationForDisplay>
<{p}supplementaryPositionalDescription><{p}affectedCarriagewayAndLanes>{ways}</{p}affectedCarriagewayAndLanes>
</{p}supplementaryPositionalDescription></{p}groupOfLocations>
{management}<{p}situationRecordExtension><{p}firstOverallEndTime>{first_end}</{p}firstOverallEndTime>
</{p}situationRecordExtension>
{work}
</{p}situationRecord>{companion}</{p}situation>
"""
_MANAGEMENT = (
    "<{p}management><{p}lifeCycleManagement><{p}{how}>true</{p}{how}></{p}lifeCycleManagement></{p}management>\n"
)
_WORK = {
    "MaintenanceWorks": "<{p}roadMaintenanceType>roadworks</{p}roadMaintenanceType>",
    "ConstructionWorks": "<{p}constructionWorkType>constructionWork</{p}constructionWorkType>",
}
_COMPANION = """
<{p}situationRecord xsi:type="{p}RoadOrCarriagewayOrLaneManagement" id="{id}-v" version="1">
<{p}situationRecordCreationTime>{created}</{p}situationRecordCreationTime>
<{p}situationRecordVersionTime>{created}</{p}situationRecordVersionTime>
<{p}complianceOption>mandatory</{p}complianceOption>
<{p}roadOrCarriagewayOrLaneManagementType>laneClosures</{p}roadOrCarriagewayOrLaneManagementType>
</{p}situationRecord>
"""


def _rendered(prefix: str, sites: Sequence[Shown], at: datetime) -> bytes:
    names = {"p": f"{prefix}:" if prefix else "", "colon": f":{prefix}" if prefix else ""}
    parts = [_HEAD.format(**names, space=_SPACE, at=local(at)), *(_situation(site, at, names["p"]) for site in sites)]
    return "".join([*parts, _TAIL.format(**names)]).encode()


def _situation(site: Shown, at: datetime, p: str) -> str:
    kind = "ConstructionWorks" if site.number % 4 == 0 else "MaintenanceWorks"
    created, companion = local(site.first.time), site.data["mode"] == "car" and site.number % 2 == 0
    return _SITUATION.format(
        **site.words(at),
        p=p,
        kind=kind,
        work=_WORK[kind].format(p=p),
        ways=_WAYS[site.data["mode"]].format(p=p),
        management=_MANAGEMENT.format(p=p, how=site.how_it_ended) if site.over else "",
        companion=_COMPANION.format(p=p, id=site.last.subject, created=created) if companion else "",
    )


prefixed: Render = partial(_rendered, "ns2")
plain: Render = partial(_rendered, "")
