"""What the auditor found last is kept beside the numbers."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, Text

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """A new table."""
    op.create_table(
        "audit",
        Column("kpi", Text, primary_key=True),
        Column("version", BigInteger, primary_key=True, autoincrement=False),
        Column("at_ms", BigInteger, nullable=False, comment="wall clock of the newest audit's cut"),
        Column(
            "clean_ms", BigInteger, nullable=False, comment="of the newest one without a mismatch, 0 = there was none"
        ),
        Column("payload", LargeBinary, nullable=False, comment="the Audit as JSON"),
    )
