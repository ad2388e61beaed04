"""A day of the city's archive as a story: synthetic events, and real ones of types that their owners released.

Events come at the instants at which the city's log had them. Of a released type only the released fields are shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import polars as pl
from msgspec import UNSET, Struct
from msgspec.structs import replace

from cityhub.bus.archive.reader import Archive
from cityhub.bus.archive.storage import storage_of
from cityhub.bus.errors import ArchiveError, ArchiveMissing
from cityhub.kpi.kernel.effect import REFERENCE_TYPE
from cityhub.sandbox.errors import SpecRefused
from cityhub.sandbox.room.story import Timed, epoch_ms, saying, span
from cityhub.sdk.contract import Contract, Contracts
from cityhub.sdk.door import HUB
from cityhub.sdk.event import Event
from cityhub.sdk.text import Text

_LATEST = timedelta(days=2)
"""Events that came later than this after they had happened are not replayed."""
_ALL_PARTS = 10_000_000_000
"""Offsets of a partition stay below this."""


class Past(Struct, frozen=True, kw_only=True):
    """What rooms may read of the city's past.

    Attributes:
        archive: folder or URL; "" = nothing. released: event type → fields that its owner released, () = all.
    """

    archive: str = ""
    released: dict[str, tuple[str, ...]] = {}


class ArchivedStory:
    """An archived day; errors become SpecRefused, because another day may be there."""

    def __init__(self, past: Past, day: date, contracts: Contracts) -> None:
        if not past.archive:
            text = "source: this sandbox has no archive; replay a simulated day"
            raise SpecRefused(
                Text("Diese Testumgebung hat kein Archiv; bitte einen simulierten Tag nachspielen.", text)
            )
        self._past = past
        self._contracts = contracts
        self._archive = Archive(storage_of(past.archive), contracts)
        self.start, self.end = span(day)

    def before(self) -> list[Timed]:
        """Denominators, as known at the day's begin."""
        first = self.start - timedelta(days=3650)
        told = self._of_type(self._contracts[REFERENCE_TYPE], first, self.start, first)
        return sorted(told, key=lambda one: (one.arrives_ms, one.place))

    def events(self) -> Iterator[Timed]:
        """The day in the order of arrival."""
        found: list[Timed] = []
        for contract in self._contracts.values():
            if not contract.personal and contract.partner != HUB:
                found += self._of_type(contract, self.start, self.end, self.start - _LATEST)
        return iter(sorted(found, key=lambda one: (one.arrives_ms, one.place)))

    def _of_type(self, contract: Contract, start: datetime, end: datetime, happened: datetime) -> list[Timed]:
        """Accepted events that arrived in [start, end)."""
        t = epoch_ms(happened), epoch_ms(end) + 1
        try:
            rows = self._archive.frame(contract.type, t=t)
            arrived = pl.col("append_ms").is_between(epoch_ms(start), epoch_ms(end) - 1) & pl.col("reason").is_null()
            rows = rows.filter(arrived if contract.type in self._past.released else arrived & pl.col("synthetic"))
            told = self._archive.events(contract.type, rows, t=t)
        except ArchiveMissing as error:
            raise SpecRefused(f"day: {error}") from error
        except ArchiveError as error:
            raise SpecRefused(f"day: the archive cannot be read: {error}") from error
        at_ms = {(part, off): at for part, off, at in rows.select("part", "off", "append_ms").iter_rows()}
        return [
            Timed(
                at_ms[part, off],
                (contract.topic, part * _ALL_PARTS + off),
                contract.topic,
                self._shown(event, contract),
            )
            for part, off, event in told
        ]

    def _shown(self, event: Event, contract: Contract) -> Event:
        """Without what the owner keeps to itself."""
        fields = self._past.released.get(contract.type, ())
        if event.synthetic or not fields or event.data.keys() <= set(fields):
            return event
        kept = {name: value for name, value in event.data.items() if name in fields}
        return saying(replace(event, data=kept, correlationid=UNSET, causationid=UNSET), {}, event.time)


def faults_of_release(type_: str, fields: tuple[str, ...], contracts: Contracts) -> Iterator[str]:
    """Why a release cannot be carried out, if so."""
    if type_ not in contracts:
        yield f"{type_}: no contract of that type; `cityhub contract list` has all"
        return
    contract = contracts[type_]
    if contract.personal or contract.partner == HUB:
        yield f"{type_}: tells of people or of the hub itself; such events are never released"
    if unknown := sorted(set(fields) - contract.fields.keys()):
        yield f"{type_}: {', '.join(unknown)} is no field of it; there are {', '.join(contract.fields)}"
    needed = {name for name, field in contract.fields.items() if not field.optional}
    if fields and (missing := sorted(needed - set(fields))):
        yield f"{type_}: {', '.join(missing)} is needed in each event; release it too, or nothing of the type"
