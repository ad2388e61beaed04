"""Records of the log as columns, without loss: what an event's content hash covers can be had back from its row.

Each row is proved when it is made: the columns' values are hashed again, and where that is not the event's own hash
(another spelling of a number, a field that no contract names) the record's bytes are kept beside them. So most rows
need neither text nor hash: of an event, its id and digest are all that no column can shrink.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from operator import attrgetter
from typing import Any, NamedTuple, Protocol

import msgspec
import pyarrow as pa
from xxhash import xxh3_128_digest

from cityhub.sdk.contract import Contract, Field
from cityhub.sdk.contract_type import decimal_check, envelope_type
from cityhub.sdk.decimals import scaled

UNREAD = ""
"""In place of an event type: records that no contract of the topic reads."""
DAY_MS = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAMES = ("dataschema", "partitionkey", "registerversion", "recordedby", "correlationid", "causationid", "sequence")
_MORE = [("recordedtime", Any, None), *((name, Any, None) for name in _NAMES)]
_canonical_uuid = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch

PLACE = [("part", pa.int16()), ("off", pa.int64()), ("append_ms", pa.int64()), ("clock_lag_ms", pa.int64())]
VERDICT = [("reason", pa.string()), ("detail", pa.string()), ("raw", pa.binary())]
ENVELOPE = [
    ("time_us", pa.int64()),
    ("recorded_lag_us", pa.int64()),
    ("uuid", pa.binary(16)),
    ("id_text", pa.string()),
    ("source", pa.string()),
    ("subject", pa.string()),
    ("borough", pa.string()),
    ("synthetic", pa.bool_()),
    *((name, pa.string()) for name in _NAMES),
    ("contenthash", pa.binary(32)),
    ("digest_hi", pa.uint64()),
    ("digest_lo", pa.uint64()),
    ("erased", pa.bool_()),
]
_TYPES = {
    "integer": pa.int64(),
    "decimal": pa.int64(),
    "text": pa.string(),
    "boolean": pa.bool_(),
    "instant": pa.int64(),
}

canonical = msgspec.json.Encoder(order="sorted").encode
"""As `sdk.identity` writes what a content hash covers, for typed data too."""


class LogRecord(Protocol):
    """One record as the log holds it; `timestamp` is the broker's append time, epoch ms."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def value(self) -> bytes | None: ...


class Refusal(NamedTuple):
    """A stored verdict: why a record was refused, as machine word and in words."""

    reason: str
    detail: str


Refusals = Mapping[int, Refusal]
"""Verdicts of one partition by offset; a record that has none was accepted, or repeats one."""


def schema_of(contract: Contract | None) -> pa.Schema:
    """Columns of an event type's files; None = of records that could not be read."""
    if contract is None:
        return pa.schema([*PLACE, *VERDICT])
    fields = [(f"${name}", _TYPES[field.type]) for name, field in contract.fields.items()]
    return pa.schema([*PLACE, *ENVELOPE, *VERDICT, *fields])


class _Item(NamedTuple):
    """A record with the partition's clock at it and its event, None where no contract reads it."""

    record: LogRecord
    clock_ms: int
    event: Any


class TopicColumns:
    """Makes the tables of one topic.

    Args:
        contracts: every contract of the topic, retired ones too.
    """

    def __init__(self, contracts: Iterable[Contract]) -> None:
        self.contracts = {contract.type: contract for contract in contracts}
        envelopes = {envelope_type(contract, _MORE): contract for contract in self.contracts.values()}
        self._type_of = {envelope: contract.type for envelope, contract in envelopes.items()}
        self._checks = {envelope: decimal_check(contract) for envelope, contract in envelopes.items()}
        union: Any = None
        for envelope in envelopes:
            union = envelope if union is None else union | envelope
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(union).decode if envelopes else _nothing

    def tables(self, part: int, records: Sequence[LogRecord], clock_ms: int, refusals: Refusals) -> dict[str, pa.Table]:
        """A stretch of one partition, by event type; `UNREAD` for what no contract reads.

        Args:
            records: in offset order. clock_ms: running maximum of append times before them.
        """
        clocks = islice(accumulate((record.timestamp for record in records), max, initial=clock_ms), 1, None)
        groups: dict[str, list[_Item]] = {}
        for item in map(_Item, records, clocks, self._events(records)):
            type_ = UNREAD if item.event is None else self._type_of[type(item.event)]
            groups.setdefault(type_, []).append(item)
        return {type_: self._table(type_, part, items, refusals) for type_, items in groups.items()}

    def _events(self, records: Sequence[LogRecord]) -> list[Any]:
        try:
            events = [self._decode(record.value or b"") for record in records]
            for event in events:
                if (check := self._checks[type(event)]) is not None:
                    check(event)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            if len(records) == 1:
                return [None]
            half = len(records) // 2
            return self._events(records[:half]) + self._events(records[half:])
        return events

    def _table(self, type_: str, part: int, items: Sequence[_Item], refusals: Refusals) -> pa.Table:
        contract = self.contracts.get(type_)
        records = [item.record for item in items]
        verdicts = [refusals.get(record.offset) for record in records] if refusals else [None] * len(records)
        columns: dict[str, Sequence[Any]] = {
            "part": [part] * len(items),
            "off": [record.offset for record in records],
            "append_ms": [record.timestamp for record in records],
            "clock_lag_ms": [item.clock_ms - item.record.timestamp for item in items],
            "reason": [verdict and verdict.reason for verdict in verdicts],
            "detail": [verdict and verdict.detail for verdict in verdicts],
        }
        if contract is None:
            columns["raw"] = [record.value or b"" for record in records]
        else:
            _unspell(contract, [item.event.data for item in items])
            columns |= _enveloped(contract.type, [item.event for item in items], records)
            columns |= _data(contract, [item.event.data for item in items])
        schema = schema_of(contract)
        return pa.table([pa.array(columns[name], type_) for name, type_ in _pairs(schema)], schema=schema)


def _pairs(schema: pa.Schema) -> list[tuple[str, pa.DataType]]:
    return [(field.name, field.type) for field in schema]


def _enveloped(type_: str, events: Sequence[Any], records: Sequence[LogRecord]) -> dict[str, Sequence[Any]]:
    """Columns of the envelopes, and what proves them."""
    times = [event.time if event.time.tzinfo is UTC else event.time.astimezone(UTC) for event in events]
    made = [
        hashlib.sha256(canonical([type_, event.source, event.subject, time, event.data])).digest()
        for event, time in zip(events, times, strict=True)
    ]
    said = [bytes.fromhex(event.contenthash) for event in events]
    digests = [
        xxh3_128_digest(f"{event.source}\0{event.id}".encode() + content)
        for event, content in zip(events, said, strict=True)
    ]
    time_us = [_micros(time - _EPOCH) for time in times]
    uuids = [_uuid(event.id) for event in events]
    columns: dict[str, Sequence[Any]] = {
        "time_us": time_us,
        "recorded_lag_us": [_lag(event.recordedtime, at) for event, at in zip(events, time_us, strict=True)],
        "uuid": uuids,
        "id_text": [event.id if uuid is None else None for event, uuid in zip(events, uuids, strict=True)],
        "source": [event.source for event in events],
        "subject": [event.subject for event in events],
        "borough": [event.borough for event in events],
        "synthetic": [event.synthetic for event in events],
        "contenthash": [None if one == other else one for one, other in zip(said, made, strict=True)],
        "digest_hi": [int.from_bytes(digest[:8]) for digest in digests],
        "digest_lo": [int.from_bytes(digest[8:]) for digest in digests],
        "erased": [False] * len(events),
    }
    for name in _NAMES:
        columns[name] = [value if type(value) is str else None for value in map(attrgetter(name), events)]
    columns["partitionkey"] = [
        None if key == event.subject else key for key, event in zip(columns["partitionkey"], events, strict=True)
    ]
    columns["raw"] = [
        None if one == other else record.value or b"" for one, other, record in zip(said, made, records, strict=True)
    ]
    return columns


def _unspell(contract: Contract, data: Sequence[Any]) -> None:
    """Make values what their columns can say: instants in UTC, no negative zero.

    An event that said otherwise then has another hash than its row, which is how its bytes come to be kept.
    """
    for name, field in contract.fields.items():
        if field.type == "instant":
            for one in data:
                value = getattr(one, name)
                if value is not None and value.tzinfo is not UTC:
                    setattr(one, name, value.astimezone(UTC))
        elif field.type == "decimal":
            for one in data:
                if getattr(one, name) == 0:
                    setattr(one, name, 0.0)


def _data(contract: Contract, data: Sequence[Any]) -> dict[str, Sequence[Any]]:
    return {f"${name}": _field(field, [getattr(one, name) for one in data]) for name, field in contract.fields.items()}


def _field(field: Field, values: Sequence[Any]) -> Sequence[Any]:
    if field.type == "decimal":
        return [None if value is None else scaled(value, field.scale) for value in values]
    if field.type == "instant":
        return [None if value is None else _micros(value - _EPOCH) for value in values]
    return values


def _micros(since: timedelta) -> int:
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _lag(recorded: Any, time_us: int) -> int | None:
    """How long after its event a record was made; what is no instant is no column's and stays in no row."""
    try:
        return _micros(datetime.fromisoformat(recorded) - _EPOCH) - time_us
    except (TypeError, ValueError):
        return None


def _uuid(id_: str) -> bytes | None:
    """An id that is a UUID in its canonical form takes 16 bytes instead of 36."""
    return bytes.fromhex(id_.replace("-", "")) if _canonical_uuid(id_) else None


def _nothing(_: bytes) -> Any:
    raise ValueError("no contract reads this topic")
