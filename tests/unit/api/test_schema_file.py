"""The committed schema is the one that is served."""

from __future__ import annotations

from pathlib import Path

from cityhub.api.schema import build_schema

COMMITTED = Path(__file__).parents[3] / "graphql" / "schema.graphql"


def test_the_committed_schema_has_not_drifted() -> None:
    assert COMMITTED.read_text("utf-8") == f"{build_schema().as_str()}\n", (
        "write it anew: python -m cityhub.api > graphql/schema.graphql"
    )
