"""FIT-Connect's event log: signed tokens and the unencrypted headers of submissions; nothing else is asked for."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

import jwt
import msgspec
from msgspec import Meta, Raw, Struct, field

from cityhub.adapters.city.applications.keys import ALGORITHM, Keys
from cityhub.adapters.formats.json_items import parse_items, parse_json
from cityhub.adapters.kit.reject import Reject

TYP = "secevent+jwt"
_Urn: TypeAlias = Annotated[str, Meta(pattern=r"^(submission|case):[0-9a-fA-F-]{36}$")]


class Service(Struct, frozen=True):
    """What was applied for. Attributes: identifier = LeiKa key."""

    identifier: Annotated[str, Meta(pattern=r"^urn:de:fim:leika:leistung:[0-9]{14}$")]


class Submission(Struct, frozen=True):
    """Header of a submission; data, attachments and metadata that are encrypted are not part of it."""

    id: UUID = field(name="submissionId")
    case: UUID = field(name="caseId")
    destination: UUID = field(name="destinationId")
    service: Service = field(name="publicService")
    channel: Literal["online", "email", "post", "phone", "counter"] = "online"


class Claims(Struct, frozen=True):
    """Of a token, as RFC 8417 and FIT-Connect have them. Attributes: at: seconds since 1970."""

    id: UUID = field(name="jti")
    issuer: str = field(name="iss")
    at: Annotated[float, Meta(ge=0, le=4e9)] = field(name="iat")
    subject: _Urn = field(name="sub")
    transaction: _Urn = field(name="txn")
    events: Annotated[dict[str, Any], Meta(min_length=1, max_length=1)]


class Log(Struct, frozen=True):
    """An answer. Attributes: next = cursor of the next question."""

    next: Annotated[str, Meta(min_length=1, max_length=200)]
    more: bool = False
    tokens: tuple[Raw, ...] = field(name="eventLog", default=())
    submissions: tuple[Raw, ...] = ()


_Token: TypeAlias = Annotated[str, Meta(max_length=16_384)]
_log = msgspec.json.Decoder(Log)
_token = msgspec.json.Decoder(_Token)
_submission = msgspec.json.Decoder(Submission)
_claims = msgspec.json.Decoder(Claims)
_jws = jwt.PyJWS()


def parse(body: bytes, keys: Keys) -> tuple[Log, list[tuple[str, Claims]], list[Submission], list[Reject]]:
    """The envelope, claims of well-signed tokens with their paths, headers of submissions, the others.

    Raises:
        FeedFault: `parse` or `too_many_values`.
    """
    log = parse_json(body, _log, "an event log of FIT-Connect")
    tokens, rejects = parse_items(log.tokens, _token, "eventLog")
    submissions, headless = parse_items(log.submissions, _submission, "submissions")
    rejects += headless
    good: list[tuple[str, Claims]] = []
    for path, token in tokens:
        found = _verified(path, token, keys)
        if isinstance(found, Reject):
            rejects.append(found)
        else:
            good.append((path, found))
    return log, good, [one for _, one in submissions], rejects


def _verified(path: str, token: str, keys: Keys) -> Claims | Reject:
    try:
        header = jwt.get_unverified_header(token)
        if (typ := str(header.get("typ")).lower().removeprefix("application/")) != TYP:
            return Reject("schema", f"{path}.typ", f"the token is a {typ[:40]!r}, expected {TYP!r}")
        if (key := keys.get(str(header.get("kid")))) is None:
            return Reject("unknown_key", f"{path}.kid", "signed with a key that the set of keys does not hold")
        payload = _jws.decode_complete(token, key.key, [ALGORITHM])["payload"]
        claims = _claims.decode(payload)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        bad = isinstance(error, msgspec.ValidationError)
        return Reject("schema" if bad else "signature", path, str(error))
    if claims.issuer != key.issuer:
        return Reject("issuer", f"{path}.iss", f"{claims.issuer[:80]!r} signs with a key of {key.issuer[:80]!r}")
    return claims
