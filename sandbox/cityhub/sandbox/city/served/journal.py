"""Systems that hand over a journal: docs/adapters/journal.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from zlib import crc32

import msgspec
from msgspec.structs import replace

from cityhub.adapters.kit.pseudonym import Pseudonyms
from cityhub.sandbox.city.chronicle import Page
from cityhub.sandbox.city.served.endpoint import Served, as_told, paged
from cityhub.sandbox.city.streams.story import Told
from cityhub.sandbox.city.timetable import LOCAL

_REPEATED = 16
"""One of so many."""


def journal(
    feed: str,
    streams: Sequence[str],
    line: Callable[[Told], Mapping[str, object]],
    arrives: Callable[[Told, Pseudonyms], Told] = as_told,
) -> Served:
    """A system with a journal. Args: line: of it, in the system's own words."""

    def page(page: Page, now: datetime) -> bytes:
        lines = [line(told) for told in page.items]
        lines += [one for told, one in zip(page.items, lines, strict=True) if _is_repeated(told)]
        head = {"stand": local(now), "naechster": page.cursor, "weitere": page.more}
        return msgspec.json.encode(head | {"ereignisse": lines})

    serve = paged(f"/{feed.replace('.', '/')}", streams, "seit", page, "application/json")
    return Served(feed=feed, streams=tuple(streams), serve=serve, arrives=arrives)


def _is_repeated(told: Told) -> bool:
    """Some lines come twice, as when a system was not sure that it had written them."""
    return crc32("/".join(told.key).encode()) % _REPEATED == 0


def local(moment: datetime) -> str:
    """An instant as these systems write it: local time with its offset."""
    return moment.astimezone(LOCAL).isoformat()


def in_words(told: Told, names: Mapping[str, str]) -> dict[str, object]:
    """The named fields of what was told, under the system's own names."""
    return {names[name]: _local(value) for name, value in told.data.items() if name in names}


def hidden(field: str, kind: str) -> Callable[[Told, Pseudonyms], Told]:
    """What arrives where the number in a field leads to people: a pseudonym, also where it is the subject."""
    return partial(_hide, field, kind)


def _hide(field: str, kind: str, told: Told, pseudonyms: Pseudonyms) -> Told:
    number = told.data.get(field)
    if number is None:
        return told
    name = pseudonyms.of(kind, number)
    return replace(told, subject=name if told.subject == number else told.subject, data=told.data | {field: name})


def _local(value: object) -> object:
    if isinstance(value, str) and value.endswith("Z"):
        return local(datetime.fromisoformat(value))
    return value
