"""Pure: what has become of GEBAG's flats, in the contract's words. Rules: docs/adapters/gebag-flats.md.

A file repeats what is known already. Each flat is remembered as it was last told; what it is now and was not then is an
event.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.gebag.flats.source import STATUS_CHANGED
from cityhub.adapters.gebag.flats.wire import Flat, Transmission, parse
from cityhub.adapters.kit.fact import Fact, Reading, memory_key
from cityhub.adapters.kit.local_time import LOCAL
from cityhub.adapters.kit.reject import Reject
from cityhub.sdk.event import FUTURE_TOLERANCE

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
"""Versions are seconds since then: OpenImmo has none, and a file's timestamp orders what it says."""
_FLAT = memory_key("flat", "")
_MODERNISED = "MODERNISIERT"
_YEARS = range(1990, 2100)
_AHEAD = timedelta(days=2)
"""A clock that is wrong by more would be the highest version for long."""
_BELIEVED = timedelta(days=399)
"""Nobody believes an older event: the contract's horizon is 400 days."""


class Told(Struct, frozen=True, array_like=True):
    """A flat as a file says it is. Attributes: year: of its modernisation, "" where nothing is said."""

    number: str
    modernised: bool
    area: float
    year: str = ""
    withdrawn: bool = False


class _Known(Struct, frozen=True, array_like=True):
    version: int
    told: Told


def read(name: str, body: bytes, memory: Mapping[str, bytes], now: datetime) -> Reading:
    """What a file says; see `folder_adapter.ReadFile`."""
    sent = parse(body)
    if not EPOCH < sent.at <= now + _AHEAD:
        rule = f"it is {now} here; set the clock, send again"
        raise FeedFault("implausible_time", f"uebertragung has timestamp {sent.at}: {rule}")
    version = (sent.at - EPOCH) // timedelta(seconds=1)
    news = _News(sent, version, memory, now)
    facts: list[Fact] = []
    rejects = list(sent.rejects)
    learnt: dict[str, bytes | None] = {}
    for obid, found in news.found():
        if isinstance(found, Reject):
            rejects.append(found)
            continue
        told, fact = found
        if fact is not None:
            facts.append(fact)
        if fact is None or fact.time <= now + FUTURE_TOLERANCE:
            learnt[_FLAT + obid] = _encode(_Known(version, told))
    return Reading(facts=facts, rejects=rejects, memory=learnt, as_of=sent.at, noted=sent.noted)


class _News(Struct, frozen=True):
    sent: Transmission
    version: int
    memory: Mapping[str, bytes]
    now: datetime

    def found(self) -> Iterator[tuple[str, tuple[Told, Fact | None] | Reject]]:
        """Flats that are other than they were told, by id; and who is missing where nobody may be."""
        flats = {flat.obid: (path, flat) for path, flat in self.sent.flats}
        self._note("repeated", len(self.sent.flats) - len(flats))
        for obid, (path, flat) in flats.items():
            if (found := self._of(path, flat)) is not None:
                yield obid, found
        if self.sent.whole:
            for key in self.memory:
                obid = key.removeprefix(_FLAT)
                if obid != key and obid not in self.sent.there and (gone := self._gone(obid, "", None)):
                    yield obid, gone

    def _of(self, path: str, flat: Flat) -> tuple[Told, Fact | None] | Reject | None:
        if flat.action == "DELETE":
            return self._gone(flat.obid, path, flat)
        told = _told(flat)
        if isinstance(told, str):
            self._note(told)
            return None
        if isinstance(told, Reject):
            return replace(told, path=f"{path}.{told.path}")
        known = self._known(flat.obid)
        if known is not None and known.told == told:
            return (told, None) if known.version < self.version else None
        return self._ordered(path, flat.obid, known) or (
            told,
            self._fact(path, flat.obid, told, self._time(flat, told)),
        )

    def _gone(self, obid: str, path: str, flat: Flat | None) -> tuple[Told, Fact | None] | Reject | None:
        """It is taken back as it was last, or as its deletion says it was. Of one that was never told nothing is."""
        known = self._known(obid)
        if known is None or known.told.withdrawn:
            self._note("deleted_before" if flat else "")
            return None
        if refused := self._ordered(path, obid, known):
            return refused if flat else None
        last = _told(flat) if flat else None
        told = replace(last if isinstance(last, Told) else known.told, withdrawn=True)
        return told, self._fact(path, obid, told, self.sent.at)

    def _ordered(self, path: str, obid: str, known: _Known | None) -> Reject | None:
        if known is None or known.version < self.version:
            return None
        text = f"{obid} is otherwise in a file that is as old or newer; send what counts with a later timestamp"
        return Reject("older_file", path or obid, text)

    def _time(self, flat: Flat, told: Told) -> datetime:
        """The day of the record; of a modernisation in a year before it the last day of that year."""
        day = flat.stand or self.sent.at.astimezone(LOCAL).date()
        if told.modernised and told.year and int(told.year) < day.year:
            day = date(int(told.year), 12, 31)
        return datetime.combine(day, time(), LOCAL).astimezone(UTC)

    def _fact(self, path: str, obid: str, told: Told, moment: datetime) -> Fact | None:
        if self.now - moment > _BELIEVED:
            self._note("long_ago")
            return None
        data: dict[str, Any] = {
            "flat_id": told.number,
            "version": self.version,
            "modernised": told.modernised,
            "area_m2": told.area,
        }
        return Fact(
            type=STATUS_CHANGED,
            time=moment,
            subject=told.number,
            key=(obid,),
            version=str(self.version),
            data=data | ({"withdrawn": True} if told.withdrawn else {}),
            path=path or f"immobilie {obid}",
        )

    def _known(self, obid: str) -> _Known | None:
        body = self.memory.get(_FLAT + obid)
        return None if body is None else _decode(body)

    def _note(self, reason: str, count: int = 1) -> None:
        self.sent.noted.update(Counter({reason: count} if reason and count else {}))


def _told(flat: Flat) -> Told | Reject | str:
    """What is said of a flat, why it is refused, or why it says nothing, as that is counted."""
    if flat.action == "REFERENZ":
        return "reference"
    if flat.condition is None:
        return "no_condition"
    if flat.number is None:
        return Reject("schema", "verwaltung_techn.objektnr_intern", "is missing; it is the number of the flat")
    if flat.area is None:
        return Reject("schema", "flaechen.wohnflaeche", "is missing; a flat has one, in m²")
    if flat.stand is not None and flat.stand.year not in _YEARS:
        return Reject("schema", "verwaltung_techn.stand_vom", f"{flat.stand} is no day of a record")
    return Told(flat.number, flat.condition == _MODERNISED, round(flat.area, 2), flat.modernised_in or "")


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Known).decode
