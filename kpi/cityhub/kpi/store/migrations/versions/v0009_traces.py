"""A refused record's trace, until its dead letter is written and after."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Text

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """One column; records that were refused before have no trace."""
    op.add_column("verdict", Column("trace", Text, comment="traceparent of the record, where it has one"))
