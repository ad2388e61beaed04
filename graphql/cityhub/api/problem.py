"""Refusals outside GraphQL as RFC 9457 problem documents: one shape for every door."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from cityhub.sdk.problem import MEDIA_TYPE, document


def problem(status: int, detail: str, *, headers: Mapping[str, str] | None = None, **members: str) -> Response:
    """An `application/problem+json` answer.

    Args:
        detail: what was wrong and what to do, one or two sentences.
        members: further members, such as `request_id` or a stable `code`.
    """
    return Response(document(status, detail, **members), status, headers, media_type=MEDIA_TYPE)
