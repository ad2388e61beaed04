"""From archived rows back to events: what was said, hashed again, so that each row proves itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import polars as pl
from msgspec import UNSET
from xxhash import xxh3_128_intdigest

from cityhub.bus.errors import ArchiveDamaged
from cityhub.sdk.contract import Contract, Field
from cityhub.sdk.event import Event
from cityhub.sdk.identity import content_hash

_OPTIONAL = ("borough", "registerversion", "recordedby", "correlationid", "causationid", "sequence")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_encode = msgspec.json.Encoder().encode
_raw = msgspec.json.Decoder(dict[str, Any]).decode


def events_of(contract: Contract, rows: pl.DataFrame) -> list[Event]:
    """The events of rows with all columns of a file, in their order; of an erased one without what was erased.

    Raises:
        ArchiveDamaged: a row is not what was archived; the message names its place in the log.
    """
    names = [name for name in contract.fields if f"${name}" in rows.columns]
    columns = [_values(contract.fields[name], rows[f"${name}"]) for name in names]
    found = []
    for index, row in enumerate(rows.iter_rows(named=True)):
        event = _event(contract.type, row, {name: column[index] for name, column in zip(names, columns, strict=True)})
        _prove(event, row)
        found.append(event)
    return found


def record_values(events: Sequence[Event], rows: pl.DataFrame) -> list[bytes]:
    """Bytes of the records that events came in: the very bytes where they were kept, else others that say the same."""
    return [_encode(event) if raw is None else raw for event, raw in zip(events, rows["raw"], strict=True)]


def _event(type_: str, row: dict[str, Any], values: dict[str, Any]) -> Event:
    time = _EPOCH + timedelta(microseconds=row["time_us"])
    data = {name: value for name, value in values.items() if value is not None}
    if row["raw"] is not None:
        data = _raw(row["raw"])["data"]
    kept: bytes | None = row["contenthash"]
    uuid: bytes | None = row["uuid"]
    lag_us: int | None = row["recorded_lag_us"]
    optional = {name: row[name] or UNSET for name in _OPTIONAL}
    return Event(
        id=row["id_text"] if uuid is None else str(UUID(bytes=uuid)),
        source=row["source"],
        type=type_,
        subject=row["subject"],
        time=time,
        recordedtime=time if lag_us is None else time + timedelta(microseconds=lag_us),
        dataschema=row["dataschema"] or "",
        partitionkey=row["partitionkey"] or row["subject"],
        contenthash=kept.hex() if kept else content_hash(type_, row["source"], row["subject"], time, data),
        data=data,
        specversion="1.0",
        datacontenttype="application/json",
        synthetic=row["synthetic"],
        **optional,
    )


def _prove(event: Event, row: dict[str, Any]) -> None:
    """The row's digest is of the id and of the content that its columns hold."""
    digest = xxh3_128_intdigest(f"{event.source}\0{event.id}".encode() + bytes.fromhex(event.contenthash))
    if digest != row["digest_hi"] << 64 | row["digest_lo"] and not row["erased"]:
        where = f"partition {row['part']} offset {row['off']}"
        raise ArchiveDamaged(f"the row of {where} ({event.type} {event.id}) does not hash to its digest")


def _values(field: Field, column: pl.Series) -> list[Any]:
    if field.type == "decimal":
        power = 10**field.scale
        return [None if value is None else value / power for value in column]
    if field.type == "instant":
        return [None if value is None else _EPOCH + timedelta(microseconds=value) for value in column]
    return column.to_list()
