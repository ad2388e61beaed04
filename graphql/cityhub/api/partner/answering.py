"""How the routes of `/v1/partner` answer: JSON, or a problem document that says what to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from cityhub.adapters.doors.http import RETRY_S, Refused
from cityhub.api.problem import problem
from cityhub.bus.errors import BusError
from cityhub.kpi.errors import StoreUnavailable


def answering(handler: Callable[[Request], Awaitable[object]]) -> Callable[[Request], Awaitable[Response]]:
    """A route's endpoint.

    Args:
        handler: gives what is to be JSON.
    """

    async def answer(request: Request) -> Response:
        try:
            return Response(msgspec.json.encode(await handler(request)), media_type="application/json")
        except Refused as refused:
            return problem(refused.status, str(refused), headers=refused.headers)
        except BusError as error:
            text = f"{error}. The same request again is safe: what was driven in counts once"
            return _later(text)
        except StoreUnavailable as error:
            return _later(str(error))

    return answer


def _later(text: str) -> Response:
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, text, headers={"Retry-After": str(RETRY_S)})
