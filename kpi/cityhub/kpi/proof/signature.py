"""The installation's key: Ed25519 over a receipt's id, so that a receipt also says whose it is (RFC 8032)."""

from __future__ import annotations

import base64
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from msgspec import Struct

from cityhub.kpi.errors import ReceiptInvalid

ALGORITHM = "Ed25519"


class Signature(Struct, frozen=True, forbid_unknown_fields=True):
    """Attributes: key = `key_id` of the public key; value = the signature, base64."""

    algorithm: str
    key: str
    value: str


def new_key() -> str:
    """A private key, PEM (PKCS 8)."""
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_key(private_pem: str) -> str:
    """The public key to a private one, PEM."""
    return _pem(_private(private_pem).public_key())


def sign(private_pem: str, receipt_id: str) -> Signature:
    """Sign a receipt's id."""
    key = _private(private_pem)
    value = key.sign(receipt_id.encode())
    return Signature(ALGORITHM, _key_id(key.public_key()), base64.b64encode(value).decode())


def check(signature: Signature, receipt_id: str, public_pem: str) -> None:
    """Whether the holder of a key signed the receipt.

    Raises:
        ReceiptInvalid: the file is no public key, the signature is of another key, or it does not fit.
    """
    try:
        key = load_pem_public_key(public_pem.encode())
    except ValueError as error:
        raise ReceiptInvalid(f"the key file is no public key in PEM form: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ReceiptInvalid(f"the key file holds a {type(key).__name__}; receipts are signed with {ALGORITHM}")
    if signature.algorithm != ALGORITHM or signature.key != _key_id(key):
        raise ReceiptInvalid(
            f"signature: made with {signature.algorithm} key {signature.key}, the key given is {_key_id(key)}; ask the "
            "hub that issued the receipt for its public key"
        )
    try:
        key.verify(base64.b64decode(signature.value, validate=True), receipt_id.encode())
    except (InvalidSignature, ValueError):
        raise ReceiptInvalid(f"signature: does not fit receipt {receipt_id[:12]}…; it was changed or forged") from None


def _private(pem: str) -> Ed25519PrivateKey:
    key = load_pem_private_key(pem.encode(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ReceiptInvalid(f"the installation's key is a {type(key).__name__}; it must be {ALGORITHM}")
    return key


def _key_id(key: Ed25519PublicKey) -> str:
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def _pem(key: Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
