"""Deterministic identity of events.

Reading the same source record twice must give the same event id, so that a re-read repeats an event instead of
inventing one; and the same id with other content must be noticed. Neither may depend on the adapter's clock.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import msgspec

NAMESPACE = UUID("6f1f7f0a-51c4-5a0e-9a53-d0a1c1b7c0de")
"""Namespace of all event ids of the hub. Changing it would give every event of every partner a new identity."""

_canonical = msgspec.json.Encoder(order="deterministic").encode


def event_id(source: str, natural_key: tuple[str, ...], version: str) -> str:
    """Id of the event that a source's record stands for.

    Args:
        source: URI of the partner's system.
        natural_key: what identifies the record there, in a fixed order.
        version: the *source record's* version, never the time it was read.
    """
    return str(uuid5(NAMESPACE, _canonical([source, *natural_key, version]).decode()))


def content_hash(type_: str, source: str, subject: str, time: datetime, data: Any) -> str:
    """SHA-256 (hex) over what the event says: type, source, subject, time and canonical data, not `recordedtime`."""
    return hashlib.sha256(_canonical([type_, source, subject, time, data])).hexdigest()
