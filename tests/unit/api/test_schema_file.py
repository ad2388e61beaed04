"""The committed schema is the one that is served."""

from __future__ import annotations

from pathlib import Path

from graphql import GraphQLEnumType

from cityhub.api.schema import build_schema
from cityhub.kpi.values import WindowKind

COMMITTED = Path(__file__).parents[3] / "graphql" / "schema.graphql"


def test_the_committed_schema_has_not_drifted() -> None:
    assert COMMITTED.read_text("utf-8") == f"{build_schema().as_str()}\n", (
        "write it anew: python -m cityhub.api > graphql/schema.graphql"
    )


def test_every_kind_of_window_has_a_name_that_graphql_can_write() -> None:
    kinds = build_schema()._schema.type_map["WindowKind"]
    assert isinstance(kinds, GraphQLEnumType)
    names = {kind: kind.value.replace("-", "_") for kind in WindowKind}
    assert {kind: kinds.serialize(kind) for kind in WindowKind} == names
    assert {kinds.parse_value(name): name for name in names.values()} == names
