"""The schema, and how its errors look from outside."""

from __future__ import annotations

import strawberry
import structlog
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionContext

from cityhub.adapters.errors import StateUnavailable
from cityhub.api.document import document_checker
from cityhub.api.gate import Gate
from cityhub.api.query import Query
from cityhub.api.scalars import SCALARS
from cityhub.api.subscription import Subscription
from cityhub.bus.errors import BusUnavailable
from cityhub.kpi.errors import StoreUnavailable

_log = structlog.get_logger()

_CALLERS_OWN = (GraphQLError, CannotGetOperationTypeError, InvalidOperationTypeError, type(None))
"""Causes whose message is about the caller's document and may be shown."""


class HubSchema(strawberry.Schema):
    """A schema whose errors carry a code and the request's id, and never what went wrong inside."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Replace the errors of a result, in place: every transport passes here exactly once."""
        request_id = execution_context.context.request_id if execution_context else ""
        errors[:] = [_presented(error, request_id) for error in errors]


def build_schema() -> HubSchema:
    """The API's schema with its gate."""
    schema: HubSchema
    schema = HubSchema(
        query=Query,
        subscription=Subscription,
        extensions=[lambda: Gate(check)],
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    check = document_checker(schema._schema)
    return schema


def _presented(error: GraphQLError, request_id: str) -> GraphQLError:
    message, code = _message_and_code(error, request_id)
    extensions = {"code": code, "requestId": request_id}
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )


def _message_and_code(error: GraphQLError, request_id: str) -> tuple[str, str]:
    cause = error.original_error
    if error.extensions and "code" in error.extensions:
        return error.message, str(error.extensions["code"])
    if isinstance(cause, _CALLERS_OWN):
        return error.message, "BAD_QUERY"
    if isinstance(cause, StoreUnavailable | StateUnavailable | BusUnavailable):
        return "the numbers cannot be read now; try again in some seconds", "UNAVAILABLE"
    _log.error("graphql_error", request_id=request_id, path=error.path, exc_info=cause)
    return "something went wrong inside the hub; tell its operators this request id", "INTERNAL"
