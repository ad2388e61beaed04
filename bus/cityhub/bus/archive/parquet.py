"""Tables as Parquet files, and back: one place that says how columns are packed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import IO

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cityhub.bus.archive.chain import DataFile, Span
from cityhub.bus.archive.columns import DAY_MS, UNREAD
from cityhub.bus.errors import ArchiveDamaged

ROWS_PER_GROUP = 128 * 1024
_RANDOM = ("uuid", "contenthash", "digest_hi", "digest_lo")
"""Bytes that nothing shrinks: trying costs time on every read."""
_GROWING = ("off", "append_ms", "clock_lag_ms", "time_us", "recorded_lag_us")
_LEVEL = 3
_DAY_ONE = date(1970, 1, 1)
_DAY_US = DAY_MS * 1000


def pack(table: pa.Table) -> bytes:
    """A table as the bytes of a Parquet file; the same table gives the same bytes."""
    names = table.column_names
    packed = [name for name in names if name not in (*_RANDOM, *_GROWING)]
    target = pa.BufferOutputStream()
    pq.write_table(
        table,
        target,
        row_group_size=ROWS_PER_GROUP,
        use_dictionary=packed,
        compression={name: "NONE" if name in _RANDOM else "ZSTD" for name in names},
        compression_level={name: _LEVEL for name in names if name not in _RANDOM},
        column_encoding={name: "DELTA_BINARY_PACKED" for name in names if name in _GROWING},
        write_statistics=[name for name in ("off", "time_us", "subject") if name in names],
        store_schema=False,
    )
    content: bytes = target.getvalue().to_pybytes()
    return content


def unpack(content: bytes, columns: Sequence[str] | None, where: str) -> pl.DataFrame:
    """The rows of a file; columns that a file of an older contract does not have are left out.

    Raises:
        ArchiveDamaged: it is no Parquet file of the archive.
    """
    try:
        held = pl.read_parquet_schema(BytesIO(content))
        wanted = None if columns is None else [name for name in columns if name in held]
        return pl.read_parquet(BytesIO(content), columns=wanted)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ArchiveDamaged(f"{where} is no Parquet file of an archive: {error}", where) from error


def unpack_all(contents: Sequence[bytes], schema: pl.Schema) -> pl.DataFrame:
    """The rows of many small files at once, five times as fast as one by one.

    Args:
        schema: columns that are wanted; null where a file of an older contract does not have one.

    Raises:
        polars.exceptions.PolarsError: one of them is not of this kind; `unpack` says which.
    """
    sources: list[IO[bytes]] = [BytesIO(content) for content in contents]
    return pl.scan_parquet(sources, schema=schema, missing_columns="insert", extra_columns="ignore").collect()


def by_day(type_: str, table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """A table split by UTC day of the events, of unreadable records by that of their arrival."""
    column, length = ("append_ms", DAY_MS) if type_ == UNREAD else ("time_us", _DAY_US)
    moments = table[column].to_numpy()
    days = moments // length
    if days.min() == days.max():
        yield _day(int(days[0])), table
        return
    for day in sorted({int(day) for day in days}):
        yield _day(day), table.filter(pa.array(days == day))


def described(type_: str, day: str, path: str, table: pa.Table, content: bytes) -> DataFile:
    """What a commit says of a file."""
    column, unit = ("append_ms", 1) if type_ == UNREAD else ("time_us", 1000)
    moments = pc.min_max(table[column]).as_py()
    parts, offsets = table["part"].to_numpy(), table["off"].to_numpy()
    return DataFile(
        path=path,
        type=type_,
        day=day,
        rows=table.num_rows,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        spans={int(part): _span(offsets[parts == part]) for part in np.unique(parts)},
        t=(moments["min"] // unit, moments["max"] // unit),
        refused=table.num_rows - table["reason"].null_count,
        erased=0 if type_ == UNREAD else pc.sum(table["erased"]).as_py() or 0,
    )


def _span(offsets: np.ndarray) -> Span:
    return Span(int(offsets.min()), int(offsets.max()), len(offsets))


def day_of(t_ms: int) -> str:
    """The UTC day that holds an instant, as folders are named."""
    return datetime.fromtimestamp(t_ms // 1000, UTC).date().isoformat()


def _day(number: int) -> str:
    return (_DAY_ONE + timedelta(days=number)).isoformat()
