"""Refusals outside GraphQL as RFC 9457 problem documents: one shape for every door."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from starlette.responses import Response


def problem(status: int, detail: str, *, headers: Mapping[str, str] | None = None, **members: str) -> Response:
    """An `application/problem+json` answer.

    Args:
        detail: what was wrong and what to do, one or two sentences.
        members: further members, such as `request_id` or a stable `code`.
    """
    fixed = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": int(status), "detail": detail}
    return Response(msgspec.json.encode(fixed | members), status, headers, media_type="application/problem+json")
