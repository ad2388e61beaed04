"""Records of the log, and reading them: bytes → typed events, or a verdict that says why not.

What is refused is a function of the record, its contract and the partition's clock, never of the definitions that are
loaded, so that every recompute refuses the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import accumulate, islice, repeat
from operator import add
from typing import Any, NamedTuple, Protocol

import msgspec
from msgspec import Struct
from xxhash import xxh3_128_digest, xxh3_128_intdigest

from cityhub.sdk.contract import Contract
from cityhub.sdk.contract_type import decimal_check, envelope_type
from cityhub.sdk.event import FUTURE_TOLERANCE, MAX_EVENT_BYTES

_FUTURE_MS = FUTURE_TOLERANCE // timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_MS = 86_400_000


class LogRecord(Protocol):
    """One record as the log holds it; `timestamp` is the broker's append time, epoch ms."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def value(self) -> bytes | None: ...


class Reason(StrEnum):
    """Why a record is refused. A closed set: each has a line in docs/events.md."""

    PARSE = "parse"
    SIZE = "size"
    ENVELOPE = "envelope"
    UNKNOWN_TYPE = "unknown_type"
    FOREIGN = "foreign"
    CONTRACT = "contract"
    TIME_IN_FUTURE = "time_in_future"
    BEYOND_HORIZON = "beyond_horizon"
    ID_REUSE = "id_reuse"
    PROCESSING = "processing"


class Verdict(NamedTuple):
    """A refusal. It is stored by (topic, partition, offset), and every recompute obeys it."""

    record: LogRecord
    reason: Reason
    detail: str
    event_id: str = ""


class Event(Protocol):
    """What the engine reads of an event; `data` is typed by its contract."""

    id: str
    source: str
    subject: str
    time: datetime
    contenthash: str
    data: Any
    borough: str
    synthetic: bool


class Row(NamedTuple):
    """One readable event.

    Attributes:
        t: event time, epoch ms.
        key: 16 bytes that stand for (source, id) within a topic: the key of deduplication.
        content: first 8 bytes of the content hash.
        digest: 128 bits that stand for id and content; buckets add them.
        clock_ms: the partition's clock at this record: the running maximum of append times.
    """

    record: LogRecord
    type: str
    event: Event
    t: int
    key: bytes
    content: bytes
    digest: int
    clock_ms: int


class Refused(Exception):  # noqa: N818 - a verdict under way
    """Carries reason and detail up to where the record is known."""

    def __init__(self, reason: Reason, detail: str, event_id: str = "") -> None:
        super().__init__(detail)
        self.reason, self.detail, self.event_id = reason, detail, event_id


class _Outline(Struct):
    """The least that is needed to say which contract an event claims."""

    type: str
    id: str = ""


_outline = msgspec.json.Decoder(_Outline).decode


class TopicReader:
    """Reads the records of one topic.

    Args:
        contracts: every contract of the topic, retired ones too: what was accepted once stays readable.
        elsewhere: event type → topic of the contracts of other topics, to tell a foreign type from an unknown one.
    """

    def __init__(self, topic: str, contracts: Iterable[Contract], elsewhere: Callable[[str], str | None]) -> None:
        self._topic = topic
        self._elsewhere = elsewhere
        known = sorted(contracts, key=lambda contract: contract.type)
        self._horizon_ms = {contract.type: contract.horizon_s * 1000 for contract in known}
        self._shortest_ms = min(self._horizon_ms.values(), default=0)
        envelopes = [envelope_type(contract) for contract in known]
        self._known = {
            envelope: (contract.type, decimal_check(contract))
            for envelope, contract in zip(envelopes, known, strict=True)
        }
        self._decimals = any(check is not None for _, check in self._known.values())
        union: Any = envelopes[0] if envelopes else _Outline
        for envelope in envelopes[1:]:
            union |= envelope
        self._decode = msgspec.json.Decoder(union).decode

    def read(self, records: Sequence[LogRecord], clock_ms: int) -> tuple[list[Row], list[Verdict]]:
        """Read a batch, in offset order.

        Args:
            clock_ms: running maximum of the append times before the batch.

        Returns:
            The readable events, and a verdict for every other record; together one per record.
        """
        try:
            rows = self._rows(records, clock_ms)
        except (Refused, msgspec.MsgspecError, ValueError, RecursionError):
            return self._one_by_one(records, clock_ms)
        if not self._all_timely(rows):
            return self._one_by_one(records, clock_ms)
        return rows, []

    def _one_by_one(self, records: Sequence[LogRecord], clock_ms: int) -> tuple[list[Row], list[Verdict]]:
        rows: list[Row] = []
        verdicts: list[Verdict] = []
        for record in records:
            clock_ms = max(clock_ms, record.timestamp)
            try:
                (row,) = self._rows([record], clock_ms)
                self._check_time(row)
            except (Refused, msgspec.MsgspecError, ValueError, RecursionError) as error:
                refusal = error if isinstance(error, Refused) else self._refusal(record, error)
                verdicts.append(Verdict(record, refusal.reason, refusal.detail, refusal.event_id))
            else:
                rows.append(row)
        return rows, verdicts

    def _rows(self, records: Sequence[LogRecord], clock_ms: int) -> list[Row]:
        """The events of records that can all be read.

        Every event of the city goes through here: column by column, so that most steps are one loop in C.
        """
        values = [record.value or b"" for record in records]
        if (longest := max(map(len, values))) > MAX_EVENT_BYTES:
            raise Refused(Reason.SIZE, f"the record has {longest} bytes; at most {MAX_EVENT_BYTES} are read")
        events = list(map(self._decode, values))
        kinds = list(map(self._known.__getitem__, map(type, events)))
        if self._decimals:
            for event, (_, check) in zip(events, kinds, strict=True):
                if check is not None:
                    check(event)
        names = [f"{event.source}\0{event.id}".encode() for event in events]
        contents = [bytes.fromhex(event.contenthash) for event in events]
        columns = zip(
            records,
            [type_ for type_, _ in kinds],
            events,
            [
                (since := event.time - _EPOCH).days * _DAY_MS + since.seconds * 1000 + since.microseconds // 1000
                for event in events
            ],
            map(xxh3_128_digest, names),
            [content[:8] for content in contents],
            map(xxh3_128_intdigest, map(add, names, contents)),
            islice(accumulate([record.timestamp for record in records], max, initial=clock_ms), 1, None),
            strict=True,
        )
        return list(map(tuple.__new__, repeat(Row), columns))  # Row(…) takes twice as long

    def _all_timely(self, rows: Sequence[Row]) -> bool:
        """Whether no event can be from the future or beyond its horizon; cheap, and right when it says yes."""
        if not rows:
            return True
        times = [row.t for row in rows]
        earliest = min([row.record.timestamp for row in rows])
        return max(times) <= earliest + _FUTURE_MS and rows[-1].clock_ms - min(times) <= self._shortest_ms

    def _check_time(self, row: Row) -> None:
        if row.t > row.record.timestamp + _FUTURE_MS:
            text = f"time {row.event.time.isoformat()} lies more than 5 minutes after its arrival; check the clock"
            raise Refused(Reason.TIME_IN_FUTURE, text, row.event.id)
        horizon_ms = self._horizon_ms[row.type]
        if row.clock_ms - row.t > horizon_ms:
            raise Refused(
                Reason.BEYOND_HORIZON,
                f"time {row.event.time.isoformat()} is older than the {horizon_ms // 3_600_000} h within which ids are "
                "remembered; it can be driven in again from the dead letters",
                row.event.id,
            )

    def _refusal(self, record: LogRecord, error: Exception) -> Refused:
        """What a decoder's error means for whoever sent the record."""
        try:
            claimed = _outline(record.value or b"")
        except msgspec.ValidationError as missing:
            return Refused(Reason.ENVELOPE, str(missing))
        except (msgspec.DecodeError, ValueError, RecursionError):
            return Refused(Reason.PARSE, f"not one JSON object in UTF-8: {error}")
        if claimed.type not in self._horizon_ms:
            other = self._elsewhere(claimed.type)
            if other is None:
                return Refused(Reason.UNKNOWN_TYPE, f"no contract for type {claimed.type[:120]!r}", claimed.id)
            return Refused(Reason.FOREIGN, f"events of type {claimed.type} belong to {other}", claimed.id)
        if not isinstance(error, msgspec.ValidationError):
            return Refused(Reason.ENVELOPE, f"contenthash: {error}", claimed.id)
        in_data = "$.data." in str(error) or "at `$.data`" in str(error)
        return Refused(Reason.CONTRACT if in_data else Reason.ENVELOPE, str(error), claimed.id)
