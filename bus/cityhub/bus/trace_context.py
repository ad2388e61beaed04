"""W3C Trace Context: one id for an event's way from a partner's request to its dead letter or its place in the log.

It travels as the Kafka header `traceparent` and is no part of the event: two deliveries of one event stay the same
bytes. The hub records no spans; it passes the trace on. Source of the rules: W3C Trace Context (Level 1) §3.2,
CloudEvents distributed tracing extension 1.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

HEADER = "traceparent"
_RAW = HEADER.encode()
_FORM = re.compile(r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?", re.ASCII)
_LONGEST = 256


def continued(said: str, own: str) -> str:
    """The `traceparent` that goes on: the caller's trace, or a new one, with this step as parent.

    Args:
        said: what came with the request; anything that is no valid header counts as nothing.
        own: 32 lower-case hex digits that name this step, such as the request's id; the new trace's id where none came.
    """
    found = _valid(said)
    if found is None:
        return f"00-{own}-{own[:16]}-00"
    return f"00-{found[2]}-{own[:16]}-{int(found[3], 16) & 1:02x}"


def trace_id(said: str) -> str:
    """The trace's id; "" where there is none."""
    found = _valid(said)
    return found[2] if found else ""


def in_headers(headers: Iterable[tuple[str, bytes | None]]) -> str:
    """The `traceparent` among a record's headers, as it came; "" = none that is valid, or several."""
    found = [value or b"" for name, value in headers if name.lower() == HEADER]
    if len(found) != 1:
        return ""
    text = found[0].decode("ascii", "replace")
    return text if _valid(text) else ""


def of_request(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The `traceparent` among an ASGI request's headers, as it came; "" = none or several."""
    found = [value for name, value in headers if name == _RAW]
    return found[0].decode("latin-1") if len(found) == 1 else ""


@lru_cache(16)  # the events of a request share it
def as_header(traceparent: str) -> tuple[tuple[str, bytes], ...]:
    """As a record's header; none where there is no trace."""
    return ((HEADER, traceparent.encode()),) if traceparent else ()


def _valid(said: str) -> re.Match[str] | None:
    found = _FORM.fullmatch(said) if 0 < len(said) <= _LONGEST else None
    return None if found is None or (found[1] == "00" and found[4]) else found
