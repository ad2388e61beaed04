"""The journal of the appointment system: its shape, nothing else. Every instant carries its offset."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct, field

from cityhub.adapters.json_items import parse_items, parse_json
from cityhub.adapters.reject import Reject

Id: TypeAlias = Annotated[str, Meta(min_length=1, max_length=120)]
Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]


class Entry(Struct, frozen=True):
    """One line of the journal. Attributes: case = Vorgangsnummer; who came is never part of it."""

    kind: Literal["gebucht", "angemeldet", "aufgerufen", "bedient", "nicht-erschienen", "angebot"] = field(name="art")
    case: Id = field(name="vorgang")
    at: Instant = field(name="zeit")
    office: Id = field(name="dienststelle")
    service: Id = field(name="leistung")
    slot: Instant | None = field(name="termin", default=None)
    checked_in: Instant | None = field(name="angemeldet", default=None)
    called: Instant | None = field(name="aufgerufen", default=None)
    satisfaction: float | None = field(name="zufriedenheit", default=None)
    slots: int | None = field(name="plaetze", default=None)
    booked: int | None = field(name="belegt", default=None)
    next_free: Instant | None = field(name="naechster_freier", default=None)


class Journal(Struct, frozen=True):
    """An answer. Attributes: next = cursor of the next question."""

    as_of: Instant = field(name="stand")
    next: Annotated[str, Meta(min_length=1, max_length=200)] = field(name="naechster")
    more: bool = field(name="weitere", default=False)
    entries: tuple[Raw, ...] = field(name="ereignisse", default=())


_journal = msgspec.json.Decoder(Journal)
_entry = msgspec.json.Decoder(Entry)


def parse(body: bytes) -> tuple[Journal, list[tuple[str, Entry]], list[Reject]]:
    """The envelope, the well-formed entries with their paths, the others.

    Raises:
        FeedFault: `parse` or `too_many_values`.
    """
    journal = parse_json(body, _journal, "a journal of appointments")
    return (journal, *parse_items(journal.entries, _entry, "ereignisse"))
