"""Targets and the imported masterplan."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, Text

revision = "0008"
down_revision = "0007"


def _number(name: str, comment: str, *, key: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=False, autoincrement=False, comment=comment)


def upgrade() -> None:
    """New tables."""
    op.create_table(
        "target",
        Column("kpi", Text, primary_key=True),
        _number("number", "of the KPI's records, from 1", key=True),
        _number("recorded_ms", "wall clock, for people"),
        Column("payload", LargeBinary, nullable=False, comment="the TargetRecord as JSON"),
    )
    op.create_table(
        "masterplan",
        _number("number", "of the imports, from 1; the newest one of a programme counts", key=True),
        _number("recorded_ms", "wall clock, for people"),
        Column("programme", Text, nullable=False),
        Column("who", Text, nullable=False),
        Column("payload", LargeBinary, nullable=False, comment="the programme's measures as JSON"),
    )
