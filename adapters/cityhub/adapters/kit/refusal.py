"""What adapters refuse, as dead letters: each once, however often a source repeats it.

A source that sends its whole state every minute sends its bad items with it. They are told apart by what they say, not
by where and when they stand in an answer.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from cityhub.adapters.kit.reject import Reject
from cityhub.adapters.kit.source import Source
from cityhub.bus.letters import ADAPTER, Came, Item, item_letter, letter
from cityhub.bus.publisher import Outgoing
from cityhub.sdk import codec
from cityhub.sdk.contract import load_contracts
from cityhub.sdk.errors import RejectedEvent
from cityhub.sdk.event import Event

SCHEMA = """
CREATE TABLE IF NOT EXISTS letter (seq INTEGER PRIMARY KEY AUTOINCREMENT, feed TEXT NOT NULL, record BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS letter_by_feed ON letter (feed, seq);
CREATE TABLE IF NOT EXISTS refusal (
    feed TEXT NOT NULL, digest BLOB NOT NULL, at REAL NOT NULL, PRIMARY KEY (feed, digest)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS refusal_by_age ON refusal (feed, at);
"""
REFUSED_AGAIN_S = 7 * 86_400
"""What a source has not repeated for so long is another refusal when it comes again."""
REFUSALS_KNOWN = 100_000
"""Of each feed, the newest: what is refused beyond is told, too, and may be told twice."""
MOST_BYTES = 65_536
"""Of an item that is stored; of a longer one size and hash alone."""
_LONGEST_TEXT = 500


class Refusal(Struct, frozen=True):
    """A refused item. Attributes: digest: the same whenever its system says the same."""

    digest: bytes
    record: Outgoing


def refusals(source: Source, system: str, rejects: Iterable[Reject]) -> list[Refusal]:
    """Each distinct one once, in their order; of a noisy source those that were an event before the door.

    Args:
        system: event source of what was asked.
    """
    found = (_refusal(source, system, reject) for reject in rejects if reject.event or not source.noisy)
    return list({one.digest: one for one in found}.values())


def bury(db: sqlite3.Connection, feed: str, refused: Sequence[Refusal], at: float) -> None:
    """Write dead letters of what was not refused before, inside the caller's transaction."""
    if not refused:
        return
    newest = "SELECT at FROM refusal WHERE feed = ?1 ORDER BY at DESC LIMIT 1 OFFSET ?3"
    forget = f"DELETE FROM refusal WHERE feed = ?1 AND at < max(?2, coalesce(({newest}), 0))"  # noqa: S608
    db.execute(forget, (feed, at - REFUSED_AGAIN_S, REFUSALS_KNOWN))
    for one in refused:
        if db.execute("INSERT OR IGNORE INTO refusal VALUES (?, ?, ?)", (feed, one.digest, at)).rowcount:
            db.execute("INSERT INTO letter (feed, record) VALUES (?, ?)", (feed, msgspec.msgpack.encode(one.record)))
    seen = [(at, feed, one.digest) for one in refused]
    db.executemany("UPDATE refusal SET at = ? WHERE feed = ? AND digest = ?", seen)


def _refusal(source: Source, system: str, reject: Reject) -> Refusal:
    digest = hashlib.sha256(msgspec.json.encode([source.feed, system, reject.reason, *_says(reject)])).digest()
    came = Came(ADAPTER, digest.hex(), source.feed)
    if reject.event is not None and (body := _encoded(reject.event)):
        why = RejectedEvent(reject.reason, reject.detail[:_LONGEST_TEXT], reject.attribute)
        return Refusal(digest, letter(body, why, came, load_contracts()))
    item = Item(
        body=reject.item,
        keep=source.impersonal and reject.event is None and len(reject.item) <= MOST_BYTES,
        type=reject.event.type if reject.event else source.event_types[0] if len(source.event_types) == 1 else "",
        reason=reject.reason,
        path=reject.path[:_LONGEST_TEXT],
        detail=reject.detail[:_LONGEST_TEXT],
    )
    return Refusal(digest, item_letter(item, came))


def _encoded(event: Event) -> bytes:
    """In structured mode; empty where it is larger than events may be."""
    try:
        return codec.encode(event)
    except RejectedEvent:
        return b""


def _says(reject: Reject) -> list[str | bytes]:
    """An item that nobody has is known by its place."""
    if reject.event is not None:
        return [reject.event.id, str(reject.event.contenthash)]
    return [reject.item] if reject.item else [reject.path, reject.detail]
