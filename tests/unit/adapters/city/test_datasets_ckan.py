"""The open data portal as a CKAN."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import pytest

from cityhub.adapters.city.datasets.client import connect
from cityhub.adapters.city.datasets.mapping import read_ckan
from cityhub.adapters.city.datasets.source import INVENTORIED, MODIFIED, PUBLISHED
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.fact import Reading
from tests.unit.adapters.asked import NOW, Asked
from tests.unit.adapters.conformance.spoiling import spoilers

PACKAGE: dict[str, Any] = {
    "id": "b5882a57",
    "name": "baeume",
    "title": "Bäume",
    "author": "Frau Muster",
    "maintainer_email": "muster@example.org",
    "type": "dataset",
    "state": "active",
    "private": False,
    "metadata_created": "2024-03-01T08:00:00.000001",
    "metadata_modified": "2026-11-12T09:15:00.123456",
    "license_id": "http://dcat-ap.de/def/licenses/dl-zero-de/2.0",
    "extras": [
        {"key": "modified", "value": "2026-11-12"},
        {"key": "frequency", "value": "http://publications.europa.eu/resource/authority/frequency/MONTHLY"},
        {"key": "contributorID", "value": ["http://dcat-ap.de/def/contributors/duisburg"]},
    ],
    "resources": [{"url": "https://example.org/baeume.csv", "last_modified": "2026-10-01T00:00:00"}],
}


def package(id_: str = "b5882a57", **more: Any) -> dict[str, Any]:
    return {name: value for name, value in {**PACKAGE, "id": id_, **more}.items() if value is not None}


def body(*packages: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"success": True, "result": {"count": len(packages), "results": packages}})


def told(*packages: dict[str, Any]) -> Reading:
    return read_ckan("", body(*packages), {}, NOW)


class Portal:
    """Attributes: packages: what is in it. at_once: more is not handed over, whatever is asked for."""

    def __init__(self, *packages: dict[str, Any], at_once: int = 3) -> None:
        self.packages = list(packages)
        self.at_once = at_once

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = request.url.params
        assert request.url.path == "/api/3/action/package_search"
        assert asked["sort"] == "metadata_modified asc, id asc"
        since = re.search(r"metadata_modified:\[(\S+)Z TO \*\]", asked.get("fq", ""))
        found = [one for one in self.packages if not since or one["metadata_modified"][:23] >= since[1]]
        found.sort(key=lambda one: (one["metadata_modified"], one["id"]))
        page = found[int(asked["start"]) :][: min(self.at_once, int(asked["rows"]))]
        return httpx.Response(200, json={"success": True, "result": {"count": len(found), "results": page}})


URL = "https://portal.example/api/3/action?fq=organization:stadt-duisburg"


def test_an_entry_says_what_that_of_a_data_json_says() -> None:
    (fact,) = told(package()).facts
    assert (fact.type, fact.subject, fact.time) == (MODIFIED, "b5882a57", datetime(2026, 11, 12, 9, 15, 0, 123456, UTC))
    assert fact.data == {
        "dataset": "b5882a57",
        "published": True,
        "modified_at": "2026-11-11T23:00:00Z",
        "fresh_until": "2026-12-11T23:00:00Z",
        "licence": "dl-zero-de/2.0",
    }
    assert "uster" not in repr(fact)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"private": True}, {"published": False}),
        ({"state": "deleted"}, {"published": False}),
        (
            {"access_rights": "http://publications.europa.eu/resource/authority/access-right/RESTRICTED"},
            {"published": False},
        ),
        (
            {"access_rights": "http://publications.europa.eu/resource/authority/access-right/PUBLIC"},
            {"published": True},
        ),
        ({"access_rights": "Keine Beschränkungen"}, {"published": True}),
        ({"license_id": "cc-nc"}, {"published": False, "licence": "cc-by-nc"}),
        ({"license_id": None, "license_url": "https://www.govdata.de/dl-de/by-2-0"}, {"licence": "dl-by-de/2.0"}),
        (
            {"license_id": "notspecified", "resources": [{"license": "http://dcat-ap.de/def/licenses/cc-zero"}]},
            {"licence": "cc-zero"},
        ),
        ({"identifier": "baum-1"}, {"dataset": "baum-1"}),
        ({"extras": [{"key": "guid", "value": "guid-1"}]}, {"dataset": "guid-1"}),
        ({"modified": "2026-11-01"}, {"modified_at": "2026-10-31T23:00:00Z"}),
        ({"extras": []}, {"modified_at": "2026-10-01T00:00:00Z", "dataset": "b5882a57"}),
        ({"frequency": "weekly"}, {"fresh_until": "2026-11-18T23:00:00Z"}),
    ],
)
def test_where_its_fields_stand(change: dict[str, Any], said: dict[str, Any]) -> None:
    (fact,) = told(package(**change)).facts
    assert {name: fact.data.get(name) for name in said} == said


def test_when_a_record_was_changed_is_not_when_the_data_were() -> None:
    """Half the portals import their records anew each night."""
    (fact,) = told(package(extras=[], resources=[], metadata_modified="2026-11-20T01:00:00")).facts
    assert (fact.type, fact.data) == (
        INVENTORIED,
        {"dataset": "b5882a57", "published": True, "licence": "dl-zero-de/2.0"},
    )
    (fact,) = told(package(extras=[], metadata_created="2026-11-12T08:00:00")).facts
    assert fact.type == PUBLISHED


def test_bad_entries_cost_no_other_and_what_is_no_data_set_is_counted() -> None:
    reading = told(
        package(metadata_modified="gestern"),
        package("x", resources={}),
        package("s", type="showcase"),
        package("ok"),
        package("m", modified="12.11.2026"),
        package("f", frequency="manchmal"),
        package("l", license_id="unsere-lizenz"),
        package("u", metadata_modified=None, metadata_created=None, extras=[], resources=[]),
    )
    assert [(one.reason, one.path) for one in reading.rejects] == [
        ("schema", "results[1].resources"),
        ("value", "results[0]"),
        ("value", "results[4]"),
        ("value", "results[5]"),
    ]
    assert [fact.subject for fact in reading.facts] == ["ok", "l"]
    assert reading.noted == {"no_dataset": 1, "unknown_licence": 1, "undated": 1}


async def test_pages_are_walked_by_time_of_change_and_the_next_round_begins_there() -> None:
    portal = Portal(*(package(f"d-{n:02d}", metadata_modified=f"2026-11-12T09:{n:02d}:00.000001") for n in range(8)))
    asked = Asked(connect, URL, portal)
    assert [fact.subject for fact in await asked.facts()] == [f"d-{n:02d}" for n in range(8)]
    assert asked.urls[0].params["fq"] == "(organization:stadt-duisburg)"
    asked.urls.clear()
    assert await asked.facts() == []
    (url,) = asked.urls
    assert url.params["fq"] == "(organization:stadt-duisburg) AND metadata_modified:[2026-11-12T09:07:00.000Z TO *]"
    portal.packages[0] = package("d-00", metadata_modified="2026-11-20T00:00:00", modified="2026-11-19")
    assert [fact.data["modified_at"] for fact in await asked.facts()] == ["2026-11-18T23:00:00Z"]


async def test_what_is_changed_while_pages_are_walked_hides_no_other() -> None:
    portal = Portal(*(package(f"d-{n:02d}", metadata_modified=f"2026-11-12T09:{n:02d}:00.000001") for n in range(8)))
    pages = 0

    def changing(request: httpx.Request) -> httpx.Response:
        nonlocal pages
        answer, pages = portal(request), pages + 1
        if pages == 1:
            portal.packages[0] = package("d-00", metadata_modified="2026-11-20T00:00:00.000001")
        return answer

    told_of = [fact.subject for fact in await Asked(connect, URL, changing).facts()]
    assert set(told_of) == {f"d-{n:02d}" for n in range(8)}
    assert told_of.count("d-00") == 2


async def test_many_that_were_imported_at_once_are_counted_through() -> None:
    portal = Portal(*(package(f"d-{n:02d}") for n in range(8)))
    asked = Asked(connect, URL, portal)
    assert len(await asked.facts()) == 8
    assert await asked.facts() == []


async def test_a_clock_that_is_ahead_hides_nothing_that_follows() -> None:
    portal = Portal(*(package(f"d-{n}", metadata_modified=f"2027-01-0{n}T00:00:00.000001") for n in range(1, 6)))
    asked = Asked(connect, URL, portal)
    assert len(await asked.facts()) == 5
    portal.packages.append(package("neu", metadata_modified="2026-11-26T12:00:01"))
    assert [fact.subject for fact in await asked.facts()] == ["neu"]


@pytest.mark.parametrize(
    ("answer", "reason", "said"),
    [
        ({"success": False, "error": {"__type": "Validation Error", "rows": ["x"]}}, "refused", "Validation Error"),
        ({"success": False}, "refused", "it said nothing"),
        ({"success": True}, "refused", "it said nothing"),
        ({"success": True, "result": {"count": -1, "results": []}}, "parse", "result.count"),
        ({"success": True, "result": {"results": []}}, "parse", "result"),
        ({"dataset": []}, "parse", "is not an answer of CKAN"),
    ],
)
def test_answers_that_cannot_be_used_are_faults(answer: object, reason: str, said: str) -> None:
    with pytest.raises(FeedFault, match=said) as caught:
        read_ckan("", msgspec.json.encode(answer), {}, NOW)
    assert caught.value.reason == reason


async def test_a_portal_that_counts_wrongly_ends_all_the_same() -> None:
    asked = Asked(
        connect, URL, lambda _: httpx.Response(200, json={"success": True, "result": {"count": 9, "results": []}})
    )
    assert await asked.facts() == []


def test_spoilt_answers_are_faults_or_rejects_and_never_more() -> None:
    good = body(*(package(f"d-{n}") for n in range(5)))
    outcomes: list[str] = []
    for spoil in spoilers():
        try:
            outcomes.append("rejects" if read_ckan("", spoil(good), {}, NOW).rejects else "read")
        except FeedFault as fault:
            outcomes.append(fault.reason)
    assert len(outcomes) == len(spoilers())
    assert outcomes.count("read") < len(outcomes) // 2
