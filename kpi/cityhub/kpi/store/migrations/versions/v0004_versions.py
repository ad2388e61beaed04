"""Which version of a KPI counts is a decision; values of several versions stand beside each other."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, Text

revision = "0004"
down_revision = "0003"

_VALUE = "kpi, window, anchor, scope, dims, version, start, end, label, revision, published, payload"


def upgrade() -> None:
    """Take the values along; what was counted last is the initial decision."""
    comment = "grows when other versions are counted: part of the compare-and-set"
    zero = sa.text("0")
    op.add_column("cursor", Column("generation", BigInteger, nullable=False, server_default=zero, comment=comment))
    _decisions()
    _values()


def _decisions() -> None:
    op.create_table(
        "decision",
        Column("kpi", Text, primary_key=True),
        _key("number", "of the KPI's decisions, from 1"),
        _count("version"),
        Column(
            "hash", Text, nullable=False, comment="SHA-256 of what the version meant then; '' = decided before 0004"
        ),
        _count("decided_ms", "wall clock, for people"),
        Column("who", Text, nullable=False),
        Column("why", Text, nullable=False),
        Column("state", Text, nullable=False, comment="initial, wanted, active or refused"),
        _count(
            "active_ms", "what the fastest partition's clock showed when it became active; 0 = it is not, or initial"
        ),
        Column("detail", Text, nullable=False, comment="why it was refused, or what it waits for"),
    )
    op.execute(
        "insert into decision (kpi, number, version, hash, decided_ms, who, why, state, active_ms, detail) "
        "select kpi, 1, max(version), '', 0, 'cityhub', 'it counted before versions were decided on', 'initial', 0, '' "
        "from series group by kpi"
    )


def _values() -> None:
    old = "value_of_0003"
    op.drop_index("value_settling", "value")
    op.drop_index("value_unpublished", "value")
    op.rename_table("value", old)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"alter table {old} rename constraint value_pkey to {old}_pkey")
    op.create_table(
        "value",
        Column("kpi", Text, primary_key=True),
        Column("window", Text, primary_key=True),
        _key("anchor", "start of the window's last step"),
        Column("scope", Text, primary_key=True),
        Column("dims", Text, primary_key=True),
        _key("version", "values of a version that was left stay as they were published last"),
        _count("start"),
        _count("end"),
        Column("label", Text, nullable=False),
        _count("revision"),
        _count("published", "newest revision the topic has acknowledged"),
        Column("payload", LargeBinary, nullable=False, comment="the KpiValue as JSON, exactly as published"),
        sqlite_with_rowid=False,
    )
    value = sa.table("value", *(sa.column(name) for name in _VALUE.split(", ")))
    before = sa.table(old, *(sa.column(name) for name in _VALUE.split(", ")))
    op.execute(sa.insert(value).from_select(_VALUE.split(", "), sa.select(before)))
    op.drop_table(old)
    op.create_index("value_settling", "value", ["kpi", "label", "end"])
    unpublished = sa.text("published < revision")
    op.create_index("value_unpublished", "value", ["kpi"], sqlite_where=unpublished, postgresql_where=unpublished)


def _key(name: str, comment: str | None = None) -> Column[int]:
    return Column(name, BigInteger, primary_key=True, autoincrement=False, comment=comment)


def _count(name: str, comment: str | None = None) -> Column[int]:
    return Column(name, BigInteger, nullable=False, comment=comment)
