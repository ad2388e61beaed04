"""Dead letters of the doors: what was refused, and why, durable before anybody is told."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from cityhub.bus.publisher import Outgoing
from cityhub.sdk.contract import Contracts
from cityhub.sdk.door import may_be_kept
from cityhub.sdk.errors import RejectedEvent


class RecordWriter(Protocol):
    """Writes to Kafka; `bus.publisher.RecordPublisher` and `bus.starting.StartingPublisher`."""

    async def send(self, topic: str, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        """Partition and offset of each record, acknowledged by all replicas.

        Raises:
            BusUnavailable: nobody knows what was written. BusRefused: the broker said no.
        """
        ...


class Came(Struct, frozen=True):
    """Where a refused event came in.

    Attributes:
        door: `http` or `kafka`. origin: SHA-256 of the event as it came, or `topic/partition/offset`; the same whenever
            it comes again.
        topic: of the partner's own record, "" over HTTP.
    """

    door: str
    origin: str
    topic: str = ""


def letter(body: bytes, why: RejectedEvent, came: Came, contracts: Contracts) -> Outgoing:
    """A record for `du.dlq.<partner>`: the bytes and the message where they may be kept, else size and hash alone."""
    kept = may_be_kept(body, contracts)
    headers = {
        "dlq_reason": why.reason,
        "dlq_error": str(why) if kept else "",
        "dlq_attribute": why.attribute,
        "dlq_consumer": f"cityhub-{came.door}-door",
        "dlq_origin": came.origin,
        "dlq_topic": came.topic,
        "dlq_attempt": "1",
        "dlq_sha256": hashlib.sha256(body).hexdigest(),
        "dlq_bytes": str(len(body)),
        "dlq_kept": "true" if kept else "false",
    }
    return None, body if kept else b"", [(name, text.encode()) for name, text in headers.items() if text]


def origin_header(door: str, origin: str) -> tuple[str, bytes]:
    """The header by which an accepted event can be traced to where it came in."""
    return "cityhub_origin", f"{door}:{origin}".encode()
