"""Expressions in Polars agree with the stream's compiled functions, for random contracts, trees and events."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cityhub.kpi.batch.expressions import ELAPSED, compiled, is_true
from cityhub.kpi.errors import BatchError
from cityhub.kpi.kernel.expression import Expression, function, parse_predicate, parse_term
from cityhub.sdk.contract import Contract
from tests.unit.kpi.batch.frames import schema, value_of
from tests.unit.kpi.language.contracts import contract, field
from tests.unit.kpi.language.test_agreement import (
    DURATIONS,
    LATER,
    NESTED,
    NUMBERS,
    PREDICATES,
    contracts,
    events,
    names,
    read,
)

TERMS = st.one_of(NUMBERS, LATER, DURATIONS, names("text"), names("boolean"))


def both(expression: Expression, given_contract: Contract, data: st.DataObject) -> tuple[list[Any], list[Any]]:
    """What the stream's function and the Polars expression give for the same events."""
    try:
        found = compiled(expression, given_contract)
    except BatchError:  # beyond 127 bits
        assume(False)
    run, expected, rows = function(expression), [], []
    for _ in range(8):
        decoded, plain = data.draw(events(given_contract))
        expected.append(run(SimpleNamespace(subject=plain["@subject"]), decoded, plain["@time"]))
        fields = {
            f"${name}": value_of(getattr(decoded, name), spec.scale) for name, spec in given_contract.fields.items()
        }
        rows.append({"t": plain["@time"], "subject": plain["@subject"], **fields})
    frame = pl.DataFrame(rows, schema_overrides=schema(given_contract))
    return expected, frame.with_columns(found.alias("x"))["x"].to_list()


@settings(max_examples=150, deadline=None)
@given(st.data(), contracts(), PREDICATES | NESTED)
def test_predicates(data: st.DataObject, given_contract: Contract, tree: Any) -> None:
    expected, found = both(read(parse_predicate, tree, given_contract), given_contract, data)
    assert found == expected


@settings(max_examples=150, deadline=None)
@given(st.data(), contracts(), TERMS)
def test_terms(data: st.DataObject, given_contract: Contract, tree: Any) -> None:
    expected, found = both(read(parse_term, tree, given_contract), given_contract, data)
    assert found == expected


LARGE = contract("de.duisburg.wbd.large.v1", {name: field("integer", optional=True) for name in "abc"})
TOP = 2**63 - 1


def one(tree: Any, **fields: int | None) -> Any:
    frame = pl.DataFrame({f"${name}": [fields.get(name)] for name in LARGE.fields}, schema=schema_of_fields())
    return frame.select(compiled(parse_predicate(tree, LARGE), LARGE).alias("x"))["x"].item()


def schema_of_fields() -> dict[str, Any]:
    return {f"${name}": pl.Int64 for name in LARGE.fields}


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"gt": [{"plus": ["$a", "$b"]}, 0]}, True),
        ({"gt": [{"product": ["$a", "$b"]}, {"plus": ["$a", "$b"]}]}, True),
        ({"eq": [{"minus": [{"product": ["$a", "$b"]}, {"product": ["$b", "$a"]}]}, 0]}, True),
        ({"lt": [{"max": [{"plus": ["$a", "$b"]}, 1]}, "$a"]}, False),
        ({"in": [{"plus": ["$a", "$b"]}, [-2, 5]]}, False),
        ({"eq": ["$c", 1]}, None),
        ({"eq": [{"if": [{"eq": ["$c", 1]}, "$a", "$b"]}, "$a"]}, None),
    ],
)
def test_numbers_beyond_64_bits_do_not_wrap(tree: Any, expected: bool | None) -> None:
    assert one(tree, a=TOP, b=TOP) is expected


def test_numbers_beyond_128_bits_are_refused_before_they_wrap() -> None:
    with pytest.raises(BatchError, match="189 bits, 127 are computed with"):
        one({"eq": [{"product": ["$a", "$b", "$c"]}, 0]})


def test_what_is_unknown_is_not_true() -> None:
    frame = pl.DataFrame({"$a": [1, 2, None]}, schema={"$a": pl.Int64})
    where = parse_predicate({"eq": ["$a", 1]}, LARGE)
    assert frame.select(is_true(where, LARGE))["$a"].to_list() == [True, False, False]
    assert frame.filter(is_true(None, LARGE)).height == 3


def test_elapsed_time() -> None:
    within = parse_predicate({"le": ["@elapsed", "2d"]}, LARGE, elapsed=True)
    frame = pl.DataFrame({ELAPSED: [172_800_000, 172_800_001]})
    assert frame.select(compiled(within, LARGE))[ELAPSED].to_list() == [True, False]
