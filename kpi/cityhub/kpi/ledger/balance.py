"""Reading the ledger: what was sent, what became of it, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from msgspec import Struct, field
from sqlalchemy import Connection, select

from cityhub.kpi.ledger.outcome import Outcome
from cityhub.kpi.ledger.spans import Spans
from cityhub.kpi.store import ledger_tables as tables

_EPOCH = date(1970, 1, 1)
_BALANCED = (Outcome.COUNTED, Outcome.DUPLICATE, Outcome.EXCLUDED, Outcome.UNREAD, Outcome.FORGOTTEN, Outcome.REJECTED)
MOST_GAPS = 20


class Day(Struct, kw_only=True):
    """A partner's stream on one local day, of one door.

    `sent` = `accepted` + `rejected`; `accepted` = `counted` + `duplicate` + `excluded` + `unread` + `forgotten`.

    Attributes:
        stream: event type, "" = it could not be read; of what an adapter refused its feed, where nobody knows the
            type. door: http, kafka, redrive or adapter.
        sent: distinct events that came; again: the same event from the same place once more, beside the balance.
        rejected_by, excluded_by: the same by reason.
        last: append time of the newest.
    """

    stream: str
    day: date
    door: str
    last: datetime
    sent: int = 0
    accepted: int = 0
    rejected: int = 0
    counted: int = 0
    duplicate: int = 0
    excluded: int = 0
    unread: int = 0
    forgotten: int = 0
    again: int = 0
    rejected_by: dict[str, int] = field(default_factory=dict)
    excluded_by: dict[str, int] = field(default_factory=dict)


class Sent(Struct, kw_only=True):
    """Who numbers its events, and which numbers have no verdict.

    Attributes:
        name: a partition of `du.in`, or a producer of the SDK.
        sent: numbers given out. under_way: those that the gate or the engine has not come to yet.
        missing: without a verdict though everything around them has one; since: for how long, gaps: the first of them
            as (first, last).
    """

    door: str
    name: str
    sent: int
    accounted: int
    under_way: int
    missing: int
    since: datetime | None
    gaps: Sequence[tuple[int, int]]

    @property
    def missing_numbers(self) -> str:
        """The first missing ones for people: `2, 5–9`."""
        return ", ".join(f"{first}" if first == last else f"{first}–{last}" for first, last in self.gaps)


class Balance(Struct, kw_only=True):
    """A partner's ledger. It balances when `difference`, the number of events that are missing, is 0."""

    partner: str
    difference: int
    days: Sequence[Day]
    senders: Sequence[Sent]


def balance(connection: Connection, partner: str, since: date | None = None, until: date | None = None) -> Balance:
    """What the ledger says of a partner.

    Args:
        since, until: local days, both included; senders and the difference are of all time.
    """
    senders = _senders(connection, partner)
    return Balance(
        partner=partner,
        difference=sum(sender.missing for sender in senders),
        days=_days(connection, partner, since, until),
        senders=senders,
    )


def partners(connection: Connection) -> list[str]:
    """Partners of which the ledger knows anything."""
    found = set(connection.scalars(select(tables.entry.c.partner).distinct()))
    return sorted(found | set(connection.scalars(select(tables.sender.c.partner).distinct())))


def differences(connection: Connection) -> dict[str, int]:
    """By partner, how many events have no verdict; partners whose ledger balances are left out."""
    found = {partner: sum(one.missing for one in _senders(connection, partner)) for partner in partners(connection)}
    return {partner: missing for partner, missing in found.items() if missing}


def _days(connection: Connection, partner: str, since: date | None, until: date | None) -> list[Day]:
    row = tables.entry.c
    query = select(row.stream, row.day, row.door, row.outcome, row.reason, row.n, row.last_ms)
    query = query.where(row.partner == partner).order_by(row.day.desc(), row.stream, row.door)
    if since is not None:
        query = query.where(row.day >= (since - _EPOCH).days)
    if until is not None:
        query = query.where(row.day <= (until - _EPOCH).days)
    found: dict[tuple[str, int, str], Day] = {}
    for stream, number, door, outcome, reason, n, last_ms in connection.execute(query):
        last = datetime.fromtimestamp(last_ms / 1000, UTC)
        day = found.setdefault(
            (stream, number, door), Day(stream=stream, day=_EPOCH + timedelta(days=number), door=door, last=last)
        )
        day.last = max(day.last, last)
        _put(day, Outcome(outcome), reason, n)
    return list(found.values())


def _put(day: Day, outcome: Outcome, reason: str, n: int) -> None:
    setattr(day, outcome.value, getattr(day, outcome.value) + n)
    if outcome in _BALANCED:
        day.sent += n
        day.accepted += n if outcome is not Outcome.REJECTED else 0
    if outcome in {Outcome.REJECTED, Outcome.EXCLUDED}:
        by = day.rejected_by if outcome is Outcome.REJECTED else day.excluded_by
        by[reason] = by.get(reason, 0) + n


def _senders(connection: Connection, partner: str) -> list[Sent]:
    row = tables.sender.c
    query = select(row.door, row.name, row.spans, row.sent, row.settled, row.open_ms)
    found = connection.execute(query.where(row.partner == partner).order_by(row.door, row.name))
    return [
        _sent(door, name, Spans(bytes(spans)), (sent, settled, open_ms))
        for door, name, spans, sent, settled, open_ms in found
    ]


def _sent(door: str, name: str, spans: Spans, numbers: tuple[int, int, int]) -> Sent:
    sent, settled, open_ms = numbers
    missing = _length(spans.missing(settled))
    accounted = sent - _length(spans.missing(sent))
    return Sent(
        door=door,
        name=name,
        sent=sent,
        accounted=accounted,
        under_way=sent - accounted - missing,
        missing=missing,
        since=datetime.fromtimestamp(open_ms / 1000, UTC) if open_ms and missing else None,
        gaps=[(start, end - 1) for start, end in islice(spans.missing(settled), MOST_GAPS)],
    )


def _length(ranges: Iterable[tuple[int, int]]) -> int:
    return sum(end - start for start, end in ranges)
