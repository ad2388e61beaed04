"""The gate every operation passes before it runs: checked document, living token, affordable cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from graphql import GraphQLError, OperationType, get_operation_ast
from strawberry.extensions import SchemaExtension

from cityhub.api.context import Context
from cityhub.api.cost import budget, measure, refusals
from cityhub.api.document import MAX_TOKENS, Checked
from cityhub.api.errors import NoStream, TokenExpired
from cityhub.bus import metrics


class Gate(SchemaExtension):
    """Refuses before execution; a hook that raised instead would break off streams without an answer."""

    def __init__(self, check: Callable[[str], Checked]) -> None:
        self._check = check
        self._checked: Checked | None = None
        self._cost: dict[str, int] = {}

    def on_parse(self) -> Iterator[None]:
        """Take the checked document. A text that is not GraphQL is left to the parser, which says so."""
        execution = self.execution_context
        execution.parse_options["max_tokens"] = MAX_TOKENS
        with suppress(GraphQLError):
            self._checked = self._check(execution.query or "")
            execution.graphql_document = self._checked.document
        yield

    def on_validate(self) -> Iterator[None]:
        """Put the refusals where the validation's errors belong."""
        self.execution_context.pre_execution_errors = self._refusals()
        yield

    def get_results(self) -> dict[str, object]:
        """What goes into the answer's `extensions`."""
        return {"cost": self._cost} if self._cost else {}

    def _refusals(self) -> list[GraphQLError]:
        execution = self.execution_context
        context: Context = execution.context
        try:
            context.remaining_s()
        except TokenExpired as error:
            return [error]
        if self._checked is None:
            return []
        if self._checked.errors:
            return list(self._checked.errors)
        operation = get_operation_ast(self._checked.document, execution.operation_name)
        if operation is None:
            return []
        if operation.operation is OperationType.SUBSCRIPTION and not context.streams:
            return [NoStream("a subscription needs the header 'Accept: text/event-stream', or a WebSocket")]
        size = measure(
            execution.schema._schema,
            self._checked.document,
            operation,
            execution.variables or {},
            kpis=len(context.readable()),
        )
        allowed = budget(context.principal)
        self._cost = {"requested": round(size.cost), "budget": allowed}
        refused: list[GraphQLError] = list(refusals(size, allowed))
        metrics.COST.labels("refused" if refused else "run").observe(size.cost)
        return refused
