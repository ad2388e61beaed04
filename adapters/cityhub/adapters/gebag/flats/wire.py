"""OpenImmo 1.2.7 as far as it tells of flats: its shape, nothing else. Prices, contacts and addresses are not read.

The XSD belongs to OpenImmo e. V.; this is a tolerant reader of names, not a validation.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.json_items import Id
from cityhub.adapters.formats.xml_items import (
    Element,
    attribute,
    first,
    number,
    parse_records,
    parse_xml,
    records,
    value,
)
from cityhub.adapters.formats.zip_file import only_member
from cityhub.adapters.kit.local_time import from_local
from cityhub.adapters.kit.reject import Reject

_ZIP = b"PK"
_MAX_VALUES = 2_000_000
"""A whole stock of 13,000 flats comes in one file, or absence would mean nothing: 150 tags and attributes for each."""
_DAY = len("2026-11-20")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")

Condition = Literal[
    "ERSTBEZUG",
    "TEIL_VOLLRENOVIERUNGSBED",
    "NEUWERTIG",
    "TEIL_VOLLSANIERT",
    "TEIL_VOLLRENOVIERT",
    "TEIL_SANIERT",
    "VOLL_SANIERT",
    "SANIERUNGSBEDUERFTIG",
    "BAUFAELLIG",
    "NACH_VEREINBARUNG",
    "MODERNISIERT",
    "GEPFLEGT",
    "ROHBAU",
    "ENTKERNT",
    "ABRISSOBJEKT",
    "PROJEKTIERT",
]


class Flat(Struct, frozen=True):
    """An `immobilie` whose `objektart` is `wohnung`, or that is deleted.

    Attributes:
        obid: openimmo_obid. number: objektnr_intern, the owner's own. area: wohnflaeche in m².
        modernised_in: letztemodernisierung, a year.
    """

    obid: Id
    action: Literal["NEW", "CHANGE", "REFERENZ", "DELETE"]
    number: Id | None = None
    area: Annotated[float, Meta(gt=0, lt=100_000)] | None = None
    condition: Condition | None = None
    modernised_in: Annotated[str, Meta(pattern=r"^(19|20)\d\d$")] | None = None
    stand: date | None = None


class Transmission(Struct, frozen=True):
    """A file.

    Attributes:
        whole: umfang VOLL: what is not in it is gone. flats: in the order of the file, with their paths.
        there: ids of all objects in it, also of those that are refused or no flats.
    """

    at: datetime
    whole: bool
    flats: list[tuple[str, Flat]]
    there: frozenset[str]
    rejects: list[Reject]
    noted: Counter[str]


def parse(body: bytes) -> Transmission:
    """What a file holds, a zip or the XML itself.

    Raises:
        FeedFault: `zip`, `parse` or `too_many_values`.
    """
    root = parse_xml(only_member(body, ".xml") if body.startswith(_ZIP) else body, "OpenImmo", _MAX_VALUES)
    head = first(root, "uebertragung")
    extent = None if head is None else (attribute(head, "umfang") or "").upper()
    if head is None or extent not in {"VOLL", "TEIL"}:
        raise FeedFault("parse", f"uebertragung has umfang {extent!r}; OpenImmo says VOLL or TEIL")
    noted: Counter[str] = Counter()
    mode = (attribute(head, "modus") or "").upper()
    objects = list(records(root, "immobilie"))
    ours = [(path, one) for path, one in objects if _is_ours(one, mode, noted)]
    flats, rejects = parse_records(ours, lambda one: _read(one, mode), Flat)
    ids = [value(one, "verwaltung_techn/openimmo_obid") for _, one in objects]
    whole = extent == "VOLL" and bool(ids) and None not in ids
    noted.update(["absence_not_judged"] if extent == "VOLL" and not whole else [])
    return Transmission(
        _instant(attribute(head, "timestamp")), whole, flats, frozenset(filter(None, ids)), rejects, noted
    )


def _is_ours(one: Element, mode: str, noted: Counter[str]) -> bool:
    if _action(one, mode) != "DELETE" and first(one, "objektkategorie/objektart/wohnung") is None:
        noted["not_a_flat"] += 1
        return False
    return True


def _action(one: Element, mode: str) -> str:
    """What the object says, else what the file says of all, else it is new."""
    said = first(one, "verwaltung_techn/aktion")
    return (attribute(said, "aktionart") or "" if said is not None else "").upper() or mode or "NEW"


def _read(one: Element, mode: str) -> dict[str, object]:
    condition = first(one, "zustand_angaben/zustand")
    stand = value(one, "verwaltung_techn/stand_vom")
    return {
        "obid": value(one, "verwaltung_techn/openimmo_obid"),
        "action": _action(one, mode),
        "number": value(one, "verwaltung_techn/objektnr_intern"),
        "area": number(value(one, "flaechen/wohnflaeche")),
        "condition": None if condition is None else (attribute(condition, "zustand_art") or "").upper() or None,
        "modernised_in": _year(value(one, "zustand_angaben/letztemodernisierung")),
        "stand": stand and stand[:_DAY],
    }


def _year(written: str | None) -> str | None:
    """The year in `2024`, `05/2024` or `2024-05-03`; where there is none, or several, the text stays, to be refused."""
    found = _YEAR.findall(written or "")
    return found[0] if len(found) == 1 else written


def _instant(written: str | None) -> datetime:
    """Without an offset it is local time."""
    try:
        moment = msgspec.convert((written or "").strip(), datetime)
        return moment if moment.tzinfo else from_local(moment)
    except (ValueError, OverflowError) as error:
        rule = "a file of OpenImmo has one, in the hour that comes twice with its offset"
        raise FeedFault("parse", f"uebertragung has timestamp {written!r}: {error}; {rule}") from error
