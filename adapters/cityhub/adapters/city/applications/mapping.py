"""Pure: FIT-Connect's events in the contracts' words. Rules: docs/adapters/city-applications.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cityhub.adapters.city.applications.keys import Keys
from cityhub.adapters.city.applications.source import DECIDED, SUBMITTED
from cityhub.adapters.city.applications.wire import Claims, Submission, parse
from cityhub.adapters.kit.fact import Fact, Reading, once
from cityhub.adapters.kit.pseudonym import case_pseudonym
from cityhub.adapters.kit.reject import Reject

EVENTS = "https://schema.fitko.de/fit-connect/events/"
DELIVERY = "https://api.fitko.de/fit-connect/"
"""Issuer of what the delivery service says; what a destination says, it signs itself."""
SERVICES = {
    "99027004012000": "urkunde",
    "99088024017000": "schuelerfahrtkosten",
    "99102013104000": "hundesteuer",
    "99107023037000": "wohngeld",
    "99108001001000": "bewohnerparkausweis",
}
"""Names that KPIs use, by LeiKa key; what has none is told by its key."""
_TYPES = {"submit-submission": SUBMITTED, "accept-submission": DECIDED, "reject-submission": DECIDED}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS = 1_000_000


def read(body: bytes, keys: Keys) -> Reading:
    """What an answer says."""
    log, tokens, submissions, rejects = parse(body, keys)
    headers = {one.id: one for one in submissions}
    said = [_of(path, claims, headers) for path, claims in tokens]
    facts, repeated = once(one for one in said if isinstance(one, Fact))
    return Reading(
        facts=facts,
        rejects=[*rejects, *(one for one in said if isinstance(one, Reject))],
        cursor=log.next,
        more=log.more,
        noted=repeated + Counter(one for one in said if isinstance(one, str)),
    )


def _of(path: str, claims: Claims, headers: Mapping[UUID, Submission]) -> Fact | Reject | str:
    (event,) = claims.events
    type_ = _TYPES.get(event.removeprefix(EVENTS)) if event.startswith(EVENTS) else None
    if type_ is None:
        return "other_event"
    kind, _, number = claims.subject.partition(":")
    header = headers.get(_uuid(number)) if kind == "submission" else None
    if header is None:
        return Reject("without_submission", f"{path}.sub", "the answer has no header of the submission that is named")
    if claims.transaction != f"case:{header.case}":
        return Reject("schema", f"{path}.txn", "is another case than that of the submission")
    signer = DELIVERY if type_ == SUBMITTED else str(header.destination)
    if claims.issuer != signer:
        return Reject(
            "issuer", f"{path}.iss", f"{claims.issuer[:80]!r} may not say this of the submission, {signer} may"
        )
    return _fact(path, type_, claims, header)


def _fact(path: str, type_: str, claims: Claims, header: Submission) -> Fact:
    case, leika = case_pseudonym(header.case), header.service.identifier[-14:]
    return Fact(
        type=type_,
        time=_EPOCH + timedelta(microseconds=round(claims.at * _MICROSECONDS)),
        subject=case,
        key=(str(claims.id),),
        data={"case_id": case, "service": SERVICES.get(leika, leika), "channel": header.channel},
        path=path,
    )


def _uuid(text: str) -> UUID:
    """Of 36 characters; what is no UUID is nobody's number."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
