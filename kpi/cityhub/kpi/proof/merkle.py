"""Merkle trees as of RFC 6962 (§2.1): one hash for a set of events, in which no event can be exchanged unseen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

_LEAF, _NODE = b"\0", b"\1"


def root_of(hashes: Iterable[bytes]) -> str:
    """The root over content hashes, in their order as bytes; events that say the same count each.

    Returns:
        SHA-256, hex; of no events, the hash of nothing.
    """
    level = [hashlib.sha256(_LEAF + one).digest() for one in sorted(hashes)]
    if not level:
        return hashlib.sha256().hexdigest()
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        odd = level[-1:] if len(level) % 2 else []
        level = [hashlib.sha256(_NODE + left + right).digest() for left, right in pairs] + odd
    return level[0].hex()
