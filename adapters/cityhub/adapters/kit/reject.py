"""One refused item of a feed: partial failure as data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from cityhub.sdk.event import Event


class Reject(Struct, frozen=True):
    """Why an item was refused while its neighbours went on.

    Attributes:
        reason: stable machine word, as it is counted: `schema`, `time_in_future` …
        path: where in the answer, e.g. `IstFahrt[3].IstHalts[0].Abfahrtszeit`.
        detail: the value and the rule, for a person.
        item: its text as it came, where its form has one. event: what it would have been, where only the door refused
            it; attribute: of the event, which is wrong.
    """

    reason: str
    path: str
    detail: str
    item: bytes = b""
    event: Event | None = None
    attribute: str = ""

    def __repr__(self) -> str:
        """Without the item, which may hold what no log may."""
        return f"Reject({self.reason!r}, {self.path!r}, {self.detail!r}, {len(self.item)} bytes)"


def with_items(rejects: Sequence[Reject], answer: bytes) -> Sequence[Reject]:
    """Rejects of an answer in JSON, each with the item to which its path leads, where it leads to one."""
    inside: dict[str, Mapping[str, Raw]] = {}
    return [one if one.item or one.event else replace(one, item=_item(answer, one.path, inside)) for one in rejects]


_STEP = re.compile(r"\[\d+\]|[^.\[\]]+")


def _item(answer: bytes, path: str, inside: dict[str, Mapping[str, Raw]]) -> bytes:
    """The innermost element of a list on the way of `data[3].evses[0].status`, "" where there is none.

    Args:
        inside: what was found on the ways before.
    """
    here: bytes | Raw = answer
    found, way = b"", ""
    for step in _STEP.findall(path):
        if way not in inside:
            inside[way] = _content(here)
        inner = inside[way].get(step)
        if inner is not None:
            here, way = inner, f"{way}/{step}"
            found = bytes(inner) if step[0] == "[" else found
        elif way or step[0] == "[":  # else the answer is the list that the path names
            break
    return found


def _content(text: bytes | Raw) -> Mapping[str, Raw]:
    """Of an object by name, of a list by `[number]`."""
    try:
        found = msgspec.json.decode(text, type=dict[str, Raw] | list[Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {f"[{number}]": one for number, one in enumerate(found)}
