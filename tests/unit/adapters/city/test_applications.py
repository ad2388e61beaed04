"""FIT-Connect's event log: who signed what, and what it says."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import httpx
import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from cityhub.adapters.city.applications.client import KEYS_FOR, connect
from cityhub.adapters.city.applications.keys import Keys, read_keys
from cityhub.adapters.city.applications.mapping import DELIVERY, EVENTS, read
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.adapter import Known, Link, Tools
from cityhub.adapters.kit.fact import Reading
from cityhub.adapters.kit.pseudonym import Pseudonyms, case_pseudonym
from cityhub.sandbox.city.chronicle import Chronicle
from cityhub.sandbox.city.served.city import applications
from cityhub.sandbox.city.served.dvv import school_tickets
from tests.unit.adapters.journals import PSEUDONYMS, everything, rejects, told

SUBMISSION, CASE = "5e0b2ad9-7a0f-4dfd-bf2b-6a0d1a1b5f01", "0f8fad5b-d9cb-469f-a165-70867728950e"
DESTINATION = "11111111-2222-4333-8444-555555555555"
HEADER: dict[str, Any] = {
    "submissionId": SUBMISSION,
    "caseId": CASE,
    "destinationId": DESTINATION,
    "publicService": {"name": "Wohngeld", "identifier": "urn:de:fim:leika:leistung:99107023037000"},
    "channel": "online",
    "encryptedData": "eyJGYWNoZGF0ZW4",
}


@lru_cache
def private(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def jwk(name: str, issuer: str, **more: Any) -> dict[str, Any]:
    return RSAAlgorithm.to_jwk(private(name).public_key(), as_dict=True) | {"kid": name, "iss": issuer} | more


def keys() -> Keys:
    both = [jwk("delivery", DELIVERY), jwk("destination", DESTINATION)]
    return read_keys(msgspec.json.encode({"keys": both}))


def claims(event: str, issuer: str, **more: Any) -> dict[str, Any]:
    return {
        "jti": "52121063-9372-4eb6-a43f-6ba3e7b8c96f",
        "iss": issuer,
        "iat": 1_763_625_600,
        "sub": f"submission:{SUBMISSION}",
        "txn": f"case:{CASE}",
        "events": {f"{EVENTS}{event}": {"authenticationTags": {"data": "geheim"}}},
    } | more


def signed(body: dict[str, Any], by: str, typ: str = "secevent+jwt") -> str:
    return jwt.encode(body, private(by), "PS512", {"typ": typ, "kid": by})


SUBMITTED = claims("submit-submission", DELIVERY)
ACCEPTED = claims("accept-submission", DESTINATION, jti="9d1c5b6e-5c1b-4f6e-8a55-0f6a2c1d7e21")


def log(*tokens: str, headers: tuple[dict[str, Any], ...] = (HEADER,)) -> bytes:
    return msgspec.json.encode({"next": "n", "eventLog": tokens, "submissions": headers})


def reading(*tokens: str, headers: tuple[dict[str, Any], ...] = (HEADER,)) -> Reading:
    return read(log(*tokens, headers=headers), keys())


def test_an_application_is_submitted_and_decided() -> None:
    found = reading(signed(SUBMITTED, "delivery"), signed(ACCEPTED | {"iat": 1_763_625_600.25}, "destination"))
    case = case_pseudonym(UUID(CASE))
    data = {"case_id": case, "service": "wohngeld", "channel": "online"}
    assert told(found) == [
        ("submitted", datetime(2025, 11, 20, 8, tzinfo=UTC), data),
        ("decided", datetime(2025, 11, 20, 8, 0, 0, 250_000, tzinfo=UTC), data),
    ]
    assert {fact.subject for fact in found.facts} == {case}
    assert found.facts[0].key == ("52121063-9372-4eb6-a43f-6ba3e7b8c96f",)
    assert not [word for word in (CASE, SUBMISSION, "eyJGYWNoZGF0ZW4", "geheim") if word in everything(found)]


def test_a_rejection_is_a_decision_and_other_events_are_counted() -> None:
    rejected = claims("reject-submission", DESTINATION, events={f"{EVENTS}reject-submission": {"problems": []}})
    others = [signed(claims(name, DELIVERY), "delivery") for name in ("create-submission", "delete-submission")]
    foreign = signed(SUBMITTED | {"events": {"https://example.org/submit-submission": {}}}, "delivery")
    found = reading(signed(rejected, "destination"), *others, foreign)
    assert [verb for verb, _, _ in told(found)] == ["decided"]
    assert (found.noted, list(found.rejects)) == ({"other_event": 3}, [])


def test_a_token_that_is_signed_again_is_told_once_and_counted() -> None:
    found = reading(signed(SUBMITTED, "delivery"), signed(SUBMITTED, "delivery"))
    assert ([verb for verb, _, _ in told(found)], found.noted) == (["submitted"], {"repeated": 1})


def test_a_service_without_a_name_is_told_by_its_key_and_online_is_the_way_of_fit_connect() -> None:
    service = {"identifier": "urn:de:fim:leika:leistung:99012102017000"}
    header = {name: value for name, value in HEADER.items() if name != "channel"} | {"publicService": service}
    ((_, _, data),) = told(reading(signed(SUBMITTED, "delivery"), headers=(header,)))
    assert (data["service"], data["channel"]) == ("99012102017000", "online")


def _tampered() -> str:
    head, _, signature = signed(SUBMITTED, "delivery").split(".")
    body = base64.urlsafe_b64encode(msgspec.json.encode(SUBMITTED | {"iat": 1})).rstrip(b"=").decode()
    return f"{head}.{body}.{signature}"


def _confused() -> str:
    """Signed with the public key as if it were a shared secret."""
    secret = private("delivery").public_key().public_numbers().n.to_bytes(256)
    return jwt.encode(SUBMITTED, secret, "HS512", {"typ": "secevent+jwt", "kid": "delivery"})


HOSTILE = {
    "tampered": (_tampered, "signature"),
    "none": (lambda: jwt.encode(SUBMITTED, None, "none", {"typ": "secevent+jwt", "kid": "delivery"}), "signature"),
    "confused": (_confused, "signature"),
    "another key": (
        lambda: jwt.encode(SUBMITTED, private("x"), "PS512", {"typ": "secevent+jwt", "kid": "delivery"}),
        "signature",
    ),
    "another algorithm": (
        lambda: jwt.encode(SUBMITTED, private("delivery"), "RS256", {"typ": "secevent+jwt", "kid": "delivery"}),
        "signature",
    ),
    "unknown key": (lambda: signed(SUBMITTED, "x"), "unknown_key"),
    "no key": (lambda: jwt.encode(SUBMITTED, private("x"), "PS512", {"typ": "secevent+jwt"}), "unknown_key"),
    "another token": (lambda: signed(SUBMITTED, "delivery", "JWT"), "schema"),
    "no token": (lambda: "a.b", "signature"),
    "deep": (lambda: base64.urlsafe_b64encode(b"[" * 9_000).decode() + ".e30.e30", "signature"),
    "in somebody else's name": (lambda: signed(SUBMITTED, "destination"), "issuer"),
    "foreign issuer": (lambda: signed(SUBMITTED | {"iss": DESTINATION}, "delivery"), "issuer"),
    "submitted by a destination": (lambda: signed(SUBMITTED | {"iss": DESTINATION}, "destination"), "issuer"),
    "accepted by the service": (lambda: signed(ACCEPTED | {"iss": DELIVERY}, "delivery"), "issuer"),
    "no instant": (lambda: signed(SUBMITTED | {"iat": "gestern"}, "delivery"), "schema"),
    "no event": (lambda: signed(SUBMITTED | {"events": {}}, "delivery"), "schema"),
    "two events": (lambda: signed(SUBMITTED | {"events": {"a": {}, "b": {}}}, "delivery"), "schema"),
    "another case": (lambda: signed(SUBMITTED | {"txn": f"case:{SUBMISSION}"}, "delivery"), "schema"),
    "another subject": (lambda: signed(SUBMITTED | {"sub": f"case:{CASE}"}, "delivery"), "without_submission"),
    "unknown subject": (lambda: signed(SUBMITTED | {"sub": f"submission:{CASE}"}, "delivery"), "without_submission"),
    "no subject": (lambda: signed(SUBMITTED | {"sub": "submission:" + "-" * 36}, "delivery"), "without_submission"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_not_signed_by_who_may_say_it_is_refused_and_costs_no_other(name: str) -> None:
    make, reason = HOSTILE[name]
    found = reading(make(), signed(ACCEPTED, "destination"))
    assert [(why, path.partition(".")[0]) for why, path in rejects(found)] == [(reason, "eventLog[0]")]
    assert [verb for verb, _, _ in told(found)] == ["decided"]
    assert not [word for word in (CASE, SUBMISSION) if word in everything(found)]


def test_a_bad_header_is_refused_and_its_events_too() -> None:
    header = HEADER | {"publicService": {"identifier": "urn:de:fim:leika:leistung:1"}}
    found = reading(signed(SUBMITTED, "delivery"), headers=(header,))
    assert rejects(found) == [
        ("schema", "submissions[0].publicService.identifier"),
        ("without_submission", "eventLog[0].sub"),
    ]


def test_keys_that_cannot_be_trusted_are_none() -> None:
    weak = RSAAlgorithm.to_jwk(private("weak", 1024).public_key(), as_dict=True) | {"kid": "weak", "iss": DELIVERY}
    wrong = [weak, {"kid": "oct", "iss": DELIVERY, "kty": "oct", "k": "AAAA"}, {"kid": "x", "iss": DELIVERY}, {}]
    nameless = {name: value for name, value in jwk("delivery", DELIVERY).items() if name != "iss"}
    leaked = RSAAlgorithm.to_jwk(private("delivery"), as_dict=True) | {"kid": "leaked", "iss": DELIVERY}
    body = {"keys": [*wrong, nameless, leaked, jwk("delivery", DELIVERY)]}
    assert list(read_keys(msgspec.json.encode(body))) == ["delivery"]
    with pytest.raises(FeedFault, match="the answer is not a set of keys"):
        read_keys(b"[]")


class Service:
    """FIT-Connect, with keys that change."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 8, tzinfo=UTC)
        self.keys = [jwk("delivery", DELIVERY)]
        self.tokens = [signed(SUBMITTED, "delivery")]
        self.asked: list[str] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path.rpartition("/")[2])
        keys = request.url.path.endswith("jwks.json")
        body = msgspec.json.encode({"keys": self.keys}) if keys else log(*self.tokens)
        return httpx.Response(200, stream=httpx.ByteStream(body), headers={"content-type": "application/json"})


async def test_keys_are_asked_for_when_a_token_needs_another_one_and_every_hour() -> None:
    service = Service()
    async with httpx.AsyncClient(transport=httpx.MockTransport(service.answer)) as http:
        tools = Tools(http=http, clock=lambda: service.now, pseudonyms=PSEUDONYMS)
        adapter = connect(Link(url="http://fit", synthetic=False), tools)
        assert len((await adapter.ask(Known("", {}))).facts) == 1
        assert service.asked == ["jwks.json", "events"]
        service.asked.clear()
        await adapter.ask(Known("", {}))
        assert service.asked == ["events"]
        service.keys, service.tokens = [jwk("newer", DELIVERY)], [signed(SUBMITTED, "newer")]
        service.asked.clear()
        assert len((await adapter.ask(Known("", {}))).facts) == 1
        assert service.asked == ["events", "jwks.json", "events"]
        service.tokens, service.now = [signed(SUBMITTED, "x")], service.now + KEYS_FOR + timedelta(seconds=1)
        service.asked.clear()
        assert rejects(await adapter.ask(Known("", {}))) == [("unknown_key", "eventLog[0].kid")]
        assert service.asked == ["jwks.json", "events"]


def test_a_ticket_meets_its_application() -> None:
    """The city's case and DVV's have one pseudonym, whatever they are asked by."""
    chronicle, now = Chronicle(7), datetime(2026, 11, 20, 8, tzinfo=UTC)
    start = now - timedelta(days=20)
    applied, issued = (chronicle.between([name], start, now) for name in ("applications", "school-tickets"))
    cases = {one.data["case_id"]: applications.SERVED.arrives(one, PSEUDONYMS).data["case_id"] for one in applied}
    met = [one for one in issued if one.data["case_id"] in cases]
    assert len(met) > 20
    assert [school_tickets.SERVED.arrives(one, Pseudonyms(b"-" * 16)).data["case_id"] for one in met] == [
        cases[one.data["case_id"]] for one in met
    ]
    assert len(set(cases.values())) == len(cases)
