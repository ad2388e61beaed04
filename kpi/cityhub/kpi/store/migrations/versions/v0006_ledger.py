"""The loss ledger's tables."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, Text

revision = "0006"
down_revision = "0005"


def _name(name: str, comment: str | None = None) -> Column[str]:
    return Column(name, Text, primary_key=True, comment=comment)


def _number(name: str, comment: str | None = None, *, key: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=False, autoincrement=False, comment=comment)


def upgrade() -> None:
    """New tables; the ledger fills them from what the log still holds."""
    op.create_table(
        "ledger_entry",
        _name("partner"),
        _name("stream", "event type, '' = it could not be read"),
        _number("day", "of the append time, local, as days since 1970-01-01", key=True),
        _name("door", "http, kafka, redrive, or adapter"),
        _name("outcome", "see kpi.ledger.outcome.Outcome"),
        _name("reason", "of a refusal, else ''"),
        _number("n"),
        _number("last_ms", "newest append time"),
    )
    op.create_table(
        "ledger_cursor",
        _name("topic"),
        _number("part", key=True),
        _number("off", "last record that is in the ledger"),
    )
    op.create_table(
        "ledger_sender",
        _name("partner"),
        _name("door"),
        _name("name", "who numbers its events: a partition of du.in, or a producer of the SDK"),
        Column("spans", LargeBinary, nullable=False, comment="int64 pairs: half-open ranges of numbers with a verdict"),
        _number("sent", "numbers below this were given out"),
        _number("settled", "numbers below this must have a verdict"),
        _number("open_ms", "since when numbers below `settled` have none, wall clock; 0 = all have"),
    )
    op.create_table(
        "ledger_origin",
        Column("key", LargeBinary, primary_key=True, comment="XXH3-128 of partner, door, origin and verdict"),
        _number("at_ms", "append time of the first; kept for a week"),
    )
    op.create_table(
        "ledger_source",
        _name("partner"),
        _name("source", "of the CloudEvents, to find an event by its id alone"),
        _number("last_ms"),
    )
