"""Tables of what people decide on: targets, and the masterplan as it was imported. Rows are appended, never changed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text

from cityhub.kpi.store.schema import metadata


def _number(name: str, comment: str, *, key: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=False, autoincrement=False, comment=comment)


target = Table(
    "target",
    metadata,
    Column("kpi", Text, primary_key=True),
    _number("number", "of the KPI's records, from 1", key=True),
    _number("recorded_ms", "wall clock, for people"),
    Column("payload", LargeBinary, nullable=False, comment="the TargetRecord as JSON"),
)

masterplan = Table(
    "masterplan",
    metadata,
    _number("number", "of the imports, from 1; the newest one of a programme counts", key=True),
    _number("recorded_ms", "wall clock, for people"),
    Column("programme", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False, comment="the programme's measures as JSON"),
)
