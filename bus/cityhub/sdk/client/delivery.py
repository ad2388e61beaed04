"""Events to the HTTP door in batches, and what the door says of each. Source of the rules: docs/doors.md."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from cityhub.sdk import codec
from cityhub.sdk.client.session import Session, refusal
from cityhub.sdk.client.wire import Reply, Request, Steps
from cityhub.sdk.contract import Contracts
from cityhub.sdk.door import judged_bytes
from cityhub.sdk.errors import RejectedEvent, Undelivered
from cityhub.sdk.event import Event

MOST_EVENTS = 1_000
MOST_BYTES = 1024 * 1024
"""Of one request."""
_MOST_NUMBERS = 4_000
"""Characters of the header of numbers: proxies take lines of 8 000, some of them less."""
_ANSWERS = frozenset({200, 202, 422})
_TOO_LARGE = 413


class Result(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one event.

    Attributes:
        status: `accepted`, `valid` (only judged), `rejected`, or `unknown` (not answered: written or not).
        topic, partition, offset: where an accepted event stands; -1 where nobody said.
        reason, pointer (JSON pointer into the event), contract, detail: of a refusal, as docs/doors.md lists them.
    """

    id: str = ""
    status: Literal["accepted", "valid", "rejected", "unknown"]
    topic: str = ""
    partition: int = -1
    offset: int = -1
    reason: str = ""
    pointer: str = ""
    contract: str = ""
    detail: str = ""


class Parcel(Struct, frozen=True):
    """An event as it is sent. `number`: of its producer's events, counted from 0; -1 = not counted."""

    id: str
    body: bytes
    number: int = -1


Judge: TypeAlias = Callable[[Event], bytes]
"""The event as it is sent; raises RejectedEvent. `codec.encode` is one that looks at nothing but the size."""


class _Told(Struct, frozen=True):
    results: list[Result]


_told = msgspec.json.Decoder(_Told)


def judge_of(contracts: Contracts, partner: str, now: Callable[[], datetime]) -> Judge:
    """A judge that says beforehand what the hub's door would say.

    Args:
        partner: whose events may be sent; "" = any. now: with time zone.
    """

    def judge(event: Event) -> bytes:
        body = codec.encode(event)
        judged_bytes(body, contracts, partner or event.partner, now())
        return body

    return judge


def rejected(event_id: str, why: RejectedEvent, contract: str = "") -> Result:
    """A refusal in the words of the door."""
    pointer = "/" + why.attribute.replace(".", "/") if why.attribute else ""
    return Result(
        id=event_id, status="rejected", reason=why.reason, pointer=pointer, contract=contract, detail=str(why)
    )


def batches(parcels: Iterable[Parcel]) -> Iterator[list[Parcel]]:
    """Parcels in their order, each batch as large as one request may be."""
    batch: list[Parcel] = []
    size = digits = 0
    for parcel in parcels:
        size += len(parcel.body) + 1  # the comma, or a bracket
        digits += len(str(parcel.number)) + 1
        if batch and (len(batch) >= MOST_EVENTS or size >= MOST_BYTES or digits > _MOST_NUMBERS):
            yield batch
            batch, size, digits = [], len(parcel.body) + 1, len(str(parcel.number)) + 1
        batch.append(parcel)
    if batch:
        yield batch


class Delivery:
    """Sends and asks. Methods raise NotAcknowledged or HubRefused, which hold a result per event."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._url = f"{session.account.url}/v1/events"

    def publish(self, events: Iterable[Event], judge: Judge, *, only_judge: bool = False) -> Steps[list[Result]]:
        """Events that pass the judge; a result for each, in order.

        Args:
            only_judge: the hub judges, too, and writes nothing.
        """
        said = [parcel_of(event, judge) for event in events]
        parcels = [one for one in said if isinstance(one, Parcel)]
        try:
            return merged(said, (yield from self.deliver(parcels, only_judge=only_judge)))
        except Undelivered as error:
            error.results = merged(said, error.results)
            raise

    def deliver(
        self, parcels: Sequence[Parcel], producer: str = "", *, only_judge: bool = False
    ) -> Steps[list[Result]]:
        """Parcels as they are; a result for each, in order.

        Args:
            producer: who has numbered them; "" = nobody.
        """
        end = self._session.deadline()
        results: list[Result] = []
        todo = deque(batches(parcels))
        try:
            while todo:
                batch = todo.popleft()
                request = self._request(batch, producer, only_judge=only_judge)
                reply = yield from self._session.ask(request, end, _fits(len(batch), only_judge=only_judge))
                if reply.status == _TOO_LARGE and len(batch) > 1:
                    half = len(batch) // 2
                    todo.extendleft([batch[half:], batch[:half]])
                else:
                    results += _results(reply, batch, self._url)
        except Undelivered as error:
            unknown = (Result(id=one.id, status="unknown", detail=str(error)) for one in parcels[len(results) :])
            error.results = [*results, *unknown]
            raise
        return results

    def _request(self, batch: Sequence[Parcel], producer: str, *, only_judge: bool) -> Request:
        headers = {"content-type": codec.BATCH}
        if producer:
            headers["cityhub-producer"] = producer
            headers["cityhub-sequence"] = ",".join(str(one.number) for one in batch)
        return Request(
            url=f"{self._url}?validateOnly=true" if only_judge else self._url,
            method="POST",
            headers=headers,
            content=b"[" + b",".join(one.body for one in batch) + b"]",
        )


def parcel_of(event: Event, judge: Judge) -> Parcel | Result:
    """The event as it is sent, or its refusal."""
    try:
        return Parcel(event.id, judge(event))
    except RejectedEvent as why:
        return rejected(event.id, why, event.type)


def merged(said: Sequence[Parcel | Result], told: Iterable[Result]) -> list[Result]:
    """Refusals that were said at home, and in the places of parcels what was told of them."""
    answers = iter(told)
    return [next(answers) if isinstance(one, Parcel) else one for one in said]


def _fits(count: int, *, only_judge: bool) -> Callable[[Reply], bool]:
    """Whether an answer with results has one for each event, of the kind that was asked for."""
    good = {"valid" if only_judge else "accepted", "rejected"}

    def fits(reply: Reply) -> bool:
        if reply.status not in _ANSWERS:
            return True
        try:
            results = _told.decode(reply.body).results
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return False
        return len(results) == count and {one.status for one in results} <= good

    return fits


def _results(reply: Reply, batch: Sequence[Parcel], url: str) -> list[Result]:
    if reply.status in _ANSWERS:
        pairs = zip(batch, _told.decode(reply.body).results, strict=True)
        return [msgspec.structs.replace(result, id=parcel.id) for parcel, result in pairs]
    why = refusal(reply, url)
    if reply.status == _TOO_LARGE:
        return [Result(id=one.id, status="rejected", reason="size", detail=str(why)) for one in batch]
    raise why
