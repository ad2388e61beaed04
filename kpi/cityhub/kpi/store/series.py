"""Series: the numbers that stand for (KPI, version, layer, scope, dimensions) in bucket rows, and their families."""

from __future__ import annotations

import msgspec
import numpy as np
from sqlalchemy import Connection, select
from xxhash import xxh3_64_intdigest

from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.kernel.fingerprints import Fingerprints
from cityhub.kpi.store import schema
from cityhub.kpi.store.dialect import insert_missing

_canonical = msgspec.json.Encoder(order="sorted").encode
_POSITIVE = (1 << 63) - 1
_FAMILY_BITS = 48
_MOST_CACHED = 1 << 16
"""Ids of one family that are kept ready; making one anew costs two microseconds."""
_PER_QUERY = 500

Where = tuple[str, ...]
"""Scope, and the values of the dimensions; none of them for the bucket of all, which `distinct` keeps."""


def family_of(definition: KpiDefinition, layer: str) -> int:
    """The number under which a definition's buckets of a layer stand together: 48 bits, a function of the three."""
    return xxh3_64_intdigest(f"{definition.id}/{definition.version}/{layer}".encode()) >> (64 - _FAMILY_BITS)


class Family:
    """The series of one definition and layer.

    Attributes:
        id: see `family_of`.
    """

    def __init__(self, definition: KpiDefinition, layer: str, new: dict[int, dict[str, object]]) -> None:
        self.id = family_of(definition, layer)
        self._definition = definition
        self._layer = layer
        self._new = new
        self._ids: dict[Where, int] = {}

    def series(self, where: Where) -> int:
        """The id of a series."""
        found = self._ids.get(where)
        return found if found is not None else self._make(where)

    def _make(self, where: Where) -> int:
        if len(self._ids) >= _MOST_CACHED:
            self._ids.clear()
        scope, *dims = where
        definition = self._definition
        names = definition.dimensions if dims else ()
        text = _canonical(dict(zip(names, dims, strict=True))).decode()
        row = {"kpi": definition.id, "version": definition.version, "layer": self._layer, "scope": scope, "dims": text}
        number = xxh3_64_intdigest(_canonical(row)) & _POSITIVE
        self._ids[where] = number
        self._new[number] = row
        return number


class SeriesIds:
    """Gives out ids and makes sure that the dictionary in the store knows them.

    An id is a function of what it stands for, so workers need not agree on anything; that two things got the same id
    is noticed when the second is written, and refused.
    """

    def __init__(self) -> None:
        self._families: dict[tuple[str, str], Family] = {}
        self._known = Fingerprints()
        self._new: dict[int, dict[str, object]] = {}

    def family(self, definition: KpiDefinition, layer: str) -> Family:
        """The series of a layer of one of the job's definitions."""
        found = self._families.get((definition.id, layer))
        if found is None:
            found = self._families[definition.id, layer] = Family(definition, layer, self._new)
        return found

    def write_new(self, connection: Connection) -> None:
        """Put the series into the dictionary that are not known to be there.

        Raises:
            StoreUnavailable: two series share an id.
        """
        if not self._new:
            return
        made = np.array(sorted(self._new), dtype=np.uint64)
        there = made[np.unique(self._known.find(made).queries)]
        for number in there.tolist():
            del self._new[number]
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
        if self._new:
            numbers = np.array(list(self._new), dtype=np.uint64)
            self._known.add(numbers, numbers)
            self._new.clear()
