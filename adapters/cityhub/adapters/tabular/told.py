"""Rows come again: in a file that grew, in one that was sent twice. Each record is told once per version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec
import xxhash
from msgspec.structs import replace

from cityhub.adapters.kit.fact import Fact, memory_key
from cityhub.adapters.kit.reject import Reject

_TOLD = "told"


def news(
    facts: Iterable[Fact], memory: Mapping[str, bytes], oldest: datetime
) -> tuple[list[Fact | Reject], dict[str, bytes | None]]:
    """Facts that were not told yet, and refusals of those that say something else under the same key and version.

    Args:
        facts: of one file.
        oldest: what happened before it is forgotten, unless the file still holds it.

    Returns:
        Facts, marked, and refusals, and what to remember of them.
    """
    found: list[Fact | Reject] = []
    learnt: dict[str, bytes] = {}
    seen: set[str] = set()
    types: set[str] = set()
    for fact in facts:
        mark, says = mark_of(fact), _says(fact)
        before = learnt.get(mark) or memory.get(mark)
        if before is None:
            found.append(replace(fact, mark=mark))
            learnt[mark] = says
        elif before != says:
            found.append(_contradiction(fact))
        seen.add(mark)
        types.add(fact.type)
    mine, limit = tuple(memory_key(_TOLD, type_, "") for type_ in types), _day(oldest)
    old = (mark for mark, says in memory.items() if mark.startswith(mine) and says[: len(limit)] < limit)
    return found, {**learnt, **dict.fromkeys(mark for mark in old if mark not in seen)}


def mark_of(fact: Fact) -> str:
    """Key of the memory that says that a record was told in its version."""
    named = xxhash.xxh3_128_hexdigest(msgspec.json.encode([*fact.key, fact.version]))
    return memory_key(_TOLD, fact.type, named)


def _day(moment: datetime) -> bytes:
    return moment.date().isoformat().encode()


def _says(fact: Fact) -> bytes:
    content = [fact.subject, fact.time, fact.borough, fact.data]
    return _day(fact.time) + xxhash.xxh3_64_digest(msgspec.json.encode(content, order="deterministic"))


def _contradiction(fact: Fact) -> Reject:
    told = f"{'/'.join(fact.key[1:])} was told with other content in version {fact.version}"
    return Reject("contradiction", fact.path, f"{told}; give a correction a higher version, or a later date")
