"""What proves a number: the events behind it, its receipt, audits and versions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import strawberry

from cityhub.api.access import may_open, may_see_fields
from cityhub.api.context import Context
from cityhub.api.described import described
from cityhub.api.enums import Label, WindowKind
from cityhub.api.errors import ArchiveBroken, InvalidArgument, NotArchived, ProofUnavailable, Withheld
from cityhub.api.scalars import Long
from cityhub.api.value import Dimension, ReferenceValue
from cityhub.bus.errors import ArchiveDamaged, ArchiveError, ArchiveMissing, LogBroken
from cityhub.kpi.audited import AuditState, Difference
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.errors import BatchError
from cityhub.kpi.proof.explain import Contribution, Exclusion, Origin, Page
from cityhub.kpi.proof.receipt import Receipt as Issued
from cityhub.kpi.proof.receipt import encode
from cityhub.kpi.proof.service import ProofReader
from cityhub.kpi.reader import instant
from cityhub.kpi.values import Decision
from cityhub.sdk.principal import Principal

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
    source: str | None = strawberry.field(description="The partner's system; null: not for you.")
    subject: str | None = strawberry.field(description="What it is about, such as a lamp; null: not for you.")
    time: datetime = strawberry.field(description="When it happened, UTC.")
    topic: str
    partition: int
    offset: Long
    contract: str
    adapter: str = strawberry.field(description="What made the event, with its version; empty: it does not say.")
    synthetic: bool
    n: int = strawberry.field(description="How often it is counted; 0 of an excluded one.")
    adds: list[AddedPart] = strawberry.field(description="Empty as well where it is of a person and not for you.")
    reason: str = strawberry.field(description="Why it does not count; empty: it counts.")


@strawberry.type(description="The events behind a number, those that add to it first.")
class Contributions:
    counted: Long
    excluded: Long
    reasons: list[ReasonCount] = strawberry.field(description="Of the excluded records.")
    events: list[ExplainedEvent] = strawberry.field(description="Those of the page.")

    @classmethod
    def of(cls, page: Page, reader: Principal | None, definition: KpiDefinition) -> Contributions:
        """The API's shape of a page for who reads it."""
        return cls(
            counted=Long(page.counted),
            excluded=Long(page.excluded),
            reasons=[ReasonCount(reason=reason, count=Long(count)) for reason, count in page.reasons.items()],
            events=[
                *(_event(item, reader, definition) for item in page.contributions),
                *(_event(item, reader, definition) for item in page.exclusions),
            ],
        )


@strawberry.type(description="How far a partition of the log was looked at.")
class ReadUpTo:
    topic: str
    partition: int
    offset: Long = strawberry.field(description="Last record that was looked at; -1: none.")


@strawberry.type(
    description="Everything needed to compute a number again elsewhere. Fields that a `KpiValue` has mean the same."
)
class Receipt:
    receipt: strawberry.Private[Issued]
    id: strawberry.ID = strawberry.field(description="SHA-256 of the receipt.")
    kpi: strawberry.ID
    version: int
    definition_hash: str
    engine: int = strawberry.field(description="Meaning version of the engine.")
    tzdata: str = strawberry.field(description="Version of the time-zone rules.")
    window: WindowKind
    start: datetime
    end: datetime
    scope: str
    dimensions: list[Dimension]
    clock: datetime = strawberry.field(description="How far the record had come; a running window is read up to it.")
    issued: datetime
    label: Label
    revision: int
    value: float | None
    unit: str
    numerator: Long
    denominator: Long
    coverage: float | None
    references: list[ReferenceValue]
    n: Long
    digest: str
    events: Long = strawberry.field(description="Different events that support the number.")
    root: str = strawberry.field(description="SHA-256 Merkle root over their content hashes.")
    excluded: list[ReasonCount]
    cursor: list[ReadUpTo]
    key: str | None = strawberry.field(description="Id of the key that signed it, see `/receipts/key`; null: none.")

    @described("The file to keep, with everything else. Check it with `cityhub receipt verify FILE --archive DIR`.")
    def json(self) -> str:
        return encode(self.receipt).decode()

    @classmethod
    def of(cls, receipt: Issued) -> Receipt:
        """The API's shape of a receipt."""
        same = {name: getattr(receipt, name) for name in cls.__dataclass_fields__ if name in receipt.__struct_fields__}
        same |= {
            "dimensions": [Dimension(name=name, value=value) for name, value in receipt.dimensions.items()],
            "references": [ReferenceValue(name=one.name, value=Long(one.value)) for one in receipt.references],
            "excluded": [ReasonCount(reason=reason, count=Long(count)) for reason, count in receipt.excluded.items()],
            "cursor": [
                ReadUpTo(topic=topic, partition=part, offset=Long(offset))
                for topic, parts in receipt.cursor.items()
                for part, offset in parts.items()
            ],
        }
        return cls(receipt=receipt, key=None if receipt.signature is None else receipt.signature.key, **same)


@strawberry.type(description="A number of a bucket that the stream and the computation from the archive disagree on.")
class AuditDifference:
    start: datetime
    scope: str
    dimensions: list[str] = strawberry.field(description="Values of the KPI's dimensions, in its order.")
    column: str
    stored: str = strawberry.field(description="What the stream has; as text, because some have 128 bits.")
    recomputed: str = strawberry.field(description="What the archive gives.")
    events: list[strawberry.ID] = strawberry.field(description="Ids of the first events counted there.")

    @classmethod
    def of(cls, found: Difference) -> AuditDifference:
        """The API's shape of a difference."""
        return cls(
            start=instant(found.start),
            scope=found.scope,
            dimensions=list(found.dims),
            column=found.column,
            stored=found.stored,
            recomputed=found.recomputed,
            events=[strawberry.ID(event.id) for event in found.events],
        )


@strawberry.type(description="The newest comparison of a KPI's buckets with the archive, bit for bit.")
class Audit:
    at: datetime
    clean_at: datetime | None = strawberry.field(description="Newest audit without a difference.")
    clean: bool
    version: int
    buckets: Long = strawberry.field(description="Partial sums that were compared.")
    events: Long = strawberry.field(description="Records of its topics up to the audit's cut.")
    since: datetime | None = strawberry.field(description="Days before were let go; null: all are compared.")
    mismatches: Long
    differences: list[AuditDifference] = strawberry.field(description="The first of the mismatches.")
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
            since=None if audit.since is None else instant(audit.since),
            mismatches=Long(audit.mismatches),
            differences=[AuditDifference.of(one) for one in audit.differences],
            trouble=audit.trouble,
        )


@strawberry.type(description="A decision about which version of a KPI counts.")
class VersionDecision:
    version: int
    definition_hash: str
    state: str = strawberry.field(description="`initial`, `wanted`, `active`, or `refused`.")
    decided: datetime | None
    active: datetime | None = strawberry.field(description="Since when it counts; null: not yet, or always.")
    who: str | None = strawberry.field(description="For the city's roles only.")
    why: str
    detail: str = strawberry.field(description="Why it was refused; else empty.")

    @classmethod
    def of(cls, decision: Decision, *, named: bool) -> VersionDecision:
        """The API's shape of a decision, with the name of whoever took it or without."""
        return cls(
            version=decision.version,
            definition_hash=decision.definition_hash,
            state=decision.state.value,
            decided=decision.decided,
            active=decision.active,
            who=decision.who if named else None,
            why=decision.why,
            detail=decision.detail,
        )


async def ask(context: Context, question: Callable[[ProofReader], Answer]) -> Answer:
    """Ask the proof service in a thread of its own.

    Raises:
        ProofUnavailable: there is none, or archive and log do not hold what it needs; the message says what.
        StoreUnavailable, BusUnavailable: try again.
    """
    if context.proofs is None:
        raise ProofUnavailable("this hub keeps no archive; numbers cannot be opened")
    try:
        return await asyncio.to_thread(question, context.proofs)
    except ArchiveMissing as error:
        raise NotArchived(str(error)) from error
    except ArchiveDamaged as error:
        raise ArchiveBroken(str(error)) from error
    except (ArchiveError, LogBroken, BatchError) as error:
        raise ProofUnavailable(str(error)) from error


def check_open(context: Context, definition: KpiDefinition) -> None:
    """Refuse a caller for whom the events behind a KPI's numbers are not."""
    if not may_open(context.principal, definition):
        raise Withheld(
            f"{definition.id} tells of people: the events behind its numbers and its receipts are for controllers; "
            "`latest` and `values` say what is published"
        )


def check_page(after: int, first: int) -> None:
    """Refuse a page that cannot be."""
    if after < 0 or not 1 <= first <= MAX_ROWS:
        raise InvalidArgument(f"first: {first} is not within 1 to {MAX_ROWS}, or after: {after} is negative")


def _event(item: Contribution | Exclusion, reader: Principal | None, definition: KpiDefinition) -> ExplainedEvent:
    origin: Origin = item.origin
    named = may_see_fields(reader, definition, origin.partner)
    adds: dict[str, int] = {}
    if isinstance(item, Contribution) and (named or definition.minimum_group is None):
        adds = {**item.adds, **{f"bin {bin_}": count for _, bin_, count in item.bins}}
    return ExplainedEvent(
        id=strawberry.ID(origin.id),
        type=origin.type,
        partner=origin.partner,
        source=origin.source if named else None,
        subject=origin.subject if named else None,
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
