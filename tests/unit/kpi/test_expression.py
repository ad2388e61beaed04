"""Expressions: what they mean on worked examples, what they compile to, and how wrong ones are explained."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from cityhub.kpi.errors import DefinitionError
from cityhub.kpi.kernel.expression import (
    Expression,
    Kind,
    elapsed_function,
    function,
    parse_predicate,
    parse_term,
)
from cityhub.kpi.kernel.expression_unit import ONE, parse_unit
from tests.unit.kpi.language.contracts import BIN, CONTRACTS

BINS = CONTRACTS[BIN]
NOON = datetime(2026, 11, 20, 11, tzinfo=UTC)
NOON_MS = 1_795_172_400_000
DATA: dict[str, Any] = {
    "fill": 0.9,
    "kg": None,
    "km": 10,
    "drift": -5,
    "broken": False,
    "street": "Am Rhein",
    "kind": "paper",
    "seen_at": NOON,
    "planned_at": NOON - timedelta(hours=48),
}


def run(expression: Expression, **data: Any) -> Any:
    return function(expression)(SimpleNamespace(subject="b1", source="//x"), SimpleNamespace(**DATA | data), NOON_MS)


@pytest.mark.parametrize(
    ("tree", "data", "outcome"),
    [
        ({"eq": ["$kind", "paper"]}, {}, True),
        ({"ge": ["$fill", 0.9]}, {}, True),
        ({"ge": ["$fill", 0.9]}, {"fill": 0.89}, False),
        ({"gt": ["$kg", 2]}, {}, None),
        ({"gt": ["$kg", 2]}, {"kg": 2.1}, True),
        ({"not": {"gt": ["$kg", 2]}}, {}, None),
        ({"all": [{"gt": ["$kg", 2]}, {"eq": ["$kind", "glass"]}]}, {}, False),
        ({"all": [{"gt": ["$kg", 2]}, {"eq": ["$kind", "paper"]}]}, {}, None),
        ({"any": [{"gt": ["$kg", 2]}, {"eq": ["$kind", "paper"]}]}, {}, True),
        ({"any": [{"gt": ["$kg", 2]}, {"eq": ["$kind", "glass"]}]}, {}, None),
        ({"all": [{"any": [{"eq": ["$kind", "paper"]}, {"eq": ["$km", 9]}]}, {"eq": ["$km", 1]}]}, {}, False),
        ({"not": {"all": [{"eq": ["$kind", "glass"]}, {"eq": ["$km", 9]}]}}, {}, True),
        ({"exists": "$kg"}, {}, False),
        ({"exists": "$kg"}, {"kg": 0.0}, True),
        ({"between": ["$drift", -5, 5]}, {}, True),
        ({"between": ["$drift", -5, 5]}, {"drift": 6}, False),
        ({"in": ["$kind", ["glass", "paper"]]}, {}, True),
        ({"eq": ["$broken", False]}, {}, True),
        ({"eq": ["@subject", "b1"]}, {}, True),
        ({"ge": [{"minus": ["@time", "$planned_at"]}, "48h"]}, {}, True),
        ({"gt": [{"minus": ["@time", "$planned_at"]}, "2d"]}, {}, False),
        ({"lt": ["$seen_at", "2026-11-20T12:00:01+01:00"]}, {}, True),
        ({"lt": ["$seen_at", {"plus": ["$planned_at", "49h"]}]}, {}, True),
        ({"gt": ["$drift", -5.5]}, {}, True),
    ],
)
def test_predicates_are_true_false_or_unknown(tree: Any, data: dict[str, Any], outcome: bool | None) -> None:
    assert run(parse_predicate(tree, BINS), **data) is outcome


@pytest.mark.parametrize(
    ("tree", "value", "scale", "unit"),
    [
        ("$fill", 90, 2, "1"),
        ({"minus": ["$seen_at", "$planned_at"]}, 172_800_000, 0, "ms"),
        ({"product": ["$km", "$fill"]}, 900, 2, "km"),
        ({"product": ["$km", {"scaled": [0.25, 2]}]}, 250, 2, "km"),
        ({"max": [0, "$drift"]}, 0, 0, "s"),
        ({"unless_negative": "$drift"}, None, 0, "s"),
        ({"if": [{"eq": ["$kind", "paper"]}, 0.5, 1]}, 5, 1, "1"),
        ({"if": [{"gt": ["$kg", 2]}, 1, 0]}, None, 0, "1"),
        ({"if": [{"eq": ["$km", 10]}, "$kg", 1]}, None, 1, "kg"),
        ({"if": [{"eq": ["$km", 11]}, "$kg", 1]}, 10, 1, "kg"),
        ({"plus": ["$seen_at", {"if": [{"eq": ["$kind", "paper"]}, "7d", "30d"]}]}, NOON_MS + 7 * 86_400_000, 0, "1"),
    ],
)
def test_terms_give_scaled_integers(tree: Any, value: int | None, scale: int, unit: str) -> None:
    term = parse_term(tree, BINS)
    assert (run(term), term.type.scale, term.type.unit) == (value, scale, unit)


def test_what_cannot_be_unknown_compiles_to_plain_comparisons() -> None:
    tree = {"all": [{"eq": ["$kind", "paper"]}, {"between": ["$drift", -30, 30]}]}
    expression = parse_predicate(tree, BINS)
    assert expression.code == "d.kind == 'paper' and -30 <= d.drift <= 30"
    assert (expression.nodes, expression.fields) == (8, {"kind", "drift"})
    assert not expression.type.nullable
    assert parse_predicate({"gt": ["$kg", 2]}, BINS).holds == "d.kg is not None and _scaled(d.kg, 1) > 20"


def test_text_of_a_definition_reaches_the_code_as_a_literal_only() -> None:
    word = "') or __import__('os').abort() #\n\"\\"
    expression = parse_predicate({"eq": ["$street", word]}, BINS)
    assert expression.code == f"d.street == {word!r}"
    assert run(expression, street=word) is True
    assert run(expression) is False


def test_bounds_follow_the_arithmetic() -> None:
    kinds = [
        parse_term(tree, BINS).type
        for tree in (
            {"product": ["$km", "$drift"]},
            {"minus": ["$km", "$km"]},
            {"max": ["$drift", 0]},
            {"plus": ["$free", 1]},
        )
    ]
    assert [(kind.low, kind.high) for kind in kinds] == [(-10_000, 10_000), (-199, 199), (0, 50), (None, None)]
    assert parse_term({"minus": ["$seen_at", "@time"]}, BINS).type.kind is Kind.DURATION


def test_canonical_trees_say_the_same_in_one_way() -> None:
    trees = [parse_predicate({"ge": [{"minus": ["@time", "$seen_at"]}, text]}, BINS).tree for text in ("48h", "2d")]
    assert trees[0] == trees[1]
    assert parse_predicate({"in": ["$kind", ["paper", "glass"]]}, BINS).tree == {"in": ["$kind", ["glass", "paper"]]}
    assert parse_predicate({"ge": ["$fill", 1.0]}, BINS).tree == {"ge": ["$fill", 1]}


def test_elapsed_stands_between_the_halves_of_a_join() -> None:
    holds = elapsed_function(parse_predicate({"ge": ["@elapsed", "48h"]}, BINS, elapsed=True))
    assert (holds(172_800_000), holds(172_799_999)) == (True, False)
    with pytest.raises(DefinitionError, match=r"ge\[0\]: @elapsed is not an attribute of an event here"):
        parse_predicate({"ge": ["@elapsed", "48h"]}, BINS)


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ({"matches": ["$kind", "x"]}, "unknown operator 'matches'; use one of eq, ne, lt, le, gt, ge, between"),
        ({"eq": ["$kind"]}, r"eq: needs 2 arguments, got \['\$kind'\]"),
        ({"between": ["$km", 1]}, "between: needs 3 arguments"),
        ({"eq": ["$km", 1], "ne": ["$km", 2]}, "is not a predicate; write one operator"),
        ("$broken", "is not a predicate"),
        ({"all": []}, "all: needs a list of at least one"),
        ({"eq": ["$kindd", "paper"]}, r"eq\[0\]: \$kindd is not a field of .*bin.seen.v1; use one of \$kind"),
        ({"eq": ["$kind", "papier"]}, r"eq\[1\]: 'papier' is not among the values .*; use one of paper"),
        ({"in": ["$kind", ["paper", "metal"]]}, r"in\[1\]\[1\]: 'metal' is not among the values"),
        ({"in": ["$kind", "paper"]}, r"in\[1\]: 'paper' is not a list of literals"),
        ({"eq": ["$km", "ten"]}, r"eq\[1\]: a text stands beside a number"),
        ({"eq": ["$broken", "yes"]}, r"eq\[1\]: a text stands beside true or false"),
        ({"eq": ["$km", "$energy"]}, r"eq\[1\]: unit W.h stands beside unit km"),
        ({"lt": ["$kind", "paper"]}, "lt: a text has no order; use eq, ne or in"),
        ({"ge": ["$fill", 90]}, r"ge: is never true: \$fill is at least 0 and at most 1, and the constant is 90"),
        ({"between": ["$drift", 5, -5]}, "between: is never true: .* write the lower bound first"),
        ({"ge": [{"minus": ["@time", "$seen_at"]}, 48]}, r"ge\[1\]: 48 has no unit; write a duration such as"),
        ({"ge": [{"minus": ["@time", "$seen_at"]}, "2 days"]}, r"ge\[1\]: duration '2 days' is not a whole number"),
        ({"lt": ["$seen_at", "2026-01-01"]}, r"lt\[1\]: '2026-01-01' is not an instant with an offset"),
        ({"eq": [1, 1]}, "eq: .* compares constants; name a field on one side"),
        ({"eq": ["@colour", "red"]}, r"@colour is not an attribute of an event here; use one of @time"),
        ({"eq": ["$km", {"square": "$km"}]}, r"eq\[1\]: unknown operator 'square' of a term; use one of minus"),
        ({"eq": ["$km", {"product": ["$km", "$kind"]}]}, r"eq\[1\].product\[1\]: a text cannot be multiplied"),
        ({"eq": ["$km", {"scaled": [0.255, 2]}]}, "0.255 has 3 decimals; at most 2 are carried here"),
        ({"eq": ["$km", float("inf")]}, "inf is not a decimal"),
        ({"eq": ["$km", None]}, "None is not a term"),
        ({"all": [{"eq": ["$km", number]} for number in range(1, 30)]}, "more than 50 nodes are too many"),
    ],
)
def test_wrong_expressions_are_explained(tree: Any, words: str) -> None:
    with pytest.raises(DefinitionError, match=words):
        parse_predicate(tree, BINS)


def test_all_faults_of_a_predicate_are_told_together() -> None:
    with pytest.raises(DefinitionError) as refused:
        parse_predicate({"all": [{"eq": ["$kmm", 1]}, {"not": {"like": 1}}, {"lt": ["$kind", "glass"]}]}, BINS)
    places = [line.split(": ")[0] for line in str(refused.value).splitlines()]
    assert places == ["all[0].eq[0]", "all[1].not", "all[2].lt"]


def test_a_hostile_tree_costs_nothing() -> None:
    deep: Any = {"eq": ["$km", 1]}
    for _ in range(5_000):
        deep = {"not": deep}
    with pytest.raises(DefinitionError, match="nested deeper than 20"):
        parse_predicate(deep, BINS)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("kW.h", ("1000", "W.h")),
        ("h", ("60", "min")),
        ("l", ("1/1000", "m3")),
        ("km/h", ("1000/3600", "m/s")),
        ("%", ("1/100", "1")),
        ("10*-5", ("1/100000", "{inhabitants}")),
        ("t", ("1000", "kg")),
        ("har", ("10000", "m2")),
        ("/h", ("1/3600", "s-1")),
    ],
)
def test_units_are_factors_of_base_units(one: str, other: tuple[str, str]) -> None:
    from fractions import Fraction

    assert parse_unit(one).powers == parse_unit(other[1]).powers
    assert parse_unit(one).factor == Fraction(other[0]) * parse_unit(other[1]).factor


def test_unknown_units_equal_themselves_only() -> None:
    assert parse_unit("EUR") != parse_unit("USD")
    assert parse_unit("EUR").times(parse_unit("EUR"), -1) == ONE
    with pytest.raises(DefinitionError, match="'100k' is not a UCUM unit"):
        parse_unit("100k")
