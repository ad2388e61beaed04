"""What the doors tell about their work: counts as their answers say, closed labels, a trace for each event."""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random

from cityhub.adapters.doors.gate import Gate
from cityhub.adapters.doors.limits import Limits
from cityhub.bus import metrics
from cityhub.bus.errors import BusUnavailable
from cityhub.bus.topics import PARTNERS
from cityhub.sdk import codec
from tests.unit.adapters.doors.desk import Desk
from tests.unit.adapters.doors.hostile import body
from tests.unit.adapters.doors.test_gate import STRUCTURED, Log, log
from tests.unit.adapters.doors.test_http import TOPIC
from tests.unit.adapters.doors.test_redrive import MEND
from tests.unit.adapters.doors.world import CONTRACTS, Broker, World, event

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SAID = f"00-{TRACE}-00f067aa0ba902b7-01"
RULES = {
    "contract",
    "envelope",
    "foreign_partner",
    "parse",
    "size",
    "time_in_future",
    "unknown_type",
    "unnamed_field",
}
"""docs/events.md and docs/doors.md."""


def counted(door: str) -> Counter[tuple[str, str, str]]:
    """Organisation, outcome and rule of what a door has counted so far."""
    return Counter(
        {
            (said["organisation"], said["outcome"], said["rule"]): int(sample.value)
            for family in metrics.EVENTS.collect()
            for sample in family.samples
            if sample.name.endswith("_total") and (said := sample.labels)["door"] == door
        }
    )


async def test_counts_are_what_the_answers_said() -> None:
    world, before, said = World(Limits(burst=100_000)), counted("http"), Counter[str]()
    rng = Random(7)  # noqa: S311 - a seed
    for _ in range(150):
        answer = await world.post(b"[" + b",".join(body(rng) or b"{" for _ in range(3)) + b"]", codec.BATCH)
        if answer.status_code in {202, 422}:
            said["accepted"] += answer.json()["accepted"]
            said.update(one["reason"] for one in answer.json()["results"] if one["status"] == "rejected")
    found = counted("http") - before
    assert found.total() == said.total() > 50
    assert {outcome if outcome == "accepted" else rule: n for (_, outcome, rule), n in found.items()} == said
    assert len(world.broker.letters()) == found.total() - said["accepted"]


async def test_labels_come_from_closed_sets_whatever_is_sent() -> None:
    world, rng = World(Limits(burst=100_000)), Random(11)  # noqa: S311 - a seed
    for _ in range(300):
        await world.post(body(rng) or b"{")
    for organisation, outcome, rule in counted("http"):
        assert organisation in PARTNERS
        assert (outcome, rule) == ("accepted", "") or (outcome == "rejected" and rule in RULES)


async def test_what_kafka_has_not_acknowledged_is_not_counted() -> None:
    world, before = World(), counted("http")
    world.broker.trouble = BusUnavailable("away")
    assert (await world.post(codec.encode(event()))).status_code == 503
    assert counted("http") == before
    assert (await world.post(codec.encode(event()), query="?validateOnly=true")).status_code == 200
    assert counted("http") == before


async def test_the_callers_trace_goes_with_the_event_the_dead_letter_and_the_redrive() -> None:
    desk = Desk()
    await desk.post(codec.encode(event(1)), traceparent=SAID)
    await desk.post(codec.encode(event(2, fill=1.5)), traceparent=SAID)
    (letter,) = await desk.letters()
    assert (await desk.drive_one(edit=MEND)).status == "redriven"
    traces = [letter.trace, *(dict(headers)["traceparent"].decode() for _, _, headers in desk.broker.topics[TOPIC])]
    assert [one.split("-")[1] for one in traces] == [TRACE] * 3


async def test_without_a_trace_one_begins_for_the_whole_request() -> None:
    world = World()
    await world.post(b"[" + codec.encode(event(1)) + b"," + codec.encode(event(2)) + b"]", codec.BATCH)
    await world.post(codec.encode(event(3)), traceparent="00-nonsense")
    one, two, three = (dict(headers)["traceparent"] for _, _, headers in world.broker.topics[TOPIC])
    assert one == two != three
    assert b"nonsense" not in three


async def test_the_gate_takes_the_senders_trace_and_says_the_same_again() -> None:
    given = [*STRUCTURED, ("traceparent", SAID.encode())]
    records = log(codec.encode(event(1)), b"no event", headers=given) + log(codec.encode(event(2)))
    records = [one._replace(offset=number) for number, one in enumerate(records)]
    brokers, before = [Broker(), Broker()], counted("kafka")
    for broker in brokers:
        stop = asyncio.Event()
        await Gate(Log(records, stop), broker, CONTRACTS, retry_s=0).run(stop)
    assert brokers[0].topics == brokers[1].topics
    traces = [dict(headers)["traceparent"].decode().split("-")[1] for _, _, headers in brokers[0].topics[TOPIC]]
    assert traces[0] == TRACE != traces[1]
    ((_, letter),) = brokers[0].letters()
    assert letter["traceparent"].split("-")[1] == TRACE
    assert counted("kafka") - before == Counter({("wbd", "accepted", ""): 4, ("wbd", "rejected", "parse"): 2})
