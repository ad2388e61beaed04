"""Events that a tenant sends itself: judged as a partner's are, by the tenant's clock, and marked synthetic. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from cityhub.sdk import codec
from cityhub.sdk.contract import Contracts
from cityhub.sdk.door import Outcome, judged, refusal
from cityhub.sdk.errors import RejectedEvent
from cityhub.sdk.event import Event


class Came(Struct, frozen=True):
    """A record of the tenant's topic. Attributes: body = the event in structured mode; None = not unpacked."""

    offset: int
    body: bytes | None


UNREAD = Outcome(
    index=0,
    status="rejected",
    reason="compression",
    detail="the batch up to this offset is compressed by gzip or zstd and was not unpacked: send it anew, with lz4, "
    "snappy or no compression",
)


class Judged(NamedTuple):
    """Attributes: event = as it goes into the log; None = refused."""

    event: Event | None
    topic: str
    outcome: Outcome


def judge(index: int, body: bytes, contracts: Contracts, now: datetime) -> Judged:
    """What the sandbox says of an event in structured mode.

    Args:
        index: of the event in its request.
        now: what the tenant's clock shows.
    """
    try:
        event = codec.decode(body)
        kept = replace(judged(event, contracts, event.partner, now), borough=event.borough, synthetic=True)
        _refuse_people(kept, contracts)
    except RejectedEvent as why:
        return Judged(None, "", refusal(index, body, why, contracts))
    topic = contracts[kept.type].topic
    return Judged(kept, topic, Outcome(index=index, status="accepted", id=kept.id, topic=topic))


def told(outcome: Outcome, topic: str, offset: int) -> tuple[str, bytes] | None:
    """Reason and body of the log's entry about a record that was refused; None for one that was not."""
    if outcome.reason is UNSET:
        return None
    said = {name: value for name, value in msgspec.to_builtins(outcome).items() if name != "index"}
    return outcome.reason, msgspec.json.encode({"topic": topic, "offset": offset} | said)


def _refuse_people(event: Event, contracts: Contracts) -> None:
    if contracts[event.type].personal:
        raise RejectedEvent("unknown_type", f"{event.type} tells of people; the sandbox has no such events", "type")
