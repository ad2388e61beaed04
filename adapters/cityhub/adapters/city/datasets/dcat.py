"""A catalogue in DCAT-AP.de as RDF/XML, Turtle or JSON-LD: its shape, nothing else. Who is responsible is never read.

Source of the form: DCAT-AP.de 3.0; pages as Hydra names them. Nothing is ever fetched: a DOCTYPE and a `@context` that
lies elsewhere are refused, the size is bounded, because a statement costs 25 to 50 µs.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
from lxml import etree
from msgspec import Meta, Struct
from rdflib import Graph, Namespace
from rdflib.namespace import DCAT, DCTERMS, FOAF, RDF
from rdflib.plugins.parsers.jsonld import to_rdf
from rdflib.term import BNode, Node

from cityhub.adapters.city.datasets.ckan import is_public
from cityhub.adapters.city.datasets.entry import Entry, instant
from cityhub.adapters.city.datasets.frequency import is_continuous, period
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.json_items import parse_json
from cityhub.adapters.formats.xml_items import parse_xml
from cityhub.adapters.kit.reject import Reject
from cityhub.sdk.contract_check import shown

MAX_MARKS = 400_000
"""More than this is hostile: about 100 000 statements."""
_HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
_BASE = "http://catalogue.invalid/"
"""Of relative addresses, which nobody follows."""
_XML = re.compile(rb"\s*<(?:\?xml|!|(?:[A-Za-z_][\w.-]*:)?RDF[\s>])")
_JSON = re.compile(rb"\s*(?:\{|\[\s*[\{\[\"])")
_PAGE = re.compile(r"[?&]page=(\d{1,8})(?:[&#]|\Z)", re.A)
_MARKS = (b"<", b'"', b",", b";", b"{", b"[", b"(", b"\n")
_CONTEXT, _IMPORT = "@context", "@import"
_json = msgspec.json.Decoder()


class Dataset(Struct, frozen=True, kw_only=True):
    """An entry, as it is written. Attributes: changed: of its catalogue record."""

    identifier: Annotated[str, Meta(min_length=1, max_length=250)]
    access_rights: str | None
    changed: str | None
    issued: str | None
    modified: str | None
    periodicity: str | None
    licences: tuple[str, ...]

    def entry(self) -> Entry:
        """Raises: ValueError: a date or a period is none."""
        return Entry(
            identifier=self.identifier,
            public=is_public(self.access_rights),
            changed=instant("modified of the record", self.changed),
            issued=instant("issued", self.issued),
            modified=instant("modified", self.modified),
            continuous=is_continuous(self.periodicity),
            period=period(self.periodicity),
            licences=self.licences,
        )


class Catalogue(Struct, frozen=True):
    """An answer. Attributes: next_page: its number, None where it is the last one."""

    datasets: list[tuple[str, Dataset]]
    rejects: list[Reject]
    next_page: int | None


def parse(body: bytes) -> Catalogue:
    """The well-formed entries with their addresses, in the order of these, the others, and what comes after them.

    Raises:
        FeedFault: `parse` or `too_many_values`.
    """
    graph = _graph(body.removeprefix(b"\xef\xbb\xbf"))
    datasets: list[tuple[str, Dataset]] = []
    rejects: list[Reject] = []
    for node in sorted(set(graph.subjects(RDF.type, DCAT.Dataset)), key=str):
        path = f"dataset[{node}]"
        try:
            datasets.append((path, msgspec.convert(_said(graph, node), Dataset)))
        except msgspec.ValidationError as error:
            what, _, where = str(error).partition(" - at `$")
            rejects.append(Reject("schema", f"{path}{where.rstrip('`')}", what))
    if not datasets and not rejects and not set(graph.subjects(RDF.type, DCAT.Catalog)):
        raise FeedFault("parse", "the answer is RDF, but neither a dcat:Catalog nor a dcat:Dataset is in it")
    return Catalogue(datasets, rejects, _next_page(graph))


def _graph(body: bytes) -> Graph:
    if sum(map(body.count, _MARKS)) > MAX_MARKS:
        raise FeedFault("too_many_values", f"the answer has more than {MAX_MARKS} marks; ask for it in pages")
    logging.getLogger("rdflib").setLevel(logging.CRITICAL)  # it tells a traceback of each date that is none
    graph = Graph(bind_namespaces="none")
    try:
        if _XML.match(body):
            root = parse_xml(body, "a catalogue of DCAT-AP")
            graph.parse(data=etree.tostring(root, encoding="utf-8"), format="xml", publicID=_BASE)
        elif _JSON.match(body):
            to_rdf(_without_remote(parse_json(body, _json, "a catalogue of DCAT-AP")), graph, base=_BASE)
        else:
            graph.parse(data=body.decode("utf-8"), format="turtle", publicID=_BASE)
    except FeedFault:
        raise
    except Exception as error:  # its parsers raise whatever they stumble over
        text = " ".join(str(error).split())
        raise FeedFault("parse", f"the answer is no RDF: {type(error).__name__}: {text[:200]}") from error
    return graph


def _without_remote(document: Any) -> Any:
    """JSON-LD as it is. Raises: FeedFault: its context, or a part of it, would have to be fetched."""
    waiting = [document]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            context = one.get(_CONTEXT)
            elsewhere = [
                part for part in (context if isinstance(context, list) else [context]) if isinstance(part, str)
            ]
            if elsewhere or _IMPORT in one:
                where = shown(elsewhere[0] if elsewhere else one[_IMPORT])
                raise FeedFault("parse", f"{_CONTEXT} {where} is never fetched; the catalogue must hold it itself")
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return document


def _said(graph: Graph, node: Node) -> dict[str, object]:
    distributions = list(graph.objects(node, DCAT.distribution))
    licences = {str(one) for part in (node, *distributions) for one in graph.objects(part, DCTERMS.license)}
    address = None if isinstance(node, BNode) else str(node)
    records = graph.subjects(FOAF.primaryTopic, node)
    said = {
        "identifier": _text(graph.objects(node, DCTERMS.identifier)) or address,
        "access_rights": _text(graph.objects(node, DCTERMS.accessRights)),
        "changed": _text(one for record in records for one in graph.objects(record, DCTERMS.modified)),
        "issued": _text(graph.objects(node, DCTERMS.issued)),
        "modified": _text(graph.objects(node, DCTERMS.modified)),
        "periodicity": _text(graph.objects(node, DCTERMS.accrualPeriodicity)),
    }
    return {**said, "licences": sorted(licences)}


def _text(found: Iterable[Node]) -> str | None:
    """The last of the texts, by their order: the newest of dates."""
    return max((text for one in found if (text := str(one).strip())), default=None)


def _next_page(graph: Graph) -> int | None:
    for name in ("next", "nextPage"):
        for _, address in graph.subject_objects(_HYDRA[name]):
            found = _PAGE.search(str(address))
            if not found:
                text = f"hydra:{name} is {shown(str(address))}"
                raise FeedFault("parse", f"{text}; it must have a parameter page=<number>")
            return int(found[1])
    return None
