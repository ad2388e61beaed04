"""Pseudonyms: what stands in events instead of numbers that lead to people. Rules: docs/adapters/pseudonyms.md."""

from __future__ import annotations

from hashlib import blake2b, sha256
from uuid import UUID

import msgspec

_LENGTH = 32
_KEY_BYTES = 16


class Pseudonyms:
    """Of numbers that could be tried out one by one: only who has the key can tell which pseudonym is whose.

    Args:
        key: the hub's own, 16 to 64 bytes. With another one all pseudonyms are others.

    Raises:
        ValueError: it is shorter.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < _KEY_BYTES:
            raise ValueError(f"the key of the pseudonyms has {len(key)} bytes, it must have {_KEY_BYTES} at least")
        self._key = key

    def of(self, *parts: str) -> str:
        """32 hexadecimal digits. Args: parts: what is numbered, within what its number counts, and the number."""
        return blake2b(msgspec.json.encode(parts), digest_size=_LENGTH // 2, key=self._key).hexdigest()


def case_pseudonym(case: UUID) -> str:
    """Of a case that two partners know by the same random number: both make the same one, and nobody gets back.

    32 hexadecimal digits: the first half of SHA-256 of `cityhub/case/` and the UUID in small letters.
    """
    return sha256(f"cityhub/case/{case}".encode()).hexdigest()[:_LENGTH]
