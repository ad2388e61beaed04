"""From a query text to a checked document: parsed, scanned and validated once per text.

Every step is linear in the text or bounded by the limits here (docs/api.md, "Limits"). The shape is checked before
validation, because fragments that spread fragments make some walks over a document exponential.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    SelectionSetNode,
    parse,
    validate,
)
from msgspec import Struct

from cityhub.api.errors import TooComplex

MAX_BYTES = 8_192
"""Largest request body and largest WebSocket message."""
MAX_TOKENS = 500
MAX_FRAGMENTS = 10
MAX_ERRORS = 5
"""Errors told of one document."""
CACHED_DOCUMENTS = 128


class Checked(Struct, frozen=True):
    """What is known of a query text before its variables."""

    document: DocumentNode
    errors: tuple[GraphQLError, ...]


def document_checker(schema: GraphQLSchema) -> Callable[[str], Checked]:
    """A function that parses and checks a text, remembering the newest results.

    It raises GraphQLError where the text is not GraphQL.
    """

    @lru_cache(maxsize=CACHED_DOCUMENTS)
    def check(text: str) -> Checked:
        document = parse(text, max_tokens=MAX_TOKENS)
        errors = list(islice(shape_errors(document), MAX_ERRORS)) or validate(
            schema, document, max_errors=MAX_ERRORS, hide_suggestions=True
        )
        return Checked(document, tuple(errors))

    return check


def shape_errors(document: DocumentNode) -> Iterator[TooComplex]:
    """Refusals a single pass over the document finds."""
    fragments = [item for item in document.definitions if isinstance(item, FragmentDefinitionNode)]
    if len(fragments) > MAX_FRAGMENTS:
        yield TooComplex(f"{len(fragments)} fragments; at most {MAX_FRAGMENTS} are allowed")
    for fragment in fragments:
        # Tools read the schema with a query whose fragments nest; its types are few and its lists bounded by a rule.
        if not fragment.type_condition.name.value.startswith("__") and _spreads(fragment.selection_set):
            yield TooComplex(f"fragment {fragment.name.value!r} spreads another fragment; write its fields out")


def _spreads(root: SelectionSetNode) -> bool:
    stack = [root]
    while stack:
        for selection in stack.pop().selections:
            if isinstance(selection, FragmentSpreadNode):
                return True
            nested: SelectionSetNode | None = getattr(selection, "selection_set", None)
            if nested:
                stack.append(nested)
    return False
