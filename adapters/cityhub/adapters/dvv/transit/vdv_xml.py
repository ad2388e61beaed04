"""VDV-454 in XML as VDV-453 delivers it, read into the records of `wire`: the partner's shape, nothing else.

Source of the rules: VDV-Schrift 453 (Bestaetigung, Status, DatenAbrufenAntwort) and 454 (AUSNachricht, IstFahrt,
Linienfahrplan with SollFahrt), whatever their namespace.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import TypeAlias

import msgspec
from msgspec import Struct

from cityhub.adapters.dvv.transit import wire
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.json_items import MAX_VALUES
from cityhub.adapters.formats.xml_items import (
    Element,
    attribute,
    first,
    flag,
    local,
    parse_records,
    parse_xml,
    records,
    value,
)
from cityhub.adapters.kit.reject import Reject

MAX_PACKET_VALUES = 2 * MAX_VALUES
"""More than that in one packet is hostile: VDV-453 splits large ones (WeitereDaten)."""
_Read: TypeAlias = dict[str, object]
_Texts: TypeAlias = dict[str, str]
_OFFSET = re.compile(r"(Z|[+-][0-9]{2}:[0-9]{2})$")
_BARE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?")


class Packet(Struct, frozen=True):
    """A DatenAbrufenAntwort.

    Attributes:
        created: the partner's clock. more: WeitereDaten, further packets are waiting.
        actual, planned: trips that are well formed. rejects: the others.
    """

    created: datetime
    more: bool
    actual: list[wire.ActualTrip]
    planned: list[wire.PlannedTrip]
    rejects: list[Reject]


def parse_packet(body: bytes) -> Packet:
    """Data that were fetched.

    Raises:
        FeedFault: `too_many_values`, `parse` or `refused`.
    """
    root = _root(body, "DatenAbrufenAntwort")
    created = confirmed(root, "Bestaetigung")
    reported, referenced = list(records(root, "IstFahrt")), list(_planned(root))
    if len(reported) + len(referenced) > wire.MAX_TRIPS:
        raise FeedFault("too_many_values", f"the answer has more than {wire.MAX_TRIPS} trips; nothing of it was taken")
    actual, bad = parse_records(reported, _actual_trip, wire.ActualTrip)
    planned, worse = parse_records(referenced, _planned_trip, wire.PlannedTrip)
    more = flag(value(root, "WeitereDaten")) is True
    return Packet(created, more, [trip for _, trip in actual], [trip for _, trip in planned], bad + worse)


def parse_status(body: bytes) -> str | None:
    """When the service started (StartDienstZst): another instant than last time, and it has forgotten subscriptions.

    Raises:
        FeedFault: as `parse_packet`.
    """
    root = _root(body, "StatusAntwort")
    confirmed(root, "Status")
    return value(root, "StartDienstZst")


def parse_subscribed(body: bytes) -> None:
    """Whether every subscription was accepted: the answer has a Bestaetigung for all, or a BestaetigungMitAboID for
    each, which holds one or is one itself.

    Raises:
        FeedFault: as `parse_packet`; `refused` where one was not.
    """
    root = _root(body, "AboAntwort")
    named = [one for one in root.iterchildren("{*}BestaetigungMitAboID") if attribute(one, "Ergebnis")]
    for one in [*root.iterdescendants("{*}Bestaetigung"), *named] or [root]:
        _accepted(one)


def confirmed(root: Element, name: str) -> datetime:
    """The partner's clock; the element of that name below `root` must say ok."""
    found = first(root, name)
    if found is None:
        raise FeedFault("parse", f"the answer has no {name}; nothing of it was taken")
    return _accepted(found).created


def _accepted(element: Element) -> wire.Confirmation:
    said = {key: attribute(element, key) for key in ("Ergebnis", "Fehlernummer")} | {
        "Zst": _moment(attribute(element, "Zst")),
        "Fehlertext": value(element, "Fehlertext") or value(element, "FehlerText"),
    }
    try:
        return wire.accepted(msgspec.convert(said, wire.Confirmation))
    except msgspec.ValidationError as error:
        raise FeedFault("parse", f"{local(str(element.tag))} of the answer confirms nothing: {error}") from error


def _root(body: bytes, name: str) -> Element:
    root = parse_xml(body, f"a {name}", MAX_PACKET_VALUES)
    if local(str(root.tag)) != name:
        raise FeedFault("parse", f"the answer is {local(str(root.tag))[:80]!r}, expected {name}")
    return root


def _planned(root: Element) -> Iterator[tuple[str, Element]]:
    for path, plan in records(root, "Linienfahrplan"):
        yield from records(plan, "SollFahrt", path)


def _actual_trip(trip: Element) -> _Read:
    said = _texts(trip)
    start = first(trip, "FahrtRef/FahrtStartEnde")
    return _trip(trip, said, first(trip, "FahrtRef/FahrtID")) | {
        "FahrtStartEnde": None if start is None else {"Startzeit": _moment(value(start, "Startzeit"))},
        "Komplettfahrt": flag(said.get("Komplettfahrt")),
        "PrognoseMoeglich": flag(said.get("PrognoseMoeglich")),
        "IstHalts": [_actual_halt(_texts(halt)) for halt in trip.iterchildren("{*}IstHalt")],
    }


def _planned_trip(trip: Element) -> _Read:
    """What its Linienfahrplan says holds where the trip says nothing."""
    plan = trip.getparent()
    said = _texts(trip) if plan is None else _texts(plan) | _texts(trip)
    halts = [_planned_halt(_texts(halt)) for halt in trip.iterchildren("{*}SollHalt")]
    return _trip(trip, said, first(trip, "FahrtID")) | {"SollHalts": halts}


def _trip(trip: Element, said: _Texts, id_: Element | None) -> _Read:
    names = {} if id_ is None else _texts(id_)
    return {
        "Zst": _moment(attribute(trip, "Zst")),
        "LinienID": said.get("LinienID"),
        "LinienText": said.get("LinienText"),
        "RichtungsID": said.get("RichtungsID"),
        "RichtungsText": said.get("RichtungsText"),
        "FahrtID": {
            "FahrtBezeichner": names.get("FahrtBezeichner"),
            "Betriebstag": _OFFSET.sub("", names.get("Betriebstag", "")),  # a day of XML Schema may carry an offset
        },
        "FaelltAus": flag(said.get("FaelltAus")),
    }


def _actual_halt(said: _Texts) -> _Read:
    return {
        "HaltID": said.get("HaltID"),
        "Abfahrtszeit": _moment(said.get("Abfahrtszeit")),
        "IstAbfahrtPrognose": _moment(said.get("IstAbfahrtPrognose")),
        "Durchfahrt": flag(said.get("Durchfahrt")),
        "Zusatzhalt": flag(said.get("Zusatzhalt")),
    }


def _planned_halt(said: _Texts) -> _Read:
    return {
        "HaltID": said.get("HaltID"),
        "HaltestellenName": said.get("HaltestellenName"),
        "Abfahrtszeit": _moment(said.get("Abfahrtszeit")),
        "Durchfahrt": flag(said.get("Durchfahrt")),
    }


def _texts(element: Element) -> _Texts:
    """By local name, of the children that hold text: asked one by one they cost four times as much."""
    return {str(child.tag).rpartition("}")[2]: text for child in element if (text := (child.text or "").strip())}


def _moment(text: str | None) -> str | None:
    """VDV-453, 6.1.2: without an offset it is UTC. What is no instant stays as it is, to be refused by name."""
    return f"{text}Z" if text is not None and _BARE.fullmatch(text) else text
