"""What a document asks for, before it runs: fields × page sizes, depth and aliases. Each fragment is measured once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)

from cityhub.api.errors import ApiError, TooComplex, TooExpensive
from cityhub.api.kpi import MAX_LAST
from cityhub.api.proof import MAX_ROWS
from cityhub.kpi.attainment import Status
from cityhub.kpi.fields import FIELDS
from cityhub.kpi.kernel.label import Reason
from cityhub.kpi.values import WindowKind
from cityhub.sdk.principal import Principal

MAX_DEPTH = 8
MAX_ALIASES = 20

BUDGETS = {
    "leadership": 20_000,
    "controller": 20_000,
    "hub-operator": 20_000,
    "startup": 10_000,
    "partner-admin": 10_000,
    "partner-publisher": 10_000,
}
"""Cost one document may have, by role; the largest of a caller's roles counts."""
DEFAULT_BUDGET = 6_000

PAGES: dict[str, float] = {
    "Query.fields": len(FIELDS),
    "Kpi.breakdown": 100,
    "Kpi.scopes": 8,
    "Kpi.windows": len(WindowKind),
    "Kpi.namedValues": 8,
    "Kpi.versions": 5,
    "Audit.differences": 20,
    "AuditDifference.events": 20,
    "Receipt.excluded": 8,
    "Receipt.cursor": 24,
    "Contributions.events": MAX_ROWS,
    "Contributions.reasons": 8,
    "ExplainedEvent.adds": 2,
    "Kpi.targets": 8,
    "ActionField.counts": len(Status),
    "KpiValue.beside": 8,
    "KpiValue.named": 8,
    "KpiValue.reasons": len(Reason),
    "DataState.streams": 30,
    "DataState.feeds": 30,
    "__Schema.types": 36,
    "__Type.fields": 7.6,
    "__Type.inputFields": 0.2,
    "__Type.interfaces": 0.1,
    "__Type.possibleTypes": 0.1,
    "__Type.enumValues": 1,
    "__Type.ofType": 0.5,
    "__Field.args": 0.5,
}
"""Assumed length of lists whose length no argument says, as `Type.field`."""
DEFAULT_PAGE = 5
COLUMN = 200
"""A column of a series: up to 2 000 plain values, each about a tenth of a field's work."""


OPENING = {**dict.fromkeys(("Kpi.contributions", "Kpi.receipt"), 1_300), "Kpi.asOf": 300}
"""What it costs besides to read a number's events from archive and log, or its buckets' history, as `Type.field`."""


class Size(NamedTuple):
    """Of a selection, with fragments expanded."""

    cost: float = 0
    depth: int = 0
    aliases: int = 0


def budget(principal: Principal | None) -> int:
    """Cost a caller's document may have."""
    roles = principal.roles if principal else frozenset()
    return max((BUDGETS.get(role, DEFAULT_BUDGET) for role in roles), default=DEFAULT_BUDGET)


def refusals(size: Size, allowed: int) -> Iterable[ApiError]:
    """What is too much about an operation."""
    if size.depth > MAX_DEPTH:
        yield TooComplex(f"{size.depth} levels deep; at most {MAX_DEPTH} are allowed")
    if size.aliases > MAX_ALIASES:
        yield TooComplex(f"{size.aliases} aliases; at most {MAX_ALIASES} are allowed")
    if size.cost > allowed:
        yield TooExpensive(f"cost {size.cost:.0f} exceeds your budget of {allowed}; ask for fewer fields or windows")


def measure(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
    *,
    kpis: int,
) -> Size:
    """Size of one operation of a valid document. Time is linear in the document.

    Args:
        kpis: how many the caller may read.
    """
    root = schema.get_root_type(operation.operation)
    if root is None:
        return Size()
    defaults = {
        item.variable.name.value: int(item.default_value.value)
        for item in operation.variable_definitions or ()
        if isinstance(item.default_value, IntValueNode)
    }
    pages = {**PAGES, "Query.kpis": kpis, "ActionField.kpis": kpis / len(FIELDS)}
    return _Walk(schema, document, {**defaults, **variables}, pages).selections(operation.selection_set, root)


class _Walk:
    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        variables: Mapping[str, Any],
        known_pages: Mapping[str, float],
    ) -> None:
        self._schema = schema
        self._variables = variables
        self._known_pages = known_pages
        self._sizes: dict[str, Size] = {}
        self._fragments = {
            item.name.value: item for item in document.definitions if isinstance(item, FragmentDefinitionNode)
        }

    def selections(self, node: SelectionSetNode, parent: GraphQLCompositeType) -> Size:
        parts = [self._selection(item, parent) for item in node.selections]
        return Size(
            cost=sum(part.cost for part in parts),
            depth=max((part.depth for part in parts), default=0),
            aliases=sum(part.aliases for part in parts),
        )

    def _selection(self, node: object, parent: GraphQLCompositeType) -> Size:
        match node:
            case FieldNode():
                return self._field(node, parent)
            case FragmentSpreadNode():
                return self._fragment(node.name.value)
            case InlineFragmentNode(type_condition=condition):
                return self.selections(node.selection_set, self._type(condition.name.value) if condition else parent)
        raise TypeError(f"{node!r} is no selection of GraphQL")

    def _fragment(self, name: str) -> Size:
        if name not in self._sizes:
            fragment = self._fragments[name]
            self._sizes[name] = self.selections(fragment.selection_set, self._type(fragment.type_condition.name.value))
        return self._sizes[name]

    def _type(self, name: str) -> GraphQLCompositeType:
        return cast("GraphQLCompositeType", self._schema.get_type(name))

    def _field(self, node: FieldNode, parent: GraphQLCompositeType) -> Size:
        name = node.name.value
        definition = self._schema.get_field(parent, name)
        if definition is None:
            raise KeyError(f"{parent.name}.{name} is not in the schema: measure only valid documents")
        path = f"{parent.name}.{name}"
        pages = self._pages(node, path, definition.type)
        aliases = 1 if node.alias else 0
        named = get_named_type(definition.type)
        if node.selection_set is None or not is_composite_type(named):
            return Size(cost=pages, aliases=aliases)
        inner = self.selections(node.selection_set, named)
        # The schema's description has its own depth rule in the validation.
        depth = 0 if name.startswith("__") else inner.depth + 1
        cost = 1 + OPENING.get(path, 0) + pages * inner.cost
        return Size(cost=cost, depth=depth, aliases=inner.aliases + aliases)

    def _pages(self, node: FieldNode, path: str, kind: GraphQLOutputType) -> float:
        if path == "Kpi.values":
            return self._last(node)
        if path in self._known_pages:
            return self._known_pages[path]
        if not is_list_type(get_nullable_type(kind)):
            return 1
        return COLUMN if path.startswith("Series.") else DEFAULT_PAGE

    def _last(self, node: FieldNode) -> int:
        value = next((item.value for item in node.arguments or () if item.name.value == "last"), None)
        match value:
            case None:
                return 1
            case IntValueNode():
                asked = int(value.value)
            case VariableNode():
                given = self._variables.get(value.name.value, 1)
                asked = given if isinstance(given, int) else MAX_LAST
            case _:
                asked = MAX_LAST
        return min(max(asked, 1), MAX_LAST)
