"""Writing the ledger: entries, origins and the ledger's own cursor change together, or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, select, update
from xxhash import xxh3_128_digest

from cityhub.bus.letters import ADAPTER
from cityhub.kpi.kernel.windows import berlin
from cityhub.kpi.ledger import steps
from cityhub.kpi.ledger.fates import fates_of
from cityhub.kpi.ledger.lookup import entered
from cityhub.kpi.ledger.outcome import Arrival, HeadedRecord, Origin, Outcome, of_event, of_letter
from cityhub.kpi.ledger.spans import Spans
from cityhub.kpi.store import ledger_tables as tables
from cityhub.kpi.store.cursors import CursorMoved
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.dialect import insert_missing, upsert
from cityhub.kpi.store.tenure import Fence
from cityhub.sdk.contract import Contracts, load_contracts

KEEP_ORIGINS_MS = 7 * 86_400_000
"""How long an event that nobody numbers is known again as the same one sent once more."""
MOST_RANGES = 10_000
"""Whoever numbers its events with more holes than that has them known again by their hashes."""
_HOUR_MS = 3_600_000
_EPOCH = date(1970, 1, 1)
_KEYS_PER_QUESTION = 500


class Line(NamedTuple):
    """What arrivals are added up by; columns of `ledger_entry`."""

    partner: str
    stream: str
    day: int
    door: str
    outcome: str
    reason: str


class Topic(NamedTuple):
    """A topic as the ledger reads it.

    Attributes:
        horizon_ms: of the engine's ids; None where no KPI reads it. letters: it holds dead letters.
    """

    name: str
    horizon_ms: int | None = None
    letters: bool = False

    @property
    def partner(self) -> str:
        return self.name.split(".")[2]


class Sender(NamedTuple):
    """Who numbers its events."""

    partner: str
    door: str
    name: str


class Book:
    """The ledger of one process; memory repeats committed rows, and is dropped when anything goes wrong.

    Args:
        job: whose verdicts hold. fence: raises inside a transaction that may not be committed any more.
        contracts: of the streams (default: the hub's own).
    """

    def __init__(
        self, database: Database, job: str, fence: Fence = lambda _: None, contracts: Contracts | None = None
    ) -> None:
        self._database = database
        self._job = job
        self._fence = fence
        self._contracts = dict(load_contracts() if contracts is None else contracts)
        self._spans: dict[Sender, Spans] = {}
        self._days: dict[int, int] = {}

    def cursors(self) -> dict[tuple[str, int], int]:
        """Last record that is in the ledger, by topic and partition."""
        with self._database.snapshot() as connection:
            return entered(connection)

    def enter(self, topic: Topic, part: int, before: int, records: Sequence[HeadedRecord]) -> None:
        """Take down records, in offset order.

        Args:
            before: where the ledger stands in the partition, −1 = at its beginning.

        Raises:
            CursorMoved: it stands elsewhere. StoreUnavailable, LeaseLost: nothing was written.
        """
        try:
            with self._database.begin() as connection:
                self._fence(connection)
                self._advance(connection, topic.name, part, before, records[-1].offset)
                self._write(connection, topic, self._arrivals(connection, topic, part, records))
        except BaseException:
            self._spans.clear()
            raise

    def settle(self, ends: Mapping[Sender, tuple[int, int]], now_ms: int) -> dict[Sender, int]:
        """Note how many numbers were given out, and which of them must have a verdict by now.

        Args:
            ends: (settled, sent) by sender; both only grow. now_ms: wall clock.

        Returns:
            By sender, how many numbers have no verdict, where there are any.
        """
        row = tables.sender.c
        found: dict[Sender, int] = {}
        try:
            with self._database.begin() as connection:
                self._fence(connection)
                for sender, (settled, sent) in ends.items():
                    spans = self._of(connection, sender)
                    missing = sum(end - start for start, end in spans.missing(settled))
                    was = connection.scalar(select(row.open_ms).where(*_is(sender))) or 0
                    values = {"sent": sent, "settled": settled, "open_ms": (was or now_ms) if missing else 0}
                    connection.execute(update(tables.sender).where(*_is(sender)).values(values))
                    if missing:
                        found[sender] = missing
        except BaseException:
            self._spans.clear()
            raise
        return found

    def producers(self) -> dict[Sender, int]:
        """Who numbers its own events over HTTP, with one more than the largest number that has come."""
        row = tables.sender.c
        query = select(row.partner, row.door, row.name, row.spans).where(row.door == "http")
        with self._database.snapshot() as connection:
            return {Sender(*who): Spans(bytes(spans)).end for *who, spans in connection.execute(query)}

    def forget(self, before_ms: int) -> None:
        """Forget origins that are older."""
        with self._database.begin() as connection:
            connection.execute(delete(tables.origin).where(tables.origin.c.at_ms < before_ms))

    def _arrivals(
        self, connection: Connection, topic: Topic, part: int, records: Sequence[HeadedRecord]
    ) -> list[Arrival]:
        if topic.letters:
            return [arrival for record in records if (arrival := of_letter(record)) is not None]
        fates = None
        if topic.horizon_ms is not None:
            stretch = records[0].offset, records[-1].offset
            fates = fates_of(connection, (self._job, topic.name, part), stretch, topic.horizon_ms)
        return [of_event(record, fates) for record in records]

    def _advance(self, connection: Connection, topic: str, part: int, before: int, after: int) -> None:
        row = tables.cursor.c
        insert_missing(connection, tables.cursor, [{"topic": topic, "part": part, "off": -1}])
        here = update(tables.cursor).where(row.topic == topic, row.part == part, row.off == before)
        if connection.execute(here.values(off=after)).rowcount != 1:
            raise CursorMoved(f"the ledger does not stand at {before} in {topic}/{part} any more")

    def _write(self, connection: Connection, topic: Topic, arrivals: Sequence[Arrival]) -> None:
        known = self._known(connection, topic.partner, arrivals)
        counts: Counter[Line] = Counter()
        last: dict[Line, int] = {}
        changed: set[Sender] = set()
        new: list[Arrival] = []
        for one in arrivals:
            fresh = self._is_fresh(connection, topic.partner, one, known, changed)
            if fresh:
                new.append(one)
            door = ADAPTER if one.origin is None else one.origin.door
            outcome, reason = (one.outcome.value, one.reason) if fresh else (Outcome.AGAIN.value, "")
            line = Line(topic.partner, one.stream[:256], self._day(one.at_ms), door, outcome, reason)
            counts[line] += 1
            last[line] = max(last.get(line, 0), one.at_ms)
        self._add(connection, counts, last)
        steps.note(connection, self._contracts, topic.partner, new)
        insert_missing(connection, tables.origin, [{"key": key, "at_ms": at} for key, at in known.new.items()])
        for sender in changed:
            self._keep(connection, sender)
        _note_sources(connection, topic.partner, arrivals)

    def _is_fresh(
        self, connection: Connection, partner: str, one: Arrival, known: _Known, changed: set[Sender]
    ) -> bool:
        if one.origin is None:
            return True
        if not one.origin.name:
            return known.add(_key(partner, one.origin, one.outcome), one.at_ms)
        sender = _sender(partner, one.origin)
        spans, number = self._of(connection, sender), one.origin.number
        if len(spans) >= MOST_RANGES and not any(near in spans for near in (number - 1, number, number + 1)):
            return known.add(_key(partner, one.origin, one.outcome), one.at_ms)
        fresh = spans.add(number)
        if fresh:
            changed.add(sender)
        return fresh

    def _known(self, connection: Connection, partner: str, arrivals: Sequence[Arrival]) -> _Known:
        row = tables.origin.c
        keys = [
            _key(partner, one.origin, one.outcome)
            for one in arrivals
            if one.origin is not None and self._may_be_hashed(connection, partner, one.origin, len(arrivals))
        ]
        found: set[bytes] = set()
        for at in range(0, len(keys), _KEYS_PER_QUESTION):
            some = keys[at : at + _KEYS_PER_QUESTION]
            found.update(map(bytes, connection.scalars(select(row.key).where(row.key.in_(some)))))
        return _Known(found, {})

    def _may_be_hashed(self, connection: Connection, partner: str, origin: Origin, more: int) -> bool:
        """Whether an origin may be known by its hash; `more`: so many ranges its sender may have more by then."""
        return not origin.name or len(self._of(connection, _sender(partner, origin))) + more >= MOST_RANGES

    def _of(self, connection: Connection, sender: Sender) -> Spans:
        if sender not in self._spans:
            stored = connection.scalar(select(tables.sender.c.spans).where(*_is(sender)))
            self._spans[sender] = Spans(bytes(stored or b""))
            if stored is None:
                row = {**sender._asdict(), "spans": b"", "sent": 0, "settled": 0, "open_ms": 0}
                insert_missing(connection, tables.sender, [row])
        return self._spans[sender]

    def _keep(self, connection: Connection, sender: Sender) -> None:
        spans = self._spans[sender]
        sent = tables.sender.c.sent
        values: dict[str, object] = {"spans": spans.encoded()}
        connection.execute(update(tables.sender).where(*_is(sender)).values(values))
        more = update(tables.sender).where(*_is(sender), sent < spans.end)
        connection.execute(more.values(sent=spans.end))

    def _add(self, connection: Connection, counts: Mapping[Line, int], last: Mapping[Line, int]) -> None:
        if not counts:
            return
        statement = upsert(connection, tables.entry)
        row, new = tables.entry.c, statement.excluded
        grown = {"n": row.n + new.n, "last_ms": new.last_ms}
        rows = [{**line._asdict(), "n": n, "last_ms": last[line]} for line, n in counts.items()]
        connection.execute(statement.on_conflict_do_update(index_elements=list(Line._fields), set_=grown), rows)

    def _day(self, at_ms: int) -> int:
        hour = at_ms // _HOUR_MS  # Berlin's days begin with a full hour
        if hour not in self._days:
            self._days[hour] = day_of(at_ms)
        return self._days[hour]


class _Known(NamedTuple):
    """Origins that nobody numbers: those that came before, and the new ones of a batch with their append time."""

    before: set[bytes]
    new: dict[bytes, int]

    def add(self, key: bytes, at_ms: int) -> bool:
        """Whether it is new."""
        if key in self.before or key in self.new:
            return False
        self.new[key] = at_ms
        return True


def day_of(at_ms: int) -> int:
    """The local day of an instant, as days since 1970-01-01."""
    return (datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(berlin()).date() - _EPOCH).days


def _sender(partner: str, origin: Origin) -> Sender:
    return Sender(partner, origin.door, origin.name)


def _key(partner: str, origin: Origin, outcome: Outcome) -> bytes:
    verdict = "rejected" if outcome is Outcome.REJECTED else "accepted"
    return xxh3_128_digest(f"{partner}\0{origin.door}\0{origin.text}\0{verdict}".encode())


def _is(sender: Sender) -> tuple[ColumnElement[bool], ...]:
    row = tables.sender.c
    return row.partner == sender.partner, row.door == sender.door, row.name == sender.name


def _note_sources(connection: Connection, partner: str, arrivals: Iterable[Arrival]) -> None:
    newest: dict[str, int] = {}
    for one in arrivals:
        if one.source:
            newest[one.source[:256]] = max(one.at_ms, newest.get(one.source[:256], 0))
    if newest:
        statement = upsert(connection, tables.source)
        rows = [{"partner": partner, "source": source, "last_ms": at_ms} for source, at_ms in newest.items()]
        set_ = {"last_ms": statement.excluded.last_ms}
        connection.execute(statement.on_conflict_do_update(index_elements=["partner", "source"], set_=set_), rows)
