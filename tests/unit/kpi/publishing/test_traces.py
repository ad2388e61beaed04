"""A record that the engine refuses keeps its trace until its dead letter, in the log lines too."""

from __future__ import annotations

from datetime import timedelta

from structlog.testing import capture_logs

from cityhub.bus import metrics
from cityhub.bus.letters import letter_of
from cityhub.kpi.publisher import publisher
from cityhub.kpi.store.database import Database
from cityhub.sdk import codec
from tests.unit.kpi.engine import JOB, Engine
from tests.unit.kpi.ledger.test_book import Headed
from tests.unit.kpi.publishing.test_publisher import Topic
from tests.unit.kpi.samples import NOON, TOPIC, departure

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SAID = f"00-{TRACE}-00f067aa0ba902b7-01".encode()
AT = int((NOON + timedelta(hours=1)).timestamp() * 1000)


async def test_the_trace_of_a_refused_record_reaches_its_dead_letter(database: Database) -> None:
    engine, topic = Engine(database), Topic()
    engine.know([TOPIC])
    log = [
        Headed(0, AT, codec.encode(departure(1, 0)), [("traceparent", SAID)]),
        Headed(1, AT, codec.encode(departure(1, 99)), [("traceparent", SAID)]),
        Headed(2, AT, b"{", [("traceparent", b"00-junk")]),
    ]
    with capture_logs() as lines:
        engine.apply(TOPIC, log)
        await publisher(database, engine.plans, JOB, topic, topic.read).attempt()
    sent = [record for name, record in topic.sent if name == "du.dlq.dvv"]
    letters = [letter_of(0, Headed(at, AT, value, headers)) for at, (_, value, headers) in enumerate(sent)]
    assert [(one.reason, one.trace.encode()) for one in letters] == [("id_reuse", SAID), ("parse", b"")]
    (refused,) = [line for line in lines if line["event"] == "records_refused"]
    assert (refused["rules"], refused["traces"]) == ({"parse": 1, "id_reuse": 1}, [TRACE])
    (relayed,) = [line for line in lines if line["event"] == "dead_letters_relayed"]
    assert (relayed["letters"], relayed["traces"]) == (2, [TRACE])


async def test_latency_is_that_of_the_newest_event_when_its_values_are_acknowledged(database: Database) -> None:
    """Not of what was there before the publisher: it may be days old."""
    engine, topic = Engine(database), Topic()
    engine.know([TOPIC])
    running = publisher(database, engine.plans, JOB, topic, topic.read)
    before = _count()
    engine.apply(TOPIC, [Headed(0, AT, codec.encode(departure(1, 0)), [])])
    await running.attempt()
    assert _count() == before
    topic.fails = 1
    engine.apply(TOPIC, [Headed(1, AT + 1_000, codec.encode(departure(2, 0)), [])])
    await running.attempt()
    assert _count() == before
    await running.attempt()
    assert _count() == before + 1
    await running.attempt()
    assert _count() == before + 1


def _count() -> float:
    found = metrics.REGISTRY.get_sample_value("cityhub_value_latency_seconds_count", {"since": "append"})
    return found or 0.0
