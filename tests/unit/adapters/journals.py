"""Journals written by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from cityhub.adapters.formats.journal import read_journal
from cityhub.adapters.kit.fact import Fact, Reading
from cityhub.adapters.kit.pseudonym import Pseudonyms

PSEUDONYMS = Pseudonyms(b"key of the mapping tests")
_T = TypeVar("_T")


def reading(
    entry: msgspec.json.Decoder[_T], fact: Callable[[str, _T, Pseudonyms], Fact | str], *lines: dict[str, Any]
) -> Reading:
    """What a journal of these lines says."""
    head = {"stand": "2026-11-20T08:00:00+01:00", "naechster": "n"}
    body = msgspec.json.encode(head | {"ereignisse": lines})
    return read_journal(body, entry, lambda path, one: fact(path, one, PSEUDONYMS))


def told(found: Reading) -> list[tuple[str, datetime, dict[str, Any]]]:
    """Verb, time and data of the facts."""
    return [(fact.type.split(".")[4], fact.time, fact.data) for fact in found.facts]


def rejects(found: Reading) -> list[tuple[str, str]]:
    """Reason and path of what was refused."""
    return [(reject.reason, reject.path) for reject in found.rejects]


def everything(found: Reading) -> str:
    """All that leaves an adapter."""
    return repr(found)
