"""The open data portal: a catalogue that repeats itself becomes what happened to each data set."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from cityhub.adapters.city.datasets.mapping import read
from cityhub.adapters.city.datasets.source import INVENTORIED, MODIFIED, PUBLISHED
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.fact import Reading

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ENTRY = {
    "@type": "dcat:Dataset",
    "identifier": "baeume",
    "title": "Bäume",
    "accessLevel": "public",
    "issued": "2024-03-01",
    "modified": "2026-11-12",
    "accrualPeriodicity": "R/P1M",
    "%modified": "2026-11-12T10:15:00+0100",
    "contactPoint": {"fn": "Frau Muster", "hasEmail": "mailto:muster@example.org"},
}


def told(*entries: dict[str, Any], memory: dict[str, bytes] | None = None) -> Reading:
    kept = [{name: value for name, value in entry.items() if value is not None} for entry in entries]
    return read(msgspec.json.encode({"dataset": kept}), memory or {}, NOW)


def test_a_modified_data_set_is_fresh_until_its_period_is_over() -> None:
    """2026-11-12 is local midnight, 30 days later there is no summer time either."""
    (fact,) = told(ENTRY).facts
    assert (fact.type, fact.subject, fact.time) == (MODIFIED, "baeume", datetime(2026, 11, 12, 9, 15, tzinfo=UTC))
    assert fact.data == {
        "dataset": "baeume",
        "published": True,
        "modified_at": "2026-11-11T23:00:00Z",
        "fresh_until": "2026-12-11T23:00:00Z",
    }


def test_contacts_are_in_no_event() -> None:
    assert "uster" not in repr(told(ENTRY))


@pytest.mark.parametrize(
    ("change", "type_"),
    [
        ({"issued": "2026-11-12"}, PUBLISHED),
        ({"issued": "2026-11-12", "accessLevel": "non-public"}, MODIFIED),
        ({"issued": "2026-11-12", "modified": "2026-10-01", "accessLevel": "restricted public"}, INVENTORIED),
        ({"modified": "2026-10-01"}, INVENTORIED),
        ({"modified": "R/P1D"}, MODIFIED),
        ({"modified": "2026-11-11T22:59:59Z"}, INVENTORIED),
        ({"modified": "2026-11-12T22:59:59Z"}, MODIFIED),
    ],
)
def test_what_happened_is_what_has_the_day_of_the_change(change: dict[str, str], type_: str) -> None:
    (fact,) = told(ENTRY | change).facts
    assert (fact.type, fact.data["published"]) == (type_, "accessLevel" not in change)


@pytest.mark.parametrize(
    ("period", "fresh_until"),
    [
        ("R/P1Y", "2027-11-11T23:00:00Z"),
        ("R/P3M", "2027-02-10T23:00:00Z"),
        ("R/P1W", "2026-11-18T23:00:00Z"),
        ("R/P0.5M", "2026-11-26T23:00:00Z"),
        ("R/P3.5D", "2026-11-14T23:00:00Z"),
        ("R/P0.5D", "2026-11-12T11:00:00Z"),
        ("R/PT1H", "2026-11-12T00:00:00Z"),
        ("R/PT30M", "2026-11-11T23:30:00Z"),
        ("irregular", None),
        (None, None),
        ("http://publications.europa.eu/resource/authority/frequency/MONTHLY", "2026-12-11T23:00:00Z"),
        ("http://publications.europa.eu/resource/authority/frequency/ANNUAL_2", "2027-05-12T23:00:00Z"),
        ("http://publications.europa.eu/resource/authority/frequency/UPDATE_CONT", None),
        ("http://purl.org/cld/freq/semiannual", "2027-05-12T23:00:00Z"),
        ("weekly", "2026-11-18T23:00:00Z"),
    ],
)
def test_periods(period: str | None, fresh_until: str | None) -> None:
    (fact,) = told(ENTRY | {"accrualPeriodicity": period}).facts
    assert fact.data.get("fresh_until") == fresh_until


@pytest.mark.parametrize(
    ("change", "reason", "path", "detail"),
    [
        ({"accrualPeriodicity": "mostly"}, "value", "dataset[0]", "'mostly' is neither irregular nor an interval"),
        ({"accrualPeriodicity": "R/P1M1D"}, "value", "dataset[0]", "'R/P1M1D' is neither irregular nor an interval"),
        ({"modified": "12.11.2026"}, "value", "dataset[0]", "modified: '12.11.2026' is no date of ISO 8601"),
        ({"modified": "2026-10-25T02:30"}, "value", "dataset[0]", "came twice"),
        ({"accessLevel": "secret"}, "schema", "dataset[0].accessLevel", "Invalid enum value 'secret'"),
        ({"identifier": ""}, "schema", "dataset[0].identifier", "length >= 1"),
        ({"identifier": None}, "schema", "dataset[0]", "missing required field `identifier`"),
        ({"%modified": 12}, "schema", "dataset[0]", "Expected `str | null`"),
    ],
)
def test_a_bad_entry_costs_no_other(change: dict[str, Any], reason: str, path: str, detail: str) -> None:
    reading = told(ENTRY | change, ENTRY | {"identifier": "parks"})
    (reject,) = reading.rejects
    assert (reject.reason, reject.path.startswith(path), detail in reject.detail) == (reason, True, True), reject
    assert [fact.subject for fact in reading.facts] == ["parks"]


@pytest.mark.parametrize(
    ("name", "published", "code", "noted"),
    [
        ("https://www.govdata.de/dl-de/zero-2-0", True, "dl-zero-de/2.0", {}),
        ("http://creativecommons.org/licenses/by-nc/4.0/", False, "cc-by-nc/4.0", {}),
        ("https://example.org/unsere-bedingungen", True, None, {"unknown_licence": 1}),
        ("", True, None, {}),
    ],
)
def test_what_has_a_closed_licence_is_not_published_as_open_data(
    name: str, published: bool, code: str | None, noted: dict[str, int]
) -> None:
    reading = told(ENTRY | {"license": name})
    (fact,) = reading.facts
    assert (fact.data["published"], fact.data.get("licence"), reading.noted) == (published, code, noted)


def test_another_catalogue_tells_no_change_of_the_record() -> None:
    (fact,) = told(ENTRY | {"%modified": None}).facts
    assert (fact.type, fact.time) == (MODIFIED, datetime(2026, 11, 11, 23, tzinfo=UTC))
    (fact,) = told(ENTRY | {"%modified": None, "modified": "R/P1D"}).facts
    assert (fact.type, fact.time) == (PUBLISHED, datetime(2024, 2, 29, 23, tzinfo=UTC))
    reading = told(ENTRY | {"%modified": None, "modified": None, "issued": None})
    assert (list(reading.facts), reading.noted) == ([], {"undated": 1})


def test_the_same_again_is_no_news_and_absence_is_nothing() -> None:
    first = told(ENTRY, ENTRY | {"identifier": "parks"})
    memory = {key: says for key, says in first.memory.items() if says is not None}
    assert list(told(ENTRY, memory=memory).facts) == []
    later = ENTRY | {"modified": "2026-11-19", "%modified": "2026-11-19T08:00:00+0100"}
    (fact,) = told(later, memory=memory).facts
    assert fact.data["modified_at"] == "2026-11-18T23:00:00Z"


def test_other_content_at_the_same_time_is_another_event() -> None:
    versions = {told(ENTRY | change).facts[0].version for change in ({}, {"accessLevel": "non-public"})}
    assert len(versions) == 2


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"dataset": {}}', b"", b"<html>"])
def test_what_is_no_catalogue_is_a_fault(body: bytes) -> None:
    with pytest.raises(FeedFault, match="is not a catalogue of Project Open Data"):
        read(body, {}, NOW)
