"""The journal: the form in which systems without a standard of their own hand over what happened in them.

`GET {base}?seit=<cursor>` → `{"stand": …, "naechster": "<cursor>", "weitere": false, "ereignisse": [ … ]}`, oldest
first. Source of the form: docs/adapters/journal.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct, field

from cityhub.adapters.formats.json_items import Instant, parse_items, parse_json
from cityhub.adapters.kit.adapter import Adapter, Link, Tools
from cityhub.adapters.kit.fact import Fact, Reading, once
from cityhub.adapters.kit.http_adapter import HttpAdapter, Question
from cityhub.adapters.kit.pseudonym import Pseudonyms
from cityhub.adapters.kit.source import Source

_T = TypeVar("_T")


class _Journal(Struct, frozen=True):
    """An answer. Attributes: next = cursor of the next question."""

    as_of: Instant = field(name="stand")
    next: Annotated[str, Meta(min_length=1, max_length=200)] = field(name="naechster")
    more: bool = field(name="weitere", default=False)
    entries: tuple[Raw, ...] = field(name="ereignisse", default=())


_journal = msgspec.json.Decoder(_Journal)


def journal_adapter(
    source: Source,
    link: Link,
    tools: Tools,
    entry: msgspec.json.Decoder[_T],
    fact: Callable[[str, _T, Pseudonyms], Fact | str],
) -> Adapter:
    """Asks such a system.

    Args:
        entry: shape of one line of its journal.
        fact: what a line says, by its path and shape, or why it says nothing, as that is counted.
    """

    def ask(cursor: str) -> Question:
        return Question(params={"seit": cursor} if cursor else {})

    def read(body: bytes, *_: object) -> Reading:
        return read_journal(body, entry, lambda path, one: fact(path, one, tools.pseudonyms))

    return HttpAdapter(source, link, tools, read=read, ask=ask)


def read_journal(body: bytes, entry: msgspec.json.Decoder[_T], fact: Callable[[str, _T], Fact | str]) -> Reading:
    """What an answer says.

    Raises:
        FeedFault: `parse` or `too_many_values`.
    """
    journal = parse_json(body, _journal, "a journal")
    entries, rejects = parse_items(journal.entries, entry, "ereignisse")
    said = [fact(path, one) for path, one in entries]
    facts, repeated = once(one for one in said if isinstance(one, Fact))
    return Reading(
        facts=facts,
        rejects=rejects,
        cursor=journal.next,
        more=journal.more,
        as_of=journal.as_of,
        noted=repeated + Counter(one for one in said if isinstance(one, str)),
    )
