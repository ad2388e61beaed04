"""Marks tell late events from higher versions and retractions; a denominator knows the source of its event."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, Text

revision = "0003"
down_revision = "0002"

_REASON = "what the change is called after the deadline: 0 late, 1 correction, 2 retraction"


def upgrade() -> None:
    """Make the three tables anew and take the rows along; what was marked before is called late."""
    places = "int64: series, start, first_ms, last_ms of each bucket"
    _rebuild(
        "touched",
        [
            _key("writer", "cursor whose batch it was"),
            _key("off", "last record of the batch"),
            _key("reason", _REASON),
            Column("places", LargeBinary, nullable=False, comment=places),
        ],
        reason="0",
    )
    _rebuild(
        "dirty",
        [
            *(_key(name) for name in ("series", "start", "writer")),
            _key("reason", _REASON),
            _count("stamp", "offset of the batch that changed the bucket last"),
            _count("first_ms", "the partition's clock at the first change that the mark stands for"),
            _count("last_ms", "and at the last"),
        ],
        rowid=False,
        reason="0",
    )
    _rebuild(
        "reference",
        [
            Column("name", Text, primary_key=True),
            Column("source", Text, primary_key=True, comment="of the event; '' in rows older than this column"),
            Column("id", Text, primary_key=True, comment="of the event"),
            _count("valid_from", "epoch seconds"),
            _count("recorded_ms"),
            _count("value"),
            Column("scope", Text, nullable=False),
        ],
        source="''",
    )


def _rebuild(
    table: str, columns: list[Column[int] | Column[str] | Column[bytes]], *, rowid: bool = True, **new: str
) -> None:
    """Args: new: what the rows get in columns that the table did not have."""
    old = f"{table}_of_0002"
    op.rename_table(table, old)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"alter table {old} rename constraint {table}_pkey to {old}_pkey")
    op.create_table(table, *columns, sqlite_with_rowid=rowid)
    names = [column.name for column in columns]
    values = ", ".join(new.get(name, name) for name in names)
    op.execute(sa.text(f"insert into {table} ({', '.join(names)}) select {values} from {old}"))  # noqa: S608 - our names
    op.drop_table(old)


def _key(name: str, comment: str | None = None) -> Column[int]:
    return Column(name, BigInteger, primary_key=True, autoincrement=False, comment=comment)


def _count(name: str, comment: str | None = None) -> Column[int]:
    return Column(name, BigInteger, nullable=False, comment=comment)
