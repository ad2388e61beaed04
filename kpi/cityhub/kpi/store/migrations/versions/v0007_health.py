"""What the hub sees of its sources."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Float, LargeBinary, Text

revision = "0007"
down_revision = "0006"


def _name(name: str, comment: str | None = None) -> Column[str]:
    return Column(name, Text, primary_key=True, comment=comment)


def _number(name: str, comment: str | None = None, *, key: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=False, autoincrement=False, comment=comment)


def upgrade() -> None:
    """New tables; they fill from what comes from now on."""
    op.create_table(
        "health_step",
        _name("partner"),
        _name("stream", "event type, '' = none that has a contract"),
        _number("start", "epoch seconds: what was appended in the five minutes from then on", key=True),
        _number("accepted"),
        _number("newest_ms", "append time of the newest accepted one, 0 = none"),
        Column("refused", LargeBinary, nullable=False, comment="JSON: refused ones by reason"),
        Column(
            "lags", LargeBinary, nullable=False, comment="JSON: accepted ones by histogram bin of append − occurrence"
        ),
    )
    op.create_table(
        "health_reporter",
        _name("stream", "of a contract that says who reports one by one"),
        Column("key", LargeBinary, primary_key=True, comment="XXH3-128 of the partition key"),
        _number("last_ms", "append time of its newest accepted event"),
    )
    op.create_table(
        "health_observation",
        _name("source", "event type"),
        _number("start", "epoch seconds of the step", key=True),
        Column("payload", LargeBinary, nullable=False, comment="the Observation as JSON"),
    )
    op.create_table(
        "health_source",
        _name("source", "event type"),
        _number("at", "epoch seconds: from then on it stands so", key=True),
        Column("state", Text, nullable=False, comment="good, degraded or unreliable"),
        Column("cause", Text, nullable=False, comment="'' = nothing is wrong"),
        Column("share", Float, comment="of what is silent or invalid"),
        _number("since", "epoch seconds: when what is wrong began"),
    )
    op.create_table(
        "health_outgoing",
        _name("id", "of the event"),
        Column("payload", LargeBinary, nullable=False, comment="the event as JSON, until Kafka has it"),
    )
