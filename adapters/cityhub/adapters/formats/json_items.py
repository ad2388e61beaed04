"""JSON answers: the whole in its expected shape, its items one by one, so that a bad one costs no other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, TypeAlias, TypeVar

import msgspec
from msgspec import Meta, Raw

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.reject import Reject

MAX_VALUES = 1_000_000
"""More JSON values than this in one answer are hostile."""
Id: TypeAlias = Annotated[str, Meta(min_length=1, max_length=120)]
Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]
"""With its offset."""
_T = TypeVar("_T")


def parse_json(body: bytes, decoder: msgspec.json.Decoder[_T], what: str) -> _T:
    """An answer in its expected shape; items that may fail alone are `Raw` in it.

    Args:
        what: the answer should be, for messages.

    Raises:
        FeedFault: `too_many_values` or `parse`, with what is wrong and where.
    """
    if body.count(b",") > MAX_VALUES:
        raise FeedFault("too_many_values", f"the answer has more than {MAX_VALUES} values; nothing of it was read")
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FeedFault("parse", f"the answer is not {what} in JSON and UTF-8: {error}") from error


def parse_items(
    items: Iterable[Raw], decoder: msgspec.json.Decoder[_T], element: str
) -> tuple[list[tuple[str, _T]], list[Reject]]:
    """The items that are well formed, each with its path `<element>[<index>]`, and the others with reason `schema`."""
    good: list[tuple[str, _T]] = []
    rejects: list[Reject] = []
    for index, item in enumerate(items):
        path = f"{element}[{index}]"
        try:
            good.append((path, decoder.decode(item)))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            what, _, where = str(error).partition(" - at `$")
            rejects.append(Reject("schema", f"{path}{where.rstrip('`')}", what, bytes(item)))
    return good, rejects
