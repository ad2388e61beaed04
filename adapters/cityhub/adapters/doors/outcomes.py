"""What a door makes of an event: a record for its topic, or a dead letter, durable before anybody is told."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from cityhub.bus.publisher import Outgoing, record_of
from cityhub.bus.trace_context import HEADER as TRACE
from cityhub.bus.trace_context import as_header
from cityhub.sdk.contract import Contracts
from cityhub.sdk.door import judged_bytes, may_be_kept, may_be_named
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


class Came(Struct, frozen=True):
    """Where an event came in.

    Attributes:
        door: `http` or `kafka`. origin: SHA-256 of the event as it came, or `topic/partition/offset`; the same whenever
            it comes again.
        topic: of the partner's own record, "" over HTTP.
        trace: the `traceparent` that goes on with it; "" = none.
    """

    door: str
    origin: str
    topic: str = ""
    trace: str = ""


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


def letter(body: bytes, why: RejectedEvent, came: Came, contracts: Contracts) -> Outgoing:
    """A record for `du.dlq.<partner>`: the bytes and the message where they may be kept, else size and hash alone."""
    kept = may_be_kept(body, contracts)
    headers = {
        "dlq_reason": why.reason,
        "dlq_error": str(why) if kept else "",
        "dlq_attribute": may_be_named(why.attribute, contracts),
        "dlq_consumer": f"cityhub-{came.door}-door",
        "dlq_origin": came.origin,
        "dlq_topic": came.topic,
        "dlq_attempt": "1",
        "dlq_sha256": hashlib.sha256(body).hexdigest(),
        "dlq_bytes": str(len(body)),
        "dlq_kept": "true" if kept else "false",
        TRACE: came.trace,
    }
    return None, body if kept else b"", [(name, text.encode()) for name, text in headers.items() if text]
