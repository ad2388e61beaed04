"""Forged and wrong tokens at the partners' listener: the test signs with a key of its own beside those of the realm."""

from __future__ import annotations

import hmac
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from cityhub.hub.embedded import kafka as embedded
from cityhub.hub.embedded import partner_keys
from tests.integration.servers import Kafka
from tests.integration.wire import token_accepted


@pytest.fixture
def key(kafka: Kafka) -> Iterator[rsa.RSAPrivateKey]:
    """A signing key that Kafka knows during the test."""
    path = embedded.keys_file(kafka.installation.settings)
    before = path.read_bytes()
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = {**RSAAlgorithm.to_jwk(made.public_key(), as_dict=True), "kid": "test", "use": "sig", "alg": "RS256"}
    partner_keys.store(msgspec.json.encode({"keys": [*msgspec.json.decode(before)["keys"], public]}), path)
    yield made
    path.write_bytes(before)


def _good(kafka: Kafka) -> dict[str, Any]:
    now = int(time.time())
    issuer = f"{kafka.installation.settings.public_url}/auth/realms/cityhub"
    about = {"iss": issuer, "aud": ["cityhub-kafka"], "client_id": "ingest-dvv", "scope": "cityhub-kafka"}
    return {**about, "iat": now, "exp": now + 300}


def _signed(claims: dict[str, Any], key: rsa.RSAPrivateKey, kid: str = "test") -> str:
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid})


def _hmac_signed(claims: dict[str, Any], key: rsa.RSAPrivateKey) -> str:
    """HS256 with what everybody knows of the key as its secret: PyJWT refuses to make such a token."""
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    parts = [urlsafe_b64encode(msgspec.json.encode(part)) for part in ({"alg": "HS256", "kid": "test"}, claims)]
    body = b".".join(part.rstrip(b"=") for part in parts)
    return b".".join([body, urlsafe_b64encode(hmac.digest(public, body, "sha256")).rstrip(b"=")]).decode()


def test_well_made_token_istoken_accepted(kafka: Kafka, key: rsa.RSAPrivateKey) -> None:
    assert token_accepted(kafka.partner_bootstrap, _signed(_good(kafka), key))


@pytest.mark.parametrize(
    "change",
    [
        {"aud": None},
        {"aud": []},
        {"aud": "cityhub-api"},
        {"aud": ["cityhub-kafka.example"]},
        {"iss": None},
        {"iss": "http://other.example/auth/realms/cityhub"},
        {"iss": "http://127.0.0.1/auth/realms/master"},
        {"exp": None},
        {"exp": 1},
        {"exp": -10},
        {"iat": None},
        {"nbf": 4_000_000_000},
        {"client_id": None},
        {"client_id": ""},
        {"client_id": ["ingest-dvv"]},
    ],
    ids=str,
)
def test_token_with_wrong_content_is_refused(kafka: Kafka, key: rsa.RSAPrivateKey, change: dict[str, Any]) -> None:
    claims = {name: value for name, value in {**_good(kafka), **change}.items() if value is not None}
    assert not token_accepted(kafka.partner_bootstrap, _signed(claims, key))


def test_token_that_expired_six_seconds_ago_is_refused(kafka: Kafka, key: rsa.RSAPrivateKey) -> None:
    now = int(time.time())
    assert not token_accepted(kafka.partner_bootstrap, _signed({**_good(kafka), "iat": now - 300, "exp": now - 6}, key))


def test_token_with_a_wrong_signature_is_refused(kafka: Kafka, key: rsa.RSAPrivateKey) -> None:
    claims = _good(kafka)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    header, content, signature = _signed(claims, key).split(".")
    other = _signed({**claims, "client_id": "ingest-wbd"}, key).split(".")[1]
    forged = {
        "signed by a stranger": _signed(claims, stranger),
        "unknown key": _signed(claims, key, kid="other"),
        "content exchanged": f"{header}.{other}.{signature}",
        "no signature": f"{header}.{content}.",
        "algorithm none": jwt.encode(claims, "", algorithm="none", headers={"kid": "test"}),
        "public key as a password": _hmac_signed(claims, key),
    }
    assert {name for name, token in forged.items() if token_accepted(kafka.partner_bootstrap, token)} == set()
