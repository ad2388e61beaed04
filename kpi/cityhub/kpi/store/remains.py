"""Removing what a version of a KPI has counted that never became the live one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, Table, delete, func, select, tuple_

from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.store import cursors, schema
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.series import family_of
from cityhub.kpi.store.tenure import Fence

_SPAN_S = 7 * 86_400
_ROWS = 5_000
_SERIES = 500


def remove(database: Database, definition: KpiDefinition, fence: Fence) -> Iterator[None]:
    """Remove everything of the version, in short transactions, one per step; whoever stops in between begins anew.

    The cursors of its jobs stay, so that their numbers, which stand for writers in buckets, are not given again.
    """
    row = schema.series.c
    mine = (row.kpi == definition.id) & (row.version == definition.version)
    with database.snapshot() as connection:
        numbers = sorted(connection.scalars(select(row.id).where(mine)))
        layers = sorted(connection.scalars(select(row.layer).where(mine).distinct()))
    works: list[Callable[[Connection], int]] = []
    for family in (family_of(definition, layer) for layer in layers):
        works += [_stretch(table, family) for table in (schema.bucket, schema.bin_, schema.rollup)]
    works += [_marks(numbers[first : first + _SERIES]) for first in range(0, len(numbers), _SERIES)]
    works += [_cells(definition), _ids(definition)]
    works.append(lambda connection: connection.execute(delete(schema.series).where(mine)).rowcount)
    for work in works:
        removed = 1
        while removed:
            with database.begin() as connection:
                fence(connection)
                removed = work(connection)
            yield


def _stretch(table: Table, family: int) -> Callable[[Connection], int]:
    """The oldest week of a family."""
    row = table.c

    def work(connection: Connection) -> int:
        first = connection.scalar(select(func.min(row.start)).where(row.family == family))
        if first is None:
            return 0
        return connection.execute(delete(table).where(row.family == family, row.start < first + _SPAN_S)).rowcount

    return work


def _marks(numbers: Sequence[int]) -> Callable[[Connection], int]:
    change = delete(schema.dirty).where(schema.dirty.c.series.in_(numbers))
    return lambda connection: connection.execute(change).rowcount


def _cells(definition: KpiDefinition) -> Callable[[Connection], int]:
    """Families are called `<kpi>/<version>/<number>`, with further rows of pairs below."""
    row = schema.cell.c
    some = select(row.plan, row.key).where(_begins(row.plan, f"{definition.id}/{definition.version}/")).limit(_ROWS)

    def work(connection: Connection) -> int:
        found = [tuple(one) for one in connection.execute(some)]
        if found:
            connection.execute(delete(schema.cell).where(tuple_(row.plan, row.key).in_(found)))
        return len(found)

    return work


def _ids(definition: KpiDefinition) -> Callable[[Connection], int]:
    jobs = _begins(schema.seen.c.job, f"{cursors.BACKFILLS}{definition.id}/{definition.version}/")
    return lambda connection: connection.execute(delete(schema.seen).where(jobs)).rowcount


def _begins(column: ColumnElement[str], words: str) -> ColumnElement[bool]:
    """`like` asks SQLite without regard to case, and order depends on PostgreSQL's language."""
    return func.substr(column, 1, len(words)) == words
