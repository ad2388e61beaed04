"""An answer of OAI-PMH 2.0 to ListRecords in oai_dc: its shape, nothing else. Abstracts, titles and names are not read.

Source of the form: Open Archives Initiative, protocol version 2.0.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.json_items import Id, Instant
from cityhub.adapters.formats.xml_items import (
    Element,
    attribute,
    first,
    local,
    parse_records,
    parse_xml,
    records,
    value,
)
from cityhub.adapters.kit.reject import Reject

_DAY = len("2026-11-20")
_MAX_TOKEN = 4_000
_NOTHING_NEW, _EXPIRED = "noRecordsMatch", "badResumptionToken"

Texts = Annotated[tuple[str, ...], Meta(max_length=1_000)]


class Record(Struct, frozen=True):
    """One record. Attributes: changed = its datestamp; what a deleted one was is not said any more."""

    id: Id
    changed: Instant
    deleted: bool
    dates: Texts
    rights: Texts
    subjects: Texts


class Answer(Struct, frozen=True):
    """A page.

    Attributes:
        at: the repository's clock. token: of the next page, "" for none. expired: our token is not known any more.
    """

    at: datetime
    token: str
    expired: bool
    records: list[tuple[str, Record]]
    rejects: list[Reject]


def parse(body: bytes) -> Answer:
    """The page, its well-formed records with their paths, the others.

    Raises:
        FeedFault: `parse`, `too_many_values`, or `refused` with the repository's error.
    """
    root = parse_xml(body, "an answer of OAI-PMH")
    error, page = first(root, "error"), first(root, "ListRecords")
    if local(str(root.tag)) != "OAI-PMH" or (error is None and page is None):
        raise FeedFault("parse", "the answer is XML, but neither ListRecords nor an error of OAI-PMH")
    code = None if error is None else attribute(error, "code")
    if error is not None and code not in {_NOTHING_NEW, _EXPIRED}:
        raise FeedFault("refused", f"the repository answered {code!r}: {(error.text or '').strip()[:200]}")
    token = value(root, "ListRecords/resumptionToken") or ""
    if len(token) > _MAX_TOKEN:
        raise FeedFault("parse", f"the resumptionToken has {len(token)} characters, it may have {_MAX_TOKEN}")
    found, rejects = parse_records([] if page is None else records(page, "record"), _read, Record)
    return Answer(_instant(value(root, "responseDate")), token, code == _EXPIRED, found, rejects)


def _read(record: Element) -> dict[str, object]:
    header = first(record, "header")
    return {
        "id": value(record, "header/identifier"),
        "changed": _stamp(value(record, "header/datestamp")),
        "deleted": header is not None and attribute(header, "status") == "deleted",
        "dates": _texts(record, "date"),
        "rights": _texts(record, "rights"),
        "subjects": _texts(record, "subject"),
    }


def _stamp(written: str | None) -> str | None:
    """Repositories count in seconds or in days of UTC."""
    return f"{written}T00:00:00Z" if written and len(written) == _DAY else written


def _texts(record: Element, name: str) -> tuple[str, ...]:
    found = ((one.text or "").strip() for one in record.iterfind(f"{{*}}metadata/{{*}}dc/{{*}}{name}"))
    return tuple(text for text in found if text)


def _instant(written: str | None) -> datetime:
    try:
        return msgspec.convert(written, Instant)
    except msgspec.ValidationError as error:
        raise FeedFault("parse", f"responseDate is {written!r}; an answer of OAI-PMH has one, in UTC") from error
