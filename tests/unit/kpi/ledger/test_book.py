"""The ledger takes down the engine's word: every origin once, in exactly one place."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from typing import NamedTuple

import pytest

from cityhub.bus.letters import Came, Item, item_letter
from cityhub.kpi.health.source import STEP_S
from cityhub.kpi.ledger.balance import Balance, balance, differences
from cityhub.kpi.ledger.book import Book, Sender, Topic
from cityhub.kpi.ledger.steps import steps_at
from cityhub.kpi.store.cursors import CursorMoved
from cityhub.kpi.store.database import Database
from cityhub.sdk import codec
from cityhub.sdk.event import Event
from tests.unit.kpi.engine import JOB, Engine
from tests.unit.kpi.samples import DEPARTED, NOON, TOPIC, departure

HORIZON_MS = 15 * 86_400_000
EVENTS = Topic(TOPIC, HORIZON_MS)
LETTERS = Topic("du.dlq.dvv", letters=True)
AT = int((NOON + timedelta(hours=1)).timestamp() * 1000)


class Headed(NamedTuple):
    """A record as the log's client gives it."""

    offset: int
    timestamp: int
    value: bytes
    headers: list[tuple[str, bytes]]


def came(offset: int, event: Event | bytes, origin: str, at: int = AT) -> Headed:
    value = event if isinstance(event, bytes) else codec.encode(event)
    return Headed(offset, at, value, [("cityhub_origin", origin.encode())] if origin else [])


def refused(offset: int, origin: str, reason: str = "contract", door: str = "kafka", value: bytes = b"") -> Headed:
    headers = {"dlq_consumer": f"cityhub-{door}-door", "dlq_origin": origin, "dlq_reason": reason}
    return Headed(offset, AT, value, [(name, text.encode()) for name, text in headers.items()])


def place(number: int) -> str:
    return f"du.in.dvv.transit/0/{number}"


SENDER = Sender("dvv", "kafka", "du.in.dvv.transit/0")


@pytest.fixture
def book(engine: Engine, database: Database) -> Book:
    return Book(database, JOB)


def enter(book: Book, engine: Engine, records: list[Headed], topic: Topic = EVENTS) -> None:
    if not topic.letters:
        engine.apply(TOPIC, records)
    before = book.cursors().get((topic.name, 0), -1)
    book.enter(topic, 0, before, records)


def told(database: Database, partner: str = "dvv") -> Balance:
    with database.snapshot() as connection:
        return balance(connection, partner)


def test_each_event_that_was_sent_is_in_one_place(book: Book, engine: Engine, database: Database) -> None:
    one, two = departure(1, 0), departure(2, 0)
    log = [
        came(0, one, f"kafka:{place(0)}"),
        came(1, two, f"kafka:{place(1)}"),
        came(2, one, f"kafka:{place(3)}"),  # the partner sent it twice
        came(3, departure(2, 99), f"kafka:{place(4)}"),  # other content under the same id
        came(4, two, f"kafka:{place(1)}"),  # the gate was killed
    ]
    enter(book, engine, log)
    enter(book, engine, [refused(0, place(2)), refused(1, place(2))], LETTERS)
    (day, unread) = sorted(told(database).days, key=lambda day: -day.sent)
    assert (day.stream, day.day, day.door) == (DEPARTED, date(2026, 11, 20), "kafka")
    assert (day.sent, day.accepted, day.counted, day.duplicate, day.again) == (4, 4, 2, 1, 1)
    assert day.excluded_by == {"id_reuse": 1}
    assert (unread.stream, unread.sent, unread.rejected_by, unread.again) == ("", 1, {"contract": 1}, 1)
    assert book.settle({SENDER: (5, 6)}, 1) == {}
    (sender,) = told(database).senders
    assert (sender.sent, sender.accounted, sender.under_way, sender.missing) == (6, 5, 1, 0)


def test_what_is_missing_is_named_until_it_comes(book: Book, engine: Engine, database: Database) -> None:
    enter(book, engine, [came(0, departure(1, 0), f"kafka:{place(3)}")])
    assert book.settle({SENDER: (4, 4)}, 77_000) == {SENDER: 3}
    assert book.settle({SENDER: (4, 4)}, 99_000) == {SENDER: 3}
    found = told(database)
    (sender,) = found.senders
    assert (found.difference, sender.missing, sender.gaps) == (3, 3, [(0, 2)])
    assert sender.since is not None
    assert sender.since.timestamp() == 77
    with database.snapshot() as connection:
        assert differences(connection) == {"dvv": 3}
    enter(book, engine, [refused(number, place(number)) for number in range(3)], LETTERS)
    assert book.settle({SENDER: (4, 4)}, 120_000) == {}
    (sender,) = told(database).senders
    assert (sender.missing, sender.since, sender.gaps) == (0, None, [])


def test_over_http_the_same_bytes_are_the_same_event(book: Book, engine: Engine, database: Database) -> None:
    one = departure(1, 0)
    enter(book, engine, [came(0, one, "http:aa"), came(1, one, "http:aa"), came(2, one, "http:bb")])
    enter(book, engine, [came(3, one, "http:aa")])
    enter(book, engine, [refused(0, "aa", door="http", value=codec.encode(one))], LETTERS)
    (day,) = told(database).days
    assert (day.sent, day.counted, day.duplicate, day.rejected, day.again) == (3, 1, 1, 1, 2)


def test_producers_that_number_their_events_over_http(book: Book, engine: Engine, database: Database) -> None:
    enter(book, engine, [came(0, departure(1, 0), "http:ab/0"), came(1, departure(2, 0), "http:ab/2")])
    ends = book.producers()
    assert ends == {Sender("dvv", "http", "ab"): 3}
    assert book.settle({sender: (end, end) for sender, end in ends.items()}, 1) == {Sender("dvv", "http", "ab"): 1}


def test_what_adapters_write_has_its_fate_only(book: Book, engine: Engine, database: Database) -> None:
    one = departure(1, 0)
    enter(book, engine, [came(0, one, ""), came(1, one, ""), came(2, b"{", "")])
    whole, broken = sorted(told(database).days, key=lambda day: day.stream, reverse=True)
    assert (whole.door, whole.sent, whole.counted, whole.duplicate) == ("adapter", 2, 1, 1)
    assert (broken.stream, broken.excluded_by) == ("", {"parse": 1})


def test_a_topic_that_no_kpi_reads(book: Book, engine: Engine, database: Database) -> None:
    enter(book, engine, [came(0, departure(1, 0), "http:aa")], Topic(TOPIC))
    (day,) = told(database).days
    assert (day.sent, day.accepted, day.unread, day.counted) == (1, 1, 1, 0)


def test_the_engines_own_letters_are_no_second_verdict(book: Book, engine: Engine, database: Database) -> None:
    letter = Headed(0, AT, b"{", [("dlq_consumer", b"cityhub-kpi"), ("dlq_reason", b"parse")])
    enter(book, engine, [letter], LETTERS)
    assert told(database).days == []
    assert book.cursors() == {("du.dlq.dvv", 0): 0}


def test_it_goes_on_where_it_stands_and_nowhere_else(book: Book, engine: Engine, database: Database) -> None:
    log = [came(0, departure(1, 0), "http:aa"), came(1, departure(2, 0), "http:bb")]
    engine.apply(TOPIC, log)
    book.enter(EVENTS, 0, -1, log[:1])
    with pytest.raises(CursorMoved, match="does not stand at -1"):
        Book(database, JOB).enter(EVENTS, 0, -1, log)
    (day,) = told(database).days
    assert day.sent == 1
    Book(database, JOB).enter(EVENTS, 0, 0, log[1:])
    (day,) = told(database).days
    assert day.counted == 2


def test_a_ledger_that_comes_late_does_not_guess(book: Book, engine: Engine, database: Database) -> None:
    """Once the engine has forgotten its ids, nobody knows whether a record was counted or repeated."""
    log = [came(0, departure(1, 0), "http:aa")]
    days = timedelta(days=20)
    later = [came(1, departure(2, 0, at=NOON + days), "http:bb", AT + int(days.total_seconds() * 1000))]
    more = [came(2, departure(3, 0, at=NOON + days), "http:cc", AT + int(days.total_seconds() * 1000) + 600_000)]
    for batch in (log, later, more):
        engine.apply(TOPIC, batch)
    book.enter(EVENTS, 0, -1, [*log, *later, *more])
    assert Counter({day.day: day.forgotten for day in told(database).days}) == {
        date(2026, 11, 20): 1,
        date(2026, 12, 10): 0,
    }


@pytest.mark.parametrize("seed", range(4))
def test_any_batches_and_deaths_give_the_same_ledger(seed: int, engine: Engine, database: Database) -> None:
    """Against a plain model: distinct origins, ids counted once."""
    rng = random.Random(seed)  # noqa: S311 - a seeded history
    size = 60
    events = [departure(rng.randrange(size // 2), 0) for _ in range(size)]
    log: list[Headed] = []
    start = 0
    while start < size:  # a gate that is killed now and then, and says the same again
        end = min(size, start + rng.randint(1, 9))
        log += [came(len(log) + n, events[start + n], f"kafka:{place(start + n)}") for n in range(end - start)]
        start = end if rng.random() < 0.6 else start
    book, stands = Book(database, JOB), -1
    while stands + 1 < len(log):
        batch = log[stands + 1 : stands + 1 + rng.randint(1, 12)]
        engine.apply(TOPIC, batch)
        if rng.random() < 0.3:
            book = Book(database, JOB)
        book.enter(EVENTS, 0, stands, batch)
        stands = batch[-1].offset
    distinct = len({event.id for event in events})
    (day,) = told(database).days
    assert (day.sent, day.counted, day.duplicate) == (size, distinct, size - distinct)
    assert day.again == len(log) - size
    assert book.settle({SENDER: (size, size)}, 1) == {}


def test_numbers_full_of_holes_do_not_grow_a_row_for_ever(
    book: Book, engine: Engine, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cityhub.kpi.ledger.book.MOST_RANGES", 3)
    numbers = [0, 10, 20, 30, 40, 11, 30]
    enter(book, engine, [came(n, departure(n, 0), f"http:ab/{number}") for n, number in enumerate(numbers)])
    found = told(database)
    (day,) = found.days
    assert (day.sent, day.counted, day.again) == (6, 6, 1)
    enter(book, engine, [came(7, departure(3, 0), "http:ab/30"), came(8, departure(8, 0), "http:ab/50")])
    (day,) = told(database).days
    assert (day.sent, day.counted, day.again) == (7, 7, 2)
    assert len(found.senders[0].gaps) <= 3


def test_what_an_adapter_refused_is_sent_and_rejected_once(book: Book, engine: Engine, database: Database) -> None:
    """By its type, or by its feed where nobody knows the type; a killed adapter writes a letter twice."""
    letters = [
        item_letter(Item(body=b"{}", keep=False, type=type_, reason="schema", path="a[0]", detail="x"), came)
        for type_, came in [
            (DEPARTED, Came("adapter", "aa", "dvv.transit")),
            ("", Came("adapter", "bb", "dvv.transit")),
            (DEPARTED, Came("adapter", "aa", "dvv.transit")),
        ]
    ]
    enter(book, engine, [came(0, departure(1, 0), "")])
    enter(book, engine, [Headed(n, AT, value, headers) for n, (_, value, headers) in enumerate(letters)], LETTERS)
    typed, feed = sorted(told(database).days, key=lambda day: day.stream)
    assert (typed.stream, typed.door, typed.sent, typed.counted, typed.again) == (DEPARTED, "adapter", 2, 1, 1)
    assert typed.rejected_by == {"schema": 1}
    assert (feed.stream, feed.door, feed.sent, feed.rejected) == ("dvv.transit", "adapter", 1, 1)
    with database.snapshot() as connection:
        start = AT // 1000 // STEP_S * STEP_S
        refused_in = {place.stream: dict(step.refused) for place, step in steps_at(connection, start).items()}
    assert refused_in == {DEPARTED: {"schema": 1}, "": {"schema": 1}}
