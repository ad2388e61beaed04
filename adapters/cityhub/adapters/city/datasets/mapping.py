"""Pure: a catalogue of data sets in the contracts' words. Rules: docs/adapters/city-datasets.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cityhub.adapters.city.datasets import ckan, source, wire
from cityhub.adapters.city.datasets.entry import Entry
from cityhub.adapters.city.datasets.licence import chosen
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.fact import Fact, Reading, changed, known, utc
from cityhub.adapters.kit.local_time import LOCAL
from cityhub.adapters.kit.reject import Reject


class Position(Struct, frozen=True, array_like=True):
    """The next question. Attributes: since: records changed then or later, "" for all. start: the first of these."""

    since: str = ""
    start: int = 0


def position(cursor: str) -> Position:
    """What a cursor says."""
    return _position(cursor) if cursor else Position()


class Item(Protocol):
    """What stands in a catalogue."""

    def entry(self) -> Entry:
        """Raises: ValueError: something in it says nothing."""


def read(body: bytes, memory: Mapping[str, bytes], now: datetime) -> Reading:
    """What a catalogue of Project Open Data says."""
    return _reading(*wire.parse(body), memory)


def read_ckan(cursor: str, body: bytes, memory: Mapping[str, bytes], now: datetime) -> Reading:
    """What a page of CKAN says; it is sorted by the time of the change, so that what changes meanwhile comes again."""
    page = ckan.parse(body)
    datasets = [(path, one) for path, one in page.packages if one.is_dataset]
    reading = _reading(datasets, page.rejects, memory, Counter(no_dataset=len(page.packages) - len(datasets)))
    at = position(cursor)
    more = page.size > 0 and at.start + page.size < page.count
    upto = max([at.since, *(_upto(one, now) for _, one in page.packages)])
    after = Position(upto, 0) if upto > at.since or not more else Position(at.since, at.start + page.size)
    return replace(reading, cursor=_encode(after).decode(), more=more)


def read_dcat(cursor: str, body: bytes, memory: Mapping[str, bytes], now: datetime) -> Reading:
    """What a page of a catalogue in DCAT-AP says."""
    from cityhub.adapters.city.datasets import dcat  # rdflib is half a second and 21 MB: only who reads RDF pays

    catalogue = dcat.parse(body)
    reading = _reading(catalogue.datasets, catalogue.rejects, memory)
    following, at = catalogue.next_page, int(cursor or 1)
    if following is None:
        return replace(reading, cursor="")
    if following <= at:
        raise FeedFault("parse", f"after page {at} the catalogue names page {following} as the next one")
    return replace(reading, cursor=str(following), more=True)


def _reading(
    items: Iterable[tuple[str, Item]],
    refused: Iterable[Reject],
    memory: Mapping[str, bytes],
    noted: Counter[str] | None = None,
) -> Reading:
    facts: list[Fact] = []
    rejects, noted = list(refused), noted or Counter()
    for path, item in items:
        try:
            entry = item.entry()
        except ValueError as error:
            rejects.append(Reject("value", path, str(error)))
            continue
        fact = _fact(path, entry, noted)
        if fact is None:
            noted["undated"] += 1
        else:
            facts.append(fact)
    news, learnt = changed(facts, memory)
    return Reading(facts=news, rejects=rejects, memory=learnt, noted=+noted)


def _fact(path: str, entry: Entry, noted: Counter[str]) -> Fact | None:
    """None where nothing says when it was."""
    time = entry.changed or entry.modified or entry.issued
    if time is None:
        return None
    licence = chosen(entry.licences)
    noted["unknown_licence"] += bool(entry.licences) and licence is None
    published = entry.public and (licence is None or licence.is_open)
    fresh_until = utc(entry.modified + entry.period) if entry.modified and entry.period else None
    said = {"modified_at": utc(entry.modified), "fresh_until": fresh_until}
    terms = {"licence": licence.code} if licence else {}
    data = {"dataset": entry.identifier, "published": published} | known(said) | terms
    if published and _same_day(entry.issued, time):
        type_ = source.PUBLISHED
    else:
        is_modified = entry.continuous or _same_day(entry.modified, time)
        type_ = source.MODIFIED if is_modified else source.INVENTORIED
    version = "/".join(map(str, (utc(time), published, *said.values(), *terms.values())))
    key = (entry.identifier,)
    return Fact(type=type_, time=time, subject=entry.identifier, key=key, data=data, version=version, path=path)


def _same_day(one: datetime | None, other: datetime) -> bool:
    return one is not None and one.astimezone(LOCAL).date() == other.astimezone(LOCAL).date()


def _upto(package: ckan.Package, now: datetime) -> str:
    """When a record was changed, as CKAN's index has it; a clock that is ahead must not hide what follows."""
    try:
        moment = min(now, package.changed() or datetime.min.replace(tzinfo=UTC))
    except ValueError:
        return ""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_encode = msgspec.json.Encoder().encode
_position = msgspec.json.Decoder(Position).decode
