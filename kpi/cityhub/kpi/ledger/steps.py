"""What came of each event type in five minutes of append time: what observations of sources are made of.

Steps are written in the transaction that enters a record into the ledger, so that each event is in one of them once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct, field
from sqlalchemy import Connection, Row, Select, case, delete, func, select, tuple_
from xxhash import xxh3_128_digest

from cityhub.kpi.health.source import STEP_S
from cityhub.kpi.kernel.histogram import MAX_VALUE, bin_of
from cityhub.kpi.ledger.outcome import Arrival, Outcome
from cityhub.kpi.store import health_tables as tables
from cityhub.kpi.store import ledger_tables as ledger
from cityhub.kpi.store.dialect import upsert
from cityhub.sdk.contract import Contract

KEEP_S = 86_400 + STEP_S
"""A whole day can be looked back at; what is older stands in the log and in the KPIs of the platform."""
_STEP_MS = STEP_S * 1_000
_ACCEPTED = (Outcome.COUNTED, Outcome.DUPLICATE, Outcome.UNREAD, Outcome.FORGOTTEN)
_counts = msgspec.json.Decoder(dict[str, int]).decode
_bins = msgspec.json.Decoder(dict[int, int]).decode
_row = tables.step.c
_KEY = ("partner", "stream", "start")


class Place(NamedTuple):
    """Which step of which stream; `stream` is "" for what no contract of the partner names."""

    partner: str
    stream: str
    start: int


class Step(Struct):
    """What came in it.

    Attributes:
        newest_ms: append time of the newest accepted event, 0 = none.
        refused: by reason. lags: accepted events by bin of append − occurrence in ms.
    """

    accepted: int = 0
    newest_ms: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    lags: Counter[int] = field(default_factory=Counter)

    @property
    def received(self) -> int:
        """Accepted and refused ones."""
        return self.accepted + self.refused.total()


def note(connection: Connection, contracts: Mapping[str, Contract], partner: str, arrivals: Iterable[Arrival]) -> None:
    """Add what is new in the ledger.

    Args:
        contracts: by event type. arrivals: each event once, none that only came again.
    """
    found: dict[Place, Step] = {}
    heard: dict[tuple[str, bytes], int] = {}
    for one in arrivals:
        contract = contracts.get(one.stream)
        stream = one.stream if contract is not None and contract.partner == partner else ""
        step = found.setdefault(Place(partner, stream, one.at_ms // _STEP_MS * STEP_S), Step())
        if one.outcome not in _ACCEPTED:
            step.refused[one.reason] += 1
            continue
        step.accepted += 1
        step.newest_ms = max(step.newest_ms, one.at_ms)
        if one.time_ms is not None:
            step.lags[bin_of(min(max(0, one.at_ms - one.time_ms), MAX_VALUE))] += 1
        if stream and contract is not None and contract.reporters and one.key:
            at = stream, xxh3_128_digest(one.key.encode())
            heard[at] = max(heard.get(at, 0), one.at_ms)
    _add(connection, found)
    _hear(connection, heard)


def steps_at(connection: Connection, start: int) -> dict[Place, Step]:
    """What came in one step."""
    return {_place(row): _step(row) for row in connection.execute(select(tables.step).where(_row.start == start))}


def newest_ms(connection: Connection, until_s: int) -> dict[str, int]:
    """By event type, the append time of the newest accepted event before `until_s`; the ledger's days go further back
    than steps do."""
    entry = ledger.entry.c
    days = select(entry.stream, func.max(entry.last_ms)).where(
        entry.outcome.in_(_ACCEPTED), entry.last_ms < until_s * 1_000, entry.stream != ""
    )
    steps = select(_row.stream, func.max(_row.newest_ms)).where(
        _row.start < until_s, _row.newest_ms > 0, _row.stream != ""
    )
    found: dict[str, int] = {}
    for query in (days.group_by(entry.stream), steps.group_by(_row.stream)):
        for stream, at_ms in connection.execute(query):
            found[stream] = max(found.get(stream, 0), at_ms)
    return found


def reporters(connection: Connection, stream: str, known_since_ms: int, heard_since_ms: int) -> tuple[int, int]:
    """How many report one by one: known, and heard of them.

    Args:
        known_since_ms, heard_since_ms: who has not reported since then is not known any more, or not heard.
    """
    row = tables.reporter.c
    heard = func.coalesce(func.sum(case((row.last_ms >= heard_since_ms, 1), else_=0)), 0)
    query = select(func.count(), heard).where(row.stream == stream, row.last_ms >= known_since_ms)
    known, some = connection.execute(query).one()
    return int(known), int(some)


def forget(connection: Connection, now_s: int) -> None:
    """Forget steps that are older than a day."""
    connection.execute(delete(tables.step).where(_row.start < now_s - KEEP_S))


def _add(connection: Connection, found: Mapping[Place, Step]) -> None:
    if not found:
        return
    query: Select[Any] = select(tables.step).where(tuple_(_row.partner, _row.stream, _row.start).in_(list(found)))
    for row in connection.execute(query):
        before, step = _step(row), found[_place(row)]
        step.accepted += before.accepted
        step.newest_ms = max(step.newest_ms, before.newest_ms)
        step.refused += before.refused
        step.lags += before.lags
    statement = upsert(connection, tables.step)
    changed = {name: statement.excluded[name] for name in ("accepted", "newest_ms", "refused", "lags")}
    rows = [{**place._asdict(), **_columns(step)} for place, step in found.items()]
    connection.execute(statement.on_conflict_do_update(index_elements=list(_KEY), set_=changed), rows)


def _hear(connection: Connection, heard: Mapping[tuple[str, bytes], int]) -> None:
    if not heard:
        return
    statement = upsert(connection, tables.reporter)
    last_ms = tables.reporter.c.last_ms
    newer = case((last_ms > statement.excluded.last_ms, last_ms), else_=statement.excluded.last_ms)
    rows = [{"stream": stream, "key": key, "last_ms": at_ms} for (stream, key), at_ms in sorted(heard.items())]
    connection.execute(statement.on_conflict_do_update(index_elements=["stream", "key"], set_={"last_ms": newer}), rows)


def _columns(step: Step) -> dict[str, object]:
    encoded = {"refused": msgspec.json.encode(dict(step.refused)), "lags": msgspec.json.encode(dict(step.lags))}
    return {"accepted": step.accepted, "newest_ms": step.newest_ms, **encoded}


def _place(row: Row[Any]) -> Place:
    return Place(row.partner, row.stream, row.start)


def _step(row: Row[Any]) -> Step:
    refused, lags = Counter(_counts(bytes(row.refused))), Counter(_bins(bytes(row.lags)))
    return Step(row.accepted, row.newest_ms, refused, lags)
