"""Buckets of one definition stand together, in order of time: a batch changes few pages, a window is one stretch.

Before, a row's first key was its series, so that every batch touched as many pages as it had series.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Column
from xxhash import xxh3_64_intdigest

revision = "0002"
down_revision = "0001"

_DIGEST_LIMBS, _SLOTS = 4, 8
_SUMS = ("n", "synthetic_n", *(f"d{i}" for i in range(_DIGEST_LIMBS)), *(f"v{i}" for i in range(_SLOTS)))
_FAMILY = "KPI, version and layer: what is written and read together stands together"


def upgrade() -> None:
    """Make the three tables anew and take the rows along."""
    _rebuild("bucket", [_key("start", "epoch seconds"), _key("series"), _writer(), *_added()])
    bins = [_key("start"), _key("series"), _key("histogram"), _key("bin"), _key("writer")]
    _rebuild("bin", [*bins, Column("n", BigInteger, nullable=False)])
    _rebuild("rollup", [_key("start", "of the local day"), _key("series"), *_added()])


def _rebuild(table: str, columns: list[Column[int]]) -> None:
    connection = op.get_bind()
    old = f"{table}_of_0001"
    op.rename_table(table, old)
    if connection.dialect.name == "postgresql":
        op.execute(f"alter table {old} rename constraint {table}_pkey to {old}_pkey")
    op.create_table(table, _key("family", _FAMILY), *columns, sqlite_with_rowid=False)
    names = ", ".join(column.name for column in columns)
    copy = sa.text(
        f"insert into {table} (family, {names}) "  # noqa: S608 - names of our own tables and columns
        f"select :family, {', '.join(f'o.{column.name}' for column in columns)} "
        f"from series s join {old} o on o.series = s.id "
        "where s.kpi = :kpi and s.version = :version and s.layer = :layer"
    )
    for kpi, version, layer in connection.execute(sa.text("select distinct kpi, version, layer from series")).all():
        family = xxh3_64_intdigest(f"{kpi}/{version}/{layer}".encode()) >> 16
        connection.execute(copy, {"family": family, "kpi": kpi, "version": version, "layer": layer})
    op.drop_table(old)


def _key(name: str, comment: str | None = None) -> Column[int]:
    return Column(name, BigInteger, primary_key=True, autoincrement=False, comment=comment)


def _writer() -> Column[int]:
    return _key("writer", "cursor that wrote the row; readers add the rows")


def _added() -> list[Column[int]]:
    return [Column(name, BigInteger, nullable=False, server_default=sa.text("0")) for name in _SUMS]
