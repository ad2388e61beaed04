"""What proves a number: the events behind it, its receipt, audits and versions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import strawberry

from cityhub.api.context import Context
from cityhub.api.enums import Label
from cityhub.api.errors import InvalidArgument, ProofUnavailable
from cityhub.api.scalars import Long
from cityhub.bus.errors import BusError
from cityhub.kpi.audited import AuditState
from cityhub.kpi.errors import BatchError, StoreUnavailable
from cityhub.kpi.proof.explain import Contribution, Exclusion, Origin, Page
from cityhub.kpi.proof.receipt import Receipt as Issued
from cityhub.kpi.proof.receipt import encode
from cityhub.kpi.proof.service import ProofReader
from cityhub.kpi.values import Decision

MAX_ROWS = 100
Answer = TypeVar("Answer")


@strawberry.type(description="How many records do not count for a reason.")
class ReasonCount:
    reason: str
    count: Long


@strawberry.type(description="How much an event adds to a part of a number.")
class AddedPart:
    name: str = strawberry.field(description="`numerator`, `denominator`, or what stands beside the value.")
    amount: Long


@strawberry.type(description="A record behind a number, with its place in the log.")
class ExplainedEvent:
    id: strawberry.ID
    type: str
    partner: str
    time: datetime = strawberry.field(description="When it happened, UTC.")
    topic: str
    partition: int
    offset: Long
    contract: str
    adapter: str = strawberry.field(description="What made the event, with its version; empty: it does not say.")
    synthetic: bool
    n: int = strawberry.field(description="How often it is counted; 0 of an excluded one.")
    adds: list[AddedPart]
    reason: str = strawberry.field(description="Why it does not count; empty: it counts.")


@strawberry.type(description="The events behind a number, those that add to it first.")
class Contributions:
    counted: Long
    excluded: Long
    reasons: list[ReasonCount] = strawberry.field(description="Of the excluded records.")
    events: list[ExplainedEvent] = strawberry.field(description="Those of the page.")

    @classmethod
    def of(cls, page: Page) -> Contributions:
        """The API's shape of a page."""
        return cls(
            counted=Long(page.counted),
            excluded=Long(page.excluded),
            reasons=[ReasonCount(reason=reason, count=Long(count)) for reason, count in page.reasons.items()],
            events=[*map(_event, page.contributions), *map(_event, page.exclusions)],
        )


@strawberry.type(description="Everything needed to compute a number again elsewhere; `json` is the file to keep.")
class Receipt:
    id: strawberry.ID = strawberry.field(description="SHA-256 of the receipt.")
    value: float | None
    label: Label
    events: Long = strawberry.field(description="Different events that support the number.")
    root: str = strawberry.field(description="SHA-256 Merkle root over their content hashes.")
    issued: datetime
    signed: bool
    json: str = strawberry.field(description="Check it with `cityhub receipt verify FILE --archive DIR`.")

    @classmethod
    def of(cls, receipt: Issued) -> Receipt:
        """The API's shape of a receipt."""
        return cls(
            id=strawberry.ID(receipt.id),
            value=receipt.value,
            label=receipt.label,
            events=Long(receipt.events),
            root=receipt.root,
            issued=receipt.issued,
            signed=receipt.signature is not None,
            json=encode(receipt).decode(),
        )


@strawberry.type(description="The newest comparison of a KPI's buckets with the archive, bit for bit.")
class Audit:
    at: datetime
    clean_at: datetime | None = strawberry.field(description="Newest audit without a difference.")
    clean: bool
    version: int
    buckets: Long = strawberry.field(description="Partial sums that were compared.")
    events: Long = strawberry.field(description="Records that were computed again.")
    mismatches: Long
    trouble: str = strawberry.field(description="Why nothing could be compared; empty: it could.")

    @classmethod
    def of(cls, state: AuditState) -> Audit:
        """The API's shape of an audit."""
        audit = state.audit
        return cls(
            at=state.at,
            clean_at=state.clean_at,
            clean=audit.clean,
            version=audit.version,
            buckets=Long(audit.buckets),
            events=Long(audit.events),
            mismatches=Long(audit.mismatches),
            trouble=audit.trouble,
        )


@strawberry.type(description="A decision about which version of a KPI counts.")
class VersionDecision:
    version: int
    definition_hash: str
    state: str
    decided: datetime | None
    active: datetime | None
    who: str
    why: str

    @classmethod
    def of(cls, decision: Decision) -> VersionDecision:
        """The API's shape of a decision."""
        return cls(
            version=decision.version,
            definition_hash=decision.definition_hash,
            state=decision.state.value,
            decided=decision.decided,
            active=decision.active,
            who=decision.who,
            why=decision.why,
        )


async def ask(context: Context, question: Callable[[ProofReader], Answer]) -> Answer:
    """Ask the proof service in a thread of its own.

    Raises:
        ProofUnavailable: there is none, or it cannot answer now; the message says why.
    """
    if context.proofs is None:
        raise ProofUnavailable("this hub keeps no archive; numbers cannot be opened")
    try:
        return await asyncio.to_thread(question, context.proofs)
    except (BusError, BatchError, StoreUnavailable) as error:
        raise ProofUnavailable(str(error)) from error


def check_page(after: int, first: int) -> None:
    """Refuse a page that cannot be."""
    if after < 0 or not 1 <= first <= MAX_ROWS:
        raise InvalidArgument(f"first: {first} is not within 1 to {MAX_ROWS}, or after: {after} is negative")


def _event(item: Contribution | Exclusion) -> ExplainedEvent:
    origin: Origin = item.origin
    adds: dict[str, int] = {}
    if isinstance(item, Contribution):
        adds = {**item.adds, **{f"bin {bin_}": count for _, bin_, count in item.bins}}
    return ExplainedEvent(
        id=strawberry.ID(origin.id),
        type=origin.type,
        partner=origin.partner,
        time=origin.time,
        topic=origin.topic,
        partition=origin.part,
        offset=Long(origin.off),
        contract=origin.contract,
        adapter=origin.adapter,
        synthetic=origin.synthetic,
        n=item.n if isinstance(item, Contribution) else 0,
        adds=[AddedPart(name=name, amount=Long(amount)) for name, amount in adds.items()],
        reason=item.reason if isinstance(item, Exclusion) else "",
    )
