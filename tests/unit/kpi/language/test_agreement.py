"""Compiled expressions agree with a naive reading of the same tree, for random contracts, trees and events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cityhub.kpi.errors import DefinitionError
from cityhub.kpi.kernel.expression import Kind, function, parse_predicate, parse_term
from cityhub.sdk.contract import Contract, Field
from tests.unit.kpi.language.contracts import contract, field
from tests.unit.kpi.language.naive import evaluate, ms

TYPES = ("integer", "decimal", "text", "boolean", "instant")
START = datetime(2026, 3, 28, tzinfo=UTC)
WORDS = st.sampled_from(["a", "b", "c"])
SMALL = st.integers(-6, 6)
MOMENTS = st.integers(-2_000, 200_000_000).map(lambda at: START + timedelta(milliseconds=at))
LENGTHS = st.sampled_from(["0s", "90s", "15min", "48h", "2d"])


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    """Two fields of each type, any of them optional, numbers with or without bounds and decimals."""
    fields: dict[str, Field] = {}
    for type_ in TYPES:
        for number in (1, 2):
            more: dict[str, Any] = {"optional": draw(st.booleans())}
            if type_ == "decimal":
                more["scale"] = draw(st.integers(1, 3))
            if type_ in ("integer", "decimal") and draw(st.booleans()):
                more |= {"min": -6, "max": 6}
            fields[f"{type_}_{number}"] = field(type_, **more)
    return contract("de.duisburg.wbd.test.seen.v1", fields)


def names(type_: str) -> st.SearchStrategy[str]:
    return st.sampled_from([f"${type_}_1", f"${type_}_2"])


DECIMALS = st.integers(-60, 60).map(lambda tenths: tenths / 10)
NUMBERS: st.SearchStrategy[Any] = st.recursive(
    names("integer") | names("decimal") | SMALL | DECIMALS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=2).map(lambda pair: {"minus": pair}),
        st.lists(inner, min_size=2, max_size=2).map(lambda pair: {"plus": pair}),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: {"product": some}),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: {"max": some}),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: {"min": some}),
        inner.map(lambda one: {"unless_negative": one}),
        st.tuples(st.deferred(lambda: PREDICATES), inner, inner).map(lambda three: {"if": list(three)}),
        st.tuples(DECIMALS, st.just(2)).map(lambda pair: {"scaled": list(pair)}),
    ),
    max_leaves=4,
)
INSTANTS = names("instant") | st.just("@time")
LATER = INSTANTS | st.tuples(INSTANTS, LENGTHS).map(lambda pair: {"plus": list(pair)})
DURATIONS = st.tuples(LATER, INSTANTS | MOMENTS.map(datetime.isoformat)).map(lambda pair: {"minus": list(pair)})
SIGNS = st.sampled_from(["lt", "le", "gt", "ge"])
EQUAL = st.sampled_from(["eq", "ne"])


def compared(signs: st.SearchStrategy[str], one: Any, other: Any) -> st.SearchStrategy[Any]:
    return st.tuples(signs, one, other).map(lambda three: {three[0]: [three[1], three[2]]})


COMPARISONS = st.one_of(
    compared(SIGNS | EQUAL, NUMBERS, NUMBERS),
    compared(SIGNS | EQUAL, DURATIONS, DURATIONS | LENGTHS),
    compared(SIGNS | EQUAL, LATER, LATER | MOMENTS.map(datetime.isoformat)),
    compared(EQUAL, names("text"), names("text") | WORDS),
    compared(EQUAL, names("boolean"), names("boolean") | st.booleans()),
    st.tuples(names("text"), st.lists(WORDS, min_size=1, max_size=3)).map(lambda pair: {"in": list(pair)}),
    st.tuples(names("decimal"), st.lists(DECIMALS, min_size=1, max_size=3)).map(lambda pair: {"in": list(pair)}),
    st.tuples(NUMBERS, SMALL, DECIMALS).map(lambda three: {"between": list(three)}),
    st.one_of(NUMBERS, LATER, DURATIONS, names("text")).map(lambda term: {"exists": term}),
)
PREDICATES: st.SearchStrategy[Any] = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda some: {"all": some}),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: {"any": some}),
        inner.map(lambda one: {"not": one}),
    ),
    max_leaves=5,
)
SIMPLE = st.one_of(
    compared(EQUAL, names("text"), WORDS),
    compared(EQUAL, names("boolean"), st.booleans()),
    compared(SIGNS, names("integer"), st.integers(-2, 2)),
    names("text").map(lambda name: {"exists": name}),
)
NESTED: st.SearchStrategy[Any] = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda some: {"all": some}),
        st.lists(inner, min_size=2, max_size=3).map(lambda some: {"any": some}),
        inner.map(lambda one: {"not": one}),
    ),
    max_leaves=12,
)


@st.composite
def events(draw: st.DrawFn, given_contract: Contract) -> tuple[SimpleNamespace, dict[str, Any]]:
    """An event as the engine decodes it, and the same for the naive reading."""
    decoded, plain = {}, {"@time": ms(draw(MOMENTS)), "@subject": draw(WORDS)}
    for name, spec in given_contract.fields.items():
        if spec.optional and draw(st.booleans()):
            decoded[name] = None
            continue
        match spec.type:
            case "decimal":
                whole = draw(st.integers(-6 * 10**spec.scale, 6 * 10**spec.scale))
                decoded[name] = draw(st.sampled_from([float, Decimal]))(Decimal(whole).scaleb(-spec.scale))
                plain[f"${name}"] = Fraction(whole, 10**spec.scale)
                continue
            case "integer":
                decoded[name] = draw(SMALL)
            case "text":
                decoded[name] = draw(WORDS)
            case "boolean":
                decoded[name] = draw(st.booleans())
            case _:
                decoded[name] = draw(MOMENTS)
        plain[f"${name}"] = ms(decoded[name]) if spec.type == "instant" else decoded[name]
    return SimpleNamespace(**decoded), plain


def read(parse: Any, tree: Any, given_contract: Contract) -> Any:
    """Trees that the type check refuses, such as comparisons that can never hold, are not of interest here."""
    try:
        return parse(tree, given_contract)
    except DefinitionError:
        assume(False)


@settings(max_examples=250, deadline=None)
@given(st.data(), contracts(), PREDICATES | NESTED)
def test_predicates_agree_with_a_naive_reading(data: st.DataObject, given_contract: Contract, tree: Any) -> None:
    expression = read(parse_predicate, tree, given_contract)
    run, holds = function(expression), function(msgspec.structs.replace(expression, code=expression.holds))
    for _ in range(8):
        decoded, plain = data.draw(events(given_contract))
        envelope = SimpleNamespace(subject=plain["@subject"])
        expected = evaluate(tree, plain)
        assert run(envelope, decoded, plain["@time"]) is expected
        assert bool(holds(envelope, decoded, plain["@time"])) is (expected is True)
        assert expected is not None or expression.type.nullable


@settings(max_examples=150, deadline=None)
@given(st.data(), contracts(), st.one_of(NUMBERS, LATER, DURATIONS, names("text"), names("boolean")))
def test_terms_agree_with_a_naive_reading(data: st.DataObject, given_contract: Contract, tree: Any) -> None:
    expression = read(parse_term, tree, given_contract)
    run, kind = function(expression), expression.type
    for _ in range(5):
        decoded, plain = data.draw(events(given_contract))
        value, expected = run(SimpleNamespace(), decoded, plain["@time"]), evaluate(tree, plain)
        if expected is None:
            assert value is None
            assert kind.nullable
        elif kind.kind in (Kind.TEXT, Kind.BOOLEAN):
            assert value == expected
        else:
            assert type(value) is int
            assert Fraction(value, 10**kind.scale) == expected
            assert kind.low is None or kind.low <= value
            assert kind.high is None or value <= kind.high


@settings(max_examples=100, deadline=None)
@given(contracts(), PREDICATES)
def test_reading_the_canonical_tree_again_gives_the_same(given_contract: Contract, tree: Any) -> None:
    first = read(parse_predicate, tree, given_contract)
    assume(first.nodes <= 40)
    again = parse_predicate(first.tree, given_contract)
    assert (again.tree, again.code, again.type) == (first.tree, first.code, first.type)
