"""Refusals as RFC 9457 problem documents: one shape for every door."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec

MEDIA_TYPE = "application/problem+json"


def document(status: int, detail: str, **members: Any) -> bytes:
    """The body of an answer.

    Args:
        detail: what was wrong and what to do, one or two sentences.
        members: further members, such as `request_id` or a stable `code`.
    """
    fixed = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": int(status), "detail": detail}
    return msgspec.json.encode(fixed | members)
