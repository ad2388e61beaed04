"""What adapters refuse, as dead letters: each once, however often a source repeats it.

A source that sends its whole state every minute sends its bad items with it. They are told apart by what they say, not
by where and when they stand in an answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec
from msgspec import Struct

from cityhub.adapters.kit.reject import Reject
from cityhub.adapters.kit.source import Source
from cityhub.bus.letters import ADAPTER, Came, Item, item_letter, letter
from cityhub.bus.publisher import Outgoing
from cityhub.sdk import codec
from cityhub.sdk.contract import load_contracts
from cityhub.sdk.errors import RejectedEvent

MOST_BYTES = 65_536
"""Of an item that is stored; of a longer one size and hash alone."""


class Refusal(Struct, frozen=True):
    """A refused item. Attributes: digest: the same whenever its system says the same."""

    digest: bytes
    record: Outgoing


def refusals(source: Source, system: str, rejects: Iterable[Reject]) -> list[Refusal]:
    """Each distinct one once, in their order.

    Args:
        system: event source of what was asked.
    """
    return list({one.digest: one for one in (_refusal(source, system, reject) for reject in rejects)}.values())


def _refusal(source: Source, system: str, reject: Reject) -> Refusal:
    digest = hashlib.sha256(msgspec.json.encode([source.feed, system, reject.reason, *_says(reject)])).digest()
    came = Came(ADAPTER, digest.hex(), source.feed)
    if reject.event is not None:
        why = RejectedEvent(reject.reason, reject.detail, reject.attribute)
        return Refusal(digest, letter(codec.encode(reject.event), why, came, load_contracts()))
    item = Item(
        body=reject.item,
        keep=source.impersonal and len(reject.item) <= MOST_BYTES,
        type=source.event_types[0] if len(source.event_types) == 1 else "",
        reason=reject.reason,
        path=reject.path,
        detail=reject.detail,
    )
    return Refusal(digest, item_letter(item, came))


def _says(reject: Reject) -> list[str | bytes]:
    """An item that nobody has is known by its place."""
    if reject.event is not None:
        return [reject.event.id, str(reject.event.contenthash)]
    return [reject.item] if reject.item else [reject.path, reject.detail]
