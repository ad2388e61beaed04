"""Refusals outside GraphQL as RFC 9457 problem documents: one shape for every door."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response
from structlog.contextvars import get_contextvars

from cityhub.sdk.problem import MEDIA_TYPE, document


def problem(status: int, detail: str, *, headers: Mapping[str, str] | None = None, **members: str) -> Response:
    """An `application/problem+json` answer.

    Args:
        detail: what was wrong and what to do, one or two sentences.
        members: further members, such as a stable `code`; the request's id stands there by itself.
    """
    if request_id := get_contextvars().get("request_id"):
        members.setdefault("request_id", request_id)
    return Response(document(status, detail, **members), status, headers, media_type=MEDIA_TYPE)
