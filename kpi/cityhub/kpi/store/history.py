"""What was known when: totals of changed buckets, one per minute, and the numbers that follow from them (`as_of`).

The minute is the publisher's clock. A bucket's entry is written with the pass that takes its mark, so a number as of a
minute is the one that was published at its end. Only while a backlog of more than one minute is worked off can a window
be published after the history of its buckets. Recordings of one denominator come in the order of their append times.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
from sqlalchemy import Connection, select, text
from xxhash import xxh3_64_intdigest

from cityhub.kpi.kernel.bucket import MAX_SLOTS
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.store import schema
from cityhub.kpi.store.dialect import upsert
from cityhub.kpi.store.figures import Figures, figures
from cityhub.kpi.store.references import References, load_references
from cityhub.kpi.store.sheet import Bins, BinSheet, Integers, Span, added, flat
from cityhub.kpi.store.windows import Job, Place, PlanRows, columns, totals

MOST_REFERENCES = MAX_SLOTS - 1
"""Denominators of one definition whose recording can be remembered beside the clock."""
_POSITIVE = (1 << 63) - 1
_decode_bins = msgspec.msgpack.Decoder(list[tuple[int, int, int]]).decode


def minute_of(epoch_ms: int) -> int:
    """The minute an instant lies in."""
    return epoch_ms // 60_000


def bins_by_place(rows: Integers) -> dict[Place, Bins]:
    """Histogram rows (series, start, histogram, bin, n) by bucket."""
    found: dict[Place, list[list[int]]] = {}
    for row in rows.tolist():
        found.setdefault(Place(row[0], row[1]), []).append(row[2:])
    return {place: added(bins) for place, bins in found.items()}


def write_history(
    connection: Connection, plan: Plan, at_min: int, buckets: Iterable[Sequence[int]], bins: Mapping[Place, Bins]
) -> None:
    """Keep buckets as they are known in a minute; a later entry of the same minute takes the place of an earlier.

    Args:
        buckets: rows of series, start, sums.
    """
    names = ("series", "start", *columns(plan))
    rows: list[dict[str, Any]] = []
    for bucket in buckets:
        found = bins.get(Place(bucket[0], bucket[1]))
        packed = msgspec.msgpack.encode(flat(found)) if found else None
        rows.append({**dict(zip(names, bucket, strict=True)), "at_min": at_min, "bins": packed})
    _write(connection, rows, (*columns(plan), "bins"))


def write_clock(connection: Connection, plan: Plan, at_min: int, clock_s: int, references: References) -> None:
    """Keep how far the record had come in a minute, and which recordings of denominators were known."""
    seen = references.seen(plan.references[:MOST_REFERENCES])
    newest = {f"v{1 + index}": seen[name].newest_ms for index, name in enumerate(plan.references[:MOST_REFERENCES])}
    row = {
        "series": _clock_series(plan.definition.id, plan.definition.version),
        "start": 0,
        "at_min": at_min,
        "v0": clock_s,
        **newest,
    }
    _write(connection, [row], ("v0", *newest))


def _write(connection: Connection, rows: Sequence[Mapping[str, Any]], changing: Iterable[str]) -> None:
    if rows:
        statement = upsert(connection, schema.history)
        statement = statement.on_conflict_do_update(
            index_elements=["series", "start", "at_min"], set_={name: statement.excluded[name] for name in changing}
        )
        connection.execute(statement, list(rows))


def _clock_series(kpi: str, version: int) -> int:
    """Stands for the definition's clock, as a series stands for its buckets."""
    return xxh3_64_intdigest(f"clock/{kpi}/{version}".encode()) & _POSITIVE


class Known(NamedTuple):
    """What a version of a definition had been published with.

    Attributes:
        until_s: the end of the record's clock, epoch seconds.
        referred_ms: of each denominator in the plan's order the newest recording, epoch ms.
    """

    until_s: int
    referred_ms: tuple[int, ...]


def known_as_of(connection: Connection, kpi: str, version: int, at_min: int) -> Known | None:
    """As it was at the end of a minute; None = nothing of this version was published yet."""
    row = schema.history.c
    query = select(*(row[f"v{index}"] for index in range(MAX_SLOTS)))
    query = query.where(row.series == _clock_series(kpi, version), row.start == 0, row.at_min <= at_min)
    found = connection.execute(query.order_by(row.at_min.desc()).limit(1)).one_or_none()
    return None if found is None else Known(found[0], tuple(found[1:]))


def figures_as_of(connection: Connection, plan: Plan, job: Job, known: Known, at_min: int) -> Figures:
    """The numbers of a window that was published, as they were known at the end of a minute."""
    source, window = PlanRows(connection, plan), job.window
    low = 0 if plan.has_prefix else window.start
    base, bins = _known(source, "", low, window.end, at_min)
    layers = {}
    if window.kind in plan.layers:
        layers[window.kind], _ = _known(source, window.kind, window.anchor, window.anchor + 1, at_min)
    found = totals(source, [job], base, layers)[0]
    found = found._replace(bins=BinSheet(source.base, bins).sums(Span(job.cut, window.start, window.end)))
    known_ms = dict(zip(plan.references, known.referred_ms, strict=False))
    references = load_references(connection, plan.references)
    numbers = references.numbers(plan.references, job.cut, window.end, known_ms)
    return figures(plan, job, found, known.until_s, numbers)


def _known(source: PlanRows, layer: str, low: int, high: int, at_min: int) -> tuple[Integers, Integers]:
    """Buckets with start in [low, high) as known at the end of a minute; their histograms as rows."""
    names = columns(source.plan)
    statement = f"""
        select h.series, h.start, {", ".join(f"h.{name}" for name in names)}, h.bins
        from series s join history h on h.series = s.id
        where s.kpi = :kpi and s.version = :version and s.layer = :layer and h.start >= :low and h.start < :high
          and h.at_min = (select max(i.at_min) from history i
                          where i.series = h.series and i.start = h.start and i.at_min <= :at_min)
    """  # noqa: S608 - names of our own columns
    definition = source.plan.definition
    values = {"kpi": definition.id, "version": definition.version, "layer": layer, "low": low, "high": high}
    found = source.connection.execute(text(statement), {**values, "at_min": at_min}).all()
    rows = np.array([row[:-1] for row in found], dtype=np.int64).reshape(-1, 2 + len(names))
    packed = [(row[0], row[1], *bin_) for row in found if row[-1] is not None for bin_ in _decode_bins(row[-1])]
    return rows, np.array(packed, dtype=np.int64).reshape(-1, 5)
