"""What an acknowledgement stands for, and publishing from a process that must answer while there is no broker."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import pytest
from aiokafka.errors import KafkaConnectionError

from cityhub.bus import publisher
from cityhub.bus.access import KafkaAccess
from cityhub.bus.errors import BusUnavailable
from cityhub.bus.publisher import Outgoing, RecordPublisher
from cityhub.bus.starting import StartingPublisher

ACCESS = KafkaAccess(bootstrap="127.0.0.1:9", username="hub", password="none")
RECORD: Outgoing = (b"key", b"value", [])


class Place(NamedTuple):
    partition: int
    offset: int


class Producer:
    """Stands in for aiokafka's; `troubles` are raised by its starts, in turn, and `silent` never acknowledges."""

    made: list[dict[str, Any]]
    troubles: list[Exception]
    silent: bool

    def __init__(self, **options: Any) -> None:
        self.made.append(options)

    async def start(self) -> None:
        if self.troubles:
            raise self.troubles.pop()

    async def stop(self) -> None:
        pass

    async def send(self, *_: object, **__: object) -> asyncio.Future[Place]:
        done: asyncio.Future[Place] = asyncio.get_running_loop().create_future()
        if not self.silent:
            done.set_result(Place(3, 17))
        return done


@pytest.fixture(autouse=True)
def producer(monkeypatch: pytest.MonkeyPatch) -> type[Producer]:
    Producer.made, Producer.troubles, Producer.silent = [], [], False
    monkeypatch.setattr(publisher, "AIOKafkaProducer", Producer)
    return Producer


async def test_an_acknowledged_record_is_on_every_replica_and_there_once(producer: type[Producer]) -> None:
    async with RecordPublisher(ACCESS, client_id="test") as records:
        assert await records.send("topic", [RECORD, RECORD]) == [(3, 17), (3, 17)]
    (options,) = producer.made
    assert (options["acks"], options["enable_idempotence"]) == ("all", True)


async def test_it_connects_when_it_is_needed_and_again_after_a_failure(producer: type[Producer]) -> None:
    producer.troubles = [KafkaConnectionError("nobody there")]
    async with StartingPublisher(ACCESS, client_id="test") as records:
        assert not producer.made
        with pytest.raises(BusUnavailable, match="nobody there"):
            await records.send("topic", [RECORD])
        found = await asyncio.gather(*(records.send("topic", [RECORD]) for _ in range(5)))
        assert found == [[(3, 17)]] * 5
        assert len(producer.made) == 2


async def test_nobody_waits_for_ever(producer: type[Producer]) -> None:
    producer.silent = True
    async with StartingPublisher(ACCESS, client_id="test", answer_s=0.01) as records:
        with pytest.raises(BusUnavailable, match="topic was not acknowledged within 0 s"):
            await records.send("topic", [RECORD])
