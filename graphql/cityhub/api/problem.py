"""Refusals outside GraphQL as RFC 9457 problem documents."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from starlette.responses import Response


def problem(status: int, detail: str, *, request_id: str, headers: dict[str, str] | None = None) -> Response:
    """An `application/problem+json` answer.

    Args:
        detail: what was wrong and what to do, one or two sentences.
    """
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": request_id,
    }
    return Response(msgspec.json.encode(body), status, headers, media_type="application/problem+json")
