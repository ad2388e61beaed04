"""What a door makes of an event: a record for its topic, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from cityhub.bus.letters import Came
from cityhub.bus.publisher import Outgoing, record_of
from cityhub.bus.trace_context import as_header
from cityhub.sdk.contract import Contracts
from cityhub.sdk.door import judged_bytes
from cityhub.sdk.errors import RejectedEvent
from cityhub.sdk.event import Event


class RecordWriter(Protocol):
    """Writes to Kafka; `bus.publisher.RecordPublisher` and `bus.starting.StartingPublisher`."""

    async def send(self, topic: str, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        """Partition and offset of each record, acknowledged by all replicas.

        Raises:
            BusUnavailable: nobody knows what was written. BusRefused: the broker said no.
        """
        ...


class Admitted(Struct, frozen=True):
    """An event as it goes into its topic; the header `cityhub_origin` of its record says where it came in."""

    event: Event
    topic: str
    record: Outgoing


def admission(
    body: bytes, came: Came, contracts: Contracts, partner: str, received_at: datetime
) -> Admitted | RejectedEvent:
    """What the doors say of an event in structured mode.

    Args:
        partner: whose door it came through.
    """
    try:
        event = judged_bytes(body, contracts, partner, received_at)
        origin = "cityhub_origin", f"{came.door}:{came.origin}".encode()
        record = record_of(event, origin, *as_header(came.trace))
    except RejectedEvent as why:
        return why
    return Admitted(event, contracts[event.type].topic, record)
