"""What a partner's records say, before it becomes events: the common language of all mappings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import xxhash
from msgspec import Struct
from msgspec.structs import replace

from cityhub.adapters.kit.reject import Reject


class Fact(Struct, frozen=True, kw_only=True):
    """One thing that happened, in the contract's fields and units.

    Attributes:
        time: when it happened, aware.
        key: natural key of the record in its system. version: of that record; a correction has another one.
        borough: where the partner says which, `STB01` … `STB07`; else the asset register is asked for the subject.
        path: where in the answer it stands, for messages.
        synthetic: the record itself says that it is a simulation's.
        mark: key of the memory that says that it was told; it is not written where the door refuses the fact.
    """

    type: str
    time: datetime
    subject: str
    key: tuple[str, ...]
    data: dict[str, Any]
    version: str = "1"
    borough: str = ""
    path: str = ""
    synthetic: bool = False
    mark: str = ""


class Reading(Struct, frozen=True, kw_only=True):
    """What one answer says.

    Attributes:
        cursor: where to read on, as the adapter understands it; None = where we stood.
        more: the partner has more waiting.
        as_of: the partner's clock: everything up to then has been told, unless there is more. None = nothing is known
            of silence; the newest fact counts.
        memory: what the mapping remembers for the next answer, by key; None deletes.
        noted: what is neither a fact nor refused, by reason.
        synthetic: the answer itself says that it is a simulation's.
    """

    facts: Sequence[Fact] = ()
    rejects: Sequence[Reject] = ()
    cursor: str | None = None
    more: bool = False
    as_of: datetime | None = None
    memory: Mapping[str, bytes | None] = {}
    noted: Counter[str] = msgspec.field(default_factory=Counter)
    synthetic: bool = False


def changed(facts: Iterable[Fact], memory: Mapping[str, bytes]) -> tuple[list[Fact], dict[str, bytes | None]]:
    """Facts that say something else than what was told last under their key, for sources that repeat all they have.

    Args:
        memory: as the `Reading`s before have left it.

    Returns:
        The facts, marked, and what to remember of them.
    """
    news: list[Fact] = []
    learnt: dict[str, bytes | None] = {}
    for fact in facts:
        key, says = memory_key(fact.type, *fact.key), _says(fact)
        if learnt.get(key, memory.get(key)) != says:
            news.append(replace(fact, mark=key))
            learnt[key] = says
    return news, learnt


def once(facts: Iterable[Fact]) -> tuple[list[Fact], Counter[str]]:
    """Facts without those that the same answer tells again, and how many these are: noted `repeated`."""
    first: dict[tuple[tuple[str, ...], str], Fact] = {}
    repeated = sum(first.setdefault((fact.key, fact.version), fact) is not fact for fact in facts)
    return list(first.values()), Counter({"repeated": repeated} if repeated else {})


def known(data: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is None: an optional field that is not known is left out."""
    return {name: value for name, value in data.items() if value is not None}


def memory_key(*parts: str) -> str:
    """A key of the memory from parts that may hold anything."""
    return "\x1f".join(parts)


def _says(fact: Fact) -> bytes:
    content = [fact.version, fact.subject, fact.time, fact.data]
    return xxhash.xxh3_128_digest(msgspec.json.encode(content, order="deterministic"))


def utc(moment: datetime | None) -> str | None:
    """An instant as contracts want it in data, to the second; None stays unknown. What UTC cannot say is no instant."""
    if moment is None:
        return None
    try:
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except OverflowError:
        return f"{moment.isoformat()} in UTC"
