"""Whatever comes through a door is accepted or refused by name and counted; nothing else happens."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from cityhub.adapters.doors.gate import Gate
from cityhub.adapters.doors.limits import Limits
from cityhub.bus.quarantine import Stretch
from cityhub.sdk import codec
from cityhub.sdk.door import may_be_kept
from tests.unit.adapters.doors.hostile import SECRET, body
from tests.unit.adapters.doors.test_gate import log
from tests.unit.adapters.doors.world import CONTRACTS, Broker, World

REASONS = {
    "parse",
    "envelope",
    "size",
    "foreign_partner",
    "unknown_type",
    "unnamed_field",
    "contract",
    "time_in_future",
}
KINDS = (codec.STRUCTURED, codec.BATCH, "application/json", "text/plain", "application/cloudevents+json; charset=utf-8")
SEEDS, REQUESTS = 20, 50


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_requests(seed: int) -> None:
    rng, world = Random(seed), World(Limits(per_s=1e9, burst=10**9))  # noqa: S311 - a seed
    told = 0
    for _ in range(REQUESTS):
        kind = rng.choice(KINDS)
        bodies = [body(rng) for _ in range(rng.randrange(1, 5))]
        sent = b"[" + b",".join(bodies) + b"]" if kind == codec.BATCH and rng.random() < 0.9 else bodies[0]
        headers = {f"ce-{name}": text for name, text in (("id", "1"), ("type", SECRET)) if rng.random() < 0.5}
        answer = await world.post(sent, kind, **headers)
        assert answer.status_code in {202, 400, 413, 415, 422}, answer.text
        for one in answer.json().get("results", []):
            told += 1
            assert (one["status"] == "accepted") == ("offset" in one)
            assert one["status"] == "accepted" or one["reason"] in REASONS
    written = sum(len(records) for records in world.broker.topics.values())
    assert told == written > 0
    _nothing_unnamed_is_kept(world.broker)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_records(seed: int) -> None:
    rng, broker = Random(seed), Broker()  # noqa: S311 - a seed
    records = log(*(body(rng) for _ in range(REQUESTS)))
    passed = Gate(_Never(), broker, CONTRACTS).judge(Stretch("du.in.wbd.bins", 0, records))
    for topic, outgoing in passed.by_topic.items():
        asyncio.run(broker.send(topic, outgoing))
    assert sum(len(one) for one in broker.topics.values()) == REQUESTS
    assert passed.refused.keys() <= REASONS
    _nothing_unnamed_is_kept(broker)


def _nothing_unnamed_is_kept(broker: Broker) -> None:
    for topic, records in broker.topics.items():
        if topic.startswith("du.evt."):
            assert all(set(codec.decode(value).data) <= CONTRACTS_FIELDS[topic] for _, value, _ in records)
    for kept, headers in broker.letters():
        assert may_be_kept(kept, CONTRACTS) if kept else SECRET not in repr(headers)


CONTRACTS_FIELDS = {
    topic: {name for contract in CONTRACTS.of_topic(topic) for name in contract.fields}
    for topic in {contract.topic for contract in CONTRACTS.values()}
}


class _Never:
    """No partition: records are judged one stretch at a time."""

    async def some(self) -> list[Stretch]:
        raise NotImplementedError

    async def done(self, stretch: Stretch) -> None:
        raise NotImplementedError

    async def again(self, stretch: Stretch) -> None:
        raise NotImplementedError
