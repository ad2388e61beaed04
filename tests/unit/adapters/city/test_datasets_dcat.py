"""The open data portal as a catalogue in DCAT-AP.de."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import pytest

from cityhub.adapters.city.datasets import dcat
from cityhub.adapters.city.datasets.client import connect
from cityhub.adapters.city.datasets.mapping import read_dcat
from cityhub.adapters.city.datasets.source import INVENTORIED, MODIFIED, PUBLISHED
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.fact import Reading
from tests.unit.adapters.asked import NOW, Asked
from tests.unit.adapters.conformance.spoiling import spoilers

PREFIXES = """\
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix hydra: <http://www.w3.org/ns/hydra/core#> .
@prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
@prefix eu: <http://publications.europa.eu/resource/authority/frequency/> .
@prefix access: <http://publications.europa.eu/resource/authority/access-right/> .
@prefix lic: <http://dcat-ap.de/def/licenses/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix p: <https://portal.example/dataset/> .
"""
ENTRY = """\
p:baeume a dcat:Dataset ;
  dct:identifier "baeume" ; dct:title "Bäume"@de ;
  dct:issued "2024-03-01"^^xsd:date ; dct:modified "2026-11-12"^^xsd:date ;
  dct:accrualPeriodicity eu:MONTHLY ;
  dcat:contactPoint [ vcard:fn "Frau Muster" ; vcard:hasEmail <mailto:muster@example.org> ] ;
  dcat:distribution [ a dcat:Distribution ; dct:license <http://dcat-ap.de/def/licenses/dl-by-de/2.0> ] .
<#record> a dcat:CatalogRecord ; foaf:primaryTopic p:baeume ; dct:modified "2026-11-12T10:15:00+01:00"^^xsd:dateTime .
"""
XML = """\
<?xml version="1.0" encoding="utf-8"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcat="http://www.w3.org/ns/dcat#"
  xmlns:dct="http://purl.org/dc/terms/" xmlns:foaf="http://xmlns.com/foaf/0.1/">
  <dcat:Catalog rdf:about="https://portal.example"><dcat:dataset>
    <dcat:Dataset rdf:about="https://portal.example/dataset/baeume">
      <dct:identifier>baeume</dct:identifier>
      <dct:issued>2024-03-01</dct:issued><dct:modified>2026-11-12</dct:modified>
      <dct:accrualPeriodicity rdf:resource="http://publications.europa.eu/resource/authority/frequency/MONTHLY"/>
      <dcat:distribution><dcat:Distribution rdf:about="https://portal.example/r/1">
        <dct:license rdf:resource="http://dcat-ap.de/def/licenses/dl-by-de/2.0"/>
      </dcat:Distribution></dcat:distribution>
    </dcat:Dataset>
  </dcat:dataset><dcat:record><dcat:CatalogRecord>
    <dct:modified>2026-11-12T10:15:00+01:00</dct:modified>
    <foaf:primaryTopic rdf:resource="https://portal.example/dataset/baeume"/>
  </dcat:CatalogRecord></dcat:record></dcat:Catalog>
</rdf:RDF>
"""
LINKED: dict[str, Any] = {
    "@context": {
        "dcat": "http://www.w3.org/ns/dcat#",
        "dct": "http://purl.org/dc/terms/",
        "foaf": "http://xmlns.com/foaf/0.1/",
        "dct:license": {"@type": "@id"},
        "dct:accrualPeriodicity": {"@type": "@id"},
    },
    "@graph": [
        {
            "@id": "https://portal.example/dataset/baeume",
            "@type": "dcat:Dataset",
            "dct:identifier": "baeume",
            "dct:issued": "2024-03-01",
            "dct:modified": "2026-11-12",
            "dct:accrualPeriodicity": "http://publications.europa.eu/resource/authority/frequency/MONTHLY",
            "dcat:distribution": [{"dct:license": "http://dcat-ap.de/def/licenses/dl-by-de/2.0"}],
        },
        {
            "foaf:primaryTopic": {"@id": "https://portal.example/dataset/baeume"},
            "dct:modified": "2026-11-12T10:15:00+01:00",
        },
    ],
}
TURTLE, JSON_LD = (PREFIXES + ENTRY).encode(), msgspec.json.encode(LINKED)
FORMS = {"turtle": TURTLE, "rdf/xml": XML.encode(), "json-ld": JSON_LD}
each_form = pytest.mark.parametrize("body", FORMS.values(), ids=FORMS.keys())
CATALOGUE = PREFIXES + "<https://portal.example> a dcat:Catalog .\n"


def told(turtle: str) -> Reading:
    return read_dcat("", (PREFIXES + turtle).encode(), {}, NOW)


@each_form
def test_an_entry_says_what_that_of_a_data_json_says(body: bytes) -> None:
    (fact,) = read_dcat("", body, {}, NOW).facts
    assert (fact.type, fact.subject, fact.time) == (MODIFIED, "baeume", datetime(2026, 11, 12, 9, 15, tzinfo=UTC))
    assert fact.path == "dataset[https://portal.example/dataset/baeume]"
    assert fact.data == {
        "dataset": "baeume",
        "published": True,
        "modified_at": "2026-11-11T23:00:00Z",
        "fresh_until": "2026-12-11T23:00:00Z",
        "licence": "dl-by-de/2.0",
    }


def test_contacts_are_in_no_event() -> None:
    assert "uster" not in repr(told(ENTRY))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('dct:identifier "baeume" ; ', "", {"dataset": "https://portal.example/dataset/baeume"}),
        ("dct:title", "dct:accessRights access:RESTRICTED ; dct:title", {"published": False}),
        ("dct:title", "dct:accessRights access:PUBLIC ; dct:title", {"published": True}),
        ("dl-by-de/2.0", "cc-by-nc/4.0", {"published": False, "licence": "cc-by-nc/4.0"}),
        ("dl-by-de/2.0", "meine", {"published": True, "licence": None}),
        ("eu:MONTHLY", "eu:IRREG", {"fresh_until": None}),
        ('"2026-11-12"^^xsd:date', '"2026-11-12T10:15:00Z"^^xsd:dateTime', {"modified_at": "2026-11-12T10:15:00Z"}),
        ('"2026-11-12"^^xsd:date', '"2026"^^xsd:gYear', {"modified_at": "2025-12-31T23:00:00Z"}),
        ('"2026-11-12"^^xsd:date', '"2026-11"^^xsd:gYearMonth', {"modified_at": "2026-10-31T23:00:00Z"}),
        ('"2026-11-12"^^xsd:date', '"2026-11-12", "2026-11-11"', {"modified_at": "2026-11-11T23:00:00Z"}),
    ],
)
def test_how_its_fields_are_read(old: str, new: str, said: dict[str, Any]) -> None:
    assert old in ENTRY
    (fact,) = told(ENTRY.replace(old, new)).facts
    assert {name: fact.data.get(name) for name in said} == said


def test_without_a_record_the_data_tell_when() -> None:
    (fact,) = told(ENTRY.partition("<#record>")[0]).facts
    assert (fact.type, fact.time) == (MODIFIED, datetime(2026, 11, 11, 23, tzinfo=UTC))
    (fact,) = told(ENTRY.partition("<#record>")[0].replace("dct:modified", "dct:created")).facts
    assert fact.type == PUBLISHED
    (fact,) = told(ENTRY.replace('"2026-11-12"^^xsd:date', '"2026-10-01"')).facts
    assert fact.type == INVENTORIED


def test_bad_entries_cost_no_other() -> None:
    reading = told(
        ENTRY
        + 'p:a a dcat:Dataset ; dct:modified "gestern"^^xsd:date .\n'
        + f'p:b a dcat:Dataset ; dct:identifier "{"x" * 251}" .\n'
        + "[] a dcat:Dataset .\n"
        + "p:c a dcat:Dataset .\n"
        + "p:d a dcat:DatasetSeries .\n"
    )
    assert sorted((one.reason, one.path.partition("[")[0]) for one in reading.rejects) == [
        ("schema", "dataset"),
        ("schema", "dataset"),
        ("value", "dataset"),
    ]
    assert [fact.subject for fact in reading.facts] == ["baeume"]
    assert reading.noted == {"undated": 1}


def page(number: int, following: str = "") -> bytes:
    at = f'p:d-{number} a dcat:Dataset ; dct:modified "2026-11-0{number}" .\n'
    return (CATALOGUE + at + (f"<x> a hydra:PagedCollection ; {following} .\n" if following else "")).encode()


async def test_pages_are_walked_as_hydra_names_them() -> None:
    pages = {
        None: page(1, "hydra:next <http://elsewhere.example/catalog.ttl?q=a&page=2>"),
        "2": page(2, 'hydra:nextPage "https://portal.example/catalog.ttl?page=3"'),
        "3": page(3),
    }

    def answer(request: httpx.Request) -> httpx.Response:
        assert (request.url.host, request.url.params["q"]) == ("portal.example", "duisburg")
        body = pages[request.url.params.get("page")]
        return httpx.Response(200, content=body, headers={"content-type": "text/turtle; charset=utf-8"})

    asked = Asked(connect, "https://portal.example/catalog.ttl?q=duisburg", answer)
    assert [fact.subject[-3:] for fact in await asked.facts()] == ["d-1", "d-2", "d-3"]
    assert await asked.facts() == []
    assert len(asked.urls) == 6


async def test_a_position_that_the_portal_has_forgotten_begins_anew() -> None:
    pages = {None: page(1, "hydra:next <?page=2>"), "2": page(2)}

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200, content=pages[request.url.params.get("page")], headers={"content-type": "text/turtle"}
        )

    asked = Asked(connect, "https://portal.example/catalog.ttl", answer)
    await asked.ask()
    asked.forget()
    assert [fact.subject[-3:] for fact in await asked.facts()] == ["d-2"]


@pytest.mark.parametrize(
    ("following", "said"),
    [
        ("hydra:next <?page=1>", "after page 1 the catalogue names page 1"),
        ("hydra:next <?page=-1>", "must have a parameter page"),
        ("hydra:next <?offset=100>", "must have a parameter page"),
        ("hydra:next <?page=999999999999>", "must have a parameter page"),
        ('hydra:next "https://[/?seite=2"', "must have a parameter page"),
    ],
)
def test_pages_that_lead_nowhere_are_faults(following: str, said: str) -> None:
    with pytest.raises(FeedFault, match=said):
        read_dcat("", page(1, following), {}, NOW)


REMOTE = "http://127.0.0.1:9/context.jsonld"


@pytest.mark.parametrize(
    "document",
    [
        LINKED | {"@context": REMOTE},
        LINKED | {"@context": [{"dcat": "http://www.w3.org/ns/dcat#"}, REMOTE]},
        LINKED | {"@context": {"@import": REMOTE, "@version": 1.1}},
        LINKED | {"@context": {"dcat": {"@id": "http://www.w3.org/ns/dcat#", "@context": REMOTE}}},
        LINKED | {"@context": "context.jsonld"},
        [LINKED | {"@graph": [{"@context": REMOTE, "@id": "x:y"}]}],
    ],
)
def test_a_context_that_lies_elsewhere_is_refused_and_never_fetched(
    document: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connected(*_: object) -> None:
        raise AssertionError("something was to be fetched")

    monkeypatch.setattr(socket, "create_connection", connected)
    monkeypatch.setattr(socket.socket, "connect", connected)
    with pytest.raises(FeedFault, match="is never fetched; the catalogue must hold it itself"):
        read_dcat("", msgspec.json.encode(document), {}, NOW)


BOMB = b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaa">]><rdf:RDF>&a;</rdf:RDF>'


@pytest.mark.parametrize(
    ("body", "reason", "said"),
    [
        (b"", "parse", "neither a dcat:Catalog nor a dcat:Dataset"),
        (b"<p:a> <p:b> <p:c> .", "parse", "neither a dcat:Catalog nor a dcat:Dataset"),
        (b"{}", "parse", "neither a dcat:Catalog nor a dcat:Dataset"),
        (b"Wartungsarbeiten", "parse", "is no RDF: BadSyntax"),
        (b"<html><body>Wartung</body></html>", "parse", "is no RDF"),
        (b"<rdf:RDF>", "parse", "is not a catalogue of DCAT-AP in XML"),
        (BOMB, "parse", "DOCTYPE, which is refused unread"),
        (b"{" + b'"a":{' * 100_000, "parse", "in JSON and UTF-8"),
        (b'{"@context":{"a":"x:a"},"a":' + b'{"a":' * 900 + b"1" + b"}" * 901, "parse", "is no RDF: RecursionError"),
        (PREFIXES.encode() + b"<a:a> <a:b> " + b"(" * 100_000, "parse", "is no RDF: RecursionError"),
        (PREFIXES.encode() + b"<a:a> <a:b> " + b"1," * dcat.MAX_MARKS, "too_many_values", "ask for it in pages"),
        (TURTLE.decode().encode("latin-1"), "parse", "is no RDF: UnicodeDecodeError"),
    ],
)
def test_what_is_no_catalogue_is_a_fault(body: bytes, reason: str, said: str) -> None:
    with pytest.raises(FeedFault, match=said) as caught:
        read_dcat("", body, {}, NOW)
    assert caught.value.reason == reason


def test_an_empty_catalogue_is_one() -> None:
    assert list(read_dcat("", CATALOGUE.encode(), {}, NOW).facts) == []


@each_form
def test_spoilt_answers_are_faults_or_rejects_and_never_more(body: bytes) -> None:
    outcomes: list[str] = []
    for spoil in spoilers():
        try:
            outcomes.append("rejects" if read_dcat("", spoil(body), {}, NOW).rejects else "read")
        except FeedFault as fault:
            outcomes.append(fault.reason)
    assert len(outcomes) == len(spoilers())
    assert outcomes.count("read") < len(outcomes) // 2


def test_dates_that_are_none_are_refused_without_a_word_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    reading = told('p:a a dcat:Dataset ; dct:modified "2026-13-45T99:00:00"^^xsd:dateTime .\n')
    assert [one.reason for one in reading.rejects] == ["value"]
    assert caplog.records == []
