"""Tables of the loss ledger; beside the engine's in the same store, because its word is what the engine wrote."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text

from cityhub.kpi.store.schema import metadata


def _name(name: str, comment: str | None = None) -> Column[str]:
    return Column(name, Text, primary_key=True, comment=comment)


def _number(name: str, comment: str | None = None, *, key: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=False, autoincrement=False, comment=comment)


entry = Table(
    "ledger_entry",
    metadata,
    _name("partner"),
    _name("stream", "event type, '' = it could not be read"),
    _number("day", "of the append time, local, as days since 1970-01-01", key=True),
    _name("door", "http, kafka, redrive, or adapter"),
    _name("outcome", "see kpi.ledger.outcome.Outcome"),
    _name("reason", "of a refusal, else ''"),
    _number("n"),
    _number("last_ms", "newest append time"),
)

cursor = Table(
    "ledger_cursor",
    metadata,
    _name("topic"),
    _number("part", key=True),
    _number("off", "last record that is in the ledger"),
)

sender = Table(
    "ledger_sender",
    metadata,
    _name("partner"),
    _name("door"),
    _name("name", "who numbers its events: a partition of du.in, or a producer of the SDK"),
    Column("spans", LargeBinary, nullable=False, comment="int64 pairs: half-open ranges of numbers with a verdict"),
    _number("sent", "numbers below this were given out"),
    _number("settled", "numbers below this must have a verdict"),
    _number("open_ms", "since when numbers below `settled` have none, wall clock; 0 = all have"),
)

origin = Table(
    "ledger_origin",
    metadata,
    Column("key", LargeBinary, primary_key=True, comment="XXH3-128 of partner, door, origin and verdict"),
    _number("at_ms", "append time of the first; kept for a week"),
)

source = Table(
    "ledger_source",
    metadata,
    _name("partner"),
    _name("source", "of the CloudEvents, to find an event by its id alone"),
    _number("last_ms"),
)
