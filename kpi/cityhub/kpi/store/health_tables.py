"""Tables of what the hub sees of its sources; beside the ledger's, whose process fills them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, LargeBinary, Table, Text

from cityhub.kpi.store.schema import metadata


def _name(name: str, comment: str | None = None) -> Column[str]:
    return Column(name, Text, primary_key=True, comment=comment)


def _number(name: str, comment: str | None = None, *, key: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=False, autoincrement=False, comment=comment)


step = Table(
    "health_step",
    metadata,
    _name("partner"),
    _name("stream", "event type, '' = none that has a contract"),
    _number("start", "epoch seconds: what was appended in the five minutes from then on", key=True),
    _number("accepted"),
    _number("newest_ms", "append time of the newest accepted one, 0 = none"),
    Column("refused", LargeBinary, nullable=False, comment="JSON: refused ones by reason"),
    Column("lags", LargeBinary, nullable=False, comment="JSON: accepted ones by histogram bin of append − occurrence"),
)

reporter = Table(
    "health_reporter",
    metadata,
    _name("stream", "of a contract that says who reports one by one"),
    Column("key", LargeBinary, primary_key=True, comment="XXH3-128 of the partition key"),
    _number("last_ms", "append time of its newest accepted event"),
)

observation = Table(
    "health_observation",
    metadata,
    _name("source", "event type"),
    _number("start", "epoch seconds of the step", key=True),
    Column("payload", LargeBinary, nullable=False, comment="the Observation as JSON"),
)

source = Table(
    "health_source",
    metadata,
    _name("source", "event type"),
    _number("at", "epoch seconds: from then on it stands so", key=True),
    Column("state", Text, nullable=False, comment="good, degraded or unreliable"),
    Column("cause", Text, nullable=False, comment="'' = nothing is wrong"),
    Column("share", Float, comment="of what is silent or invalid"),
    _number("since", "epoch seconds: when what is wrong began"),
)

outgoing = Table(
    "health_outgoing",
    metadata,
    _name("id", "of the event"),
    Column("payload", LargeBinary, nullable=False, comment="the event as JSON, until Kafka has it"),
)
