"""Public keys of those who sign events: JWK Set (RFC 7517), each key with its owner as `iss`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from msgspec import Struct

from cityhub.adapters.formats.json_items import parse_json

ALGORITHM = "PS512"
_KEY_BITS = 2048


class Key(Struct, frozen=True):
    """A key. Attributes: issuer: whose events it signs, and nobody else's."""

    issuer: str
    key: jwt.PyJWK


Keys: TypeAlias = Mapping[str, Key]
"""By key id."""


class _Set(Struct, frozen=True):
    keys: tuple[dict[str, Any], ...]


_set = msgspec.json.Decoder(_Set)


def read_keys(body: bytes) -> Keys:
    """The keys of a set that can be used; tokens of others are refused for want of them.

    Raises:
        FeedFault: `parse` or `too_many_values`.
    """
    return {str(one["kid"]): key for one in parse_json(body, _set, "a set of keys").keys if (key := _key(one))}


def _key(said: dict[str, Any]) -> Key | None:
    if not (isinstance(said.get("kid"), str) and isinstance(said.get("iss"), str) and "d" not in said):
        return None
    try:
        key = jwt.PyJWK(said, ALGORITHM)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    strong = isinstance(key.key, RSAPublicKey) and key.key.key_size >= _KEY_BITS
    return Key(said["iss"], key) if strong else None
