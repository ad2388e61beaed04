"""Series: the small numbers that stand for (KPI, version, layer, scope, dimensions) in bucket rows."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, select
from xxhash import xxh3_64_intdigest

from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.store import schema
from cityhub.kpi.store.dialect import insert_missing

_canonical = msgspec.json.Encoder(order="sorted").encode
_POSITIVE = (1 << 63) - 1
_MOST_CACHED = 1_000_000
_PER_QUERY = 500


class SeriesIds:
    """Gives out ids and makes sure that the dictionary in the store knows them.

    An id is a function of what it stands for, so workers need not agree on anything; that two things got the same id
    is noticed when the second is written, and refused.
    """

    def __init__(self) -> None:
        self._ids: dict[tuple[int, str, str, tuple[str, ...]], int] = {}
        self._new: dict[int, dict[str, object]] = {}

    def id_of(self, number: int, plan: Plan, layer: str, scope: str, dims: tuple[str, ...]) -> int:
        """The id of a series of the plan with that number in the job."""
        key = (number, layer, scope, dims)
        found = self._ids.get(key)
        return found if found is not None else self._make(key, plan)

    def _make(self, key: tuple[int, str, str, tuple[str, ...]], plan: Plan) -> int:
        _, layer, scope, dims = key
        if len(self._ids) > _MOST_CACHED:
            self._ids.clear()
        definition = plan.definition
        names = definition.dimensions if dims else ()  # no dims: the bucket of all, which `distinct` keeps
        text = _canonical(dict(zip(names, dims, strict=True))).decode()
        row = {"kpi": definition.id, "version": definition.version, "layer": layer, "scope": scope, "dims": text}
        number = xxh3_64_intdigest(_canonical(row)) & _POSITIVE
        self._ids[key] = number
        self._new[number] = row
        return number

    def write_new(self, connection: Connection) -> None:
        """Put the series into the dictionary that were first seen in this transaction.

        Raises:
            StoreUnavailable: two series share an id.
        """
        waiting = sorted(self._new)
        for start in range(0, len(waiting), _PER_QUERY):
            part = waiting[start : start + _PER_QUERY]
            insert_missing(connection, schema.series, [{"id": number, **self._new[number]} for number in part])
            row = schema.series.c
            query = select(row.id, row.kpi, row.version, row.layer, row.scope, row.dims).where(row.id.in_(part))
            for number, *rest in connection.execute(query):
                if rest != list(self._new[number].values()):
                    raise StoreUnavailable(f"series id {number} stands for {rest} and for {self._new[number]}")

    def committed(self) -> None:
        """The transaction that wrote the new series is committed."""
        self._new.clear()
