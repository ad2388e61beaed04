"""What door and engine count about themselves is what the ledger says."""

from __future__ import annotations

from collections import Counter

import msgspec

from cityhub.bus import metrics
from cityhub.kpi.ledger.book import Book
from cityhub.kpi.store.database import Database
from cityhub.sdk import codec
from cityhub.sdk.principal import Principal
from tests.unit.adapters.doors.world import PUBLISHER, World
from tests.unit.kpi.engine import JOB, Engine
from tests.unit.kpi.ledger.test_book import AT, LETTERS, Headed, enter, told
from tests.unit.kpi.samples import NOON, TOPIC, departure

ACCEPTED, REJECTED, RENAMED, REUSED = 40, 7, 3, 2


def shown(name: str, **wanted: str) -> Counter[str]:
    """A counter's values so far, by its rule, else by its outcome."""
    found: Counter[str] = Counter()
    for family in metrics.REGISTRY.collect():
        for sample in family.samples:
            if sample.name == name and sample.labels.items() >= wanted.items():
                found[sample.labels["rule"] or sample.labels["outcome"]] += int(sample.value)
    return found


async def test_the_counters_are_the_ledgers_numbers(engine: Engine, database: Database) -> None:
    doors, engines = shown("cityhub_events_total", organisation="dvv"), shown("cityhub_engine_events_total")
    letters = shown("cityhub_dead_letters_total", organisation="dvv")
    world = World()
    world.now, world.caller = NOON, Principal(subject="s", organisation="dvv", roles=frozenset({PUBLISHER}))
    bodies = [codec.encode(departure(number, number)) for number in range(ACCEPTED)]
    bodies += [msgspec.json.encode(dict(msgspec.json.decode(one), id=str(n))) for n, one in enumerate(bodies[:RENAMED])]
    bodies += [codec.encode(departure(number, 999)) for number in range(REUSED)]
    bodies += [b'{"no": %d}' % number for number in range(REJECTED)]
    for one in (*bodies, bodies[0], bodies[-1]):  # two are sent again
        assert (await world.post(one)).status_code in {202, 422}

    book = Book(database, JOB)
    log = [Headed(at, AT, value, headers) for at, (_, value, headers) in enumerate(world.broker.topics[TOPIC])]
    enter(book, engine, log)
    dead = world.broker.topics["du.dlq.dvv"]
    enter(book, engine, [Headed(at, AT, value, headers) for at, (_, value, headers) in enumerate(dead)], LETTERS)

    days = told(database).days
    doors = shown("cityhub_events_total", organisation="dvv") - doors
    engines = shown("cityhub_engine_events_total") - engines
    again = sum(day.again for day in days)
    assert again == 2
    assert doors.total() == sum(day.sent for day in days) + again
    assert doors["envelope"] == sum(day.rejected_by.get("envelope", 0) for day in days) + 1 == REJECTED + 1
    assert shown("cityhub_dead_letters_total", organisation="dvv") - letters == Counter({"envelope": REJECTED + 1})
    assert engines["counted"] == sum(day.counted for day in days) == ACCEPTED + RENAMED
    assert engines["id_reuse"] == sum(day.excluded_by.get("id_reuse", 0) for day in days) == REUSED
    assert engines["duplicate"] == sum(day.duplicate for day in days) + 1  # the one that was sent again
