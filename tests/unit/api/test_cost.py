"""The cost of a document is an upper bound of its answer, and each role has its budget."""

from __future__ import annotations

import pytest
from graphql import build_schema as build_sdl
from graphql import get_introspection_query, get_operation_ast, parse

from cityhub.api.cost import MAX_DEPTH, Size, budget, measure, refusals
from tests.unit.api.test_attacks import LONG_ROW
from tests.unit.api.world import World, principal


def leaves(data: object) -> int:
    """Objects and plain values in an answer."""
    match data:
        case dict():
            return 1 + sum(leaves(item) for item in data.values())
        case list():
            return sum(leaves(item) for item in data)
    return 1


@pytest.mark.parametrize(
    "query",
    [
        "{ kpis { id name latest { value } } }",
        "{ fields { id kpis { id values(window: hour, last: 40) { start value beside { name count } } } } }",
        "{ kpis { values(window: hour, last: 500) { ...row } } } fragment row on KpiValue { " + LONG_ROW + " }",
        '{ kpis { breakdown(dimension: "line", window: hour) { value dimensions { name value } } } }',
        '{ kpis { series(from: "2026-11-01T00:00:00Z", window: hour) { start value n label } } }',
        "{ dataState { feeds { feed accepted { name count } } streams { topic records } } }",
        '{ a: kpi(id: "M01") { ... on Kpi { id } } b: kpi(id: "no") { ... on UnknownKpi { message known } } }',
        "query($n: Int = 7) { kpis { values(window: hour, last: $n) { n } } }",
        get_introspection_query(),
        get_introspection_query(descriptions=False),
    ],
)
async def test_an_answer_is_never_larger_than_its_cost(world: World, query: str) -> None:
    answer = await world.ask(query, "hub-operator")
    assert "errors" not in answer
    assert leaves(answer["data"]) - 1 <= answer["extensions"]["cost"]["requested"]


async def test_a_variable_counts_like_a_literal(world: World) -> None:
    literal = await world.ask("{ kpis { values(last: 300) { n } } }")
    given = await world.ask("query($n: Int!) { kpis { values(last: $n) { n } } }", n=300)
    default = await world.ask("query($n: Int = 300) { kpis { values(last: $n) { n } } }")
    assert literal["extensions"] == given["extensions"] == default["extensions"]


async def test_opening_numbers_is_dear(world: World) -> None:
    """A startup may open some at once, the smallest budget two pages."""
    page = (
        "contributions(first: 100) { counted reasons { reason count } events { id time partner adds { name amount } } }"
    )
    assert await world.codes(f'{{ kpi(id: "M01") {{ ... on Kpi {{ {page} }} }} }}', "kiosk") == ["PROOF_UNAVAILABLE"]
    roots = " ".join(f'{name}: kpi(id: "M01") {{ ...p }}' for name in "abc")
    three = f"{{ {roots} }} fragment p on Kpi {{ {page} }}"
    assert await world.codes(three, "kiosk") == ["TOO_EXPENSIVE"]
    assert set(await world.codes(three, "startup")) == {"PROOF_UNAVAILABLE"}


async def test_each_role_has_its_budget(world: World) -> None:
    query = "{ kpis { values(last: 500) { " + LONG_ROW + " } } }"
    assert await world.codes(query, "kiosk") == ["TOO_EXPENSIVE"]
    answer = await world.ask(query, "startup")
    assert answer["extensions"] == {"cost": {"requested": 6_002, "budget": 10_000}}
    assert budget(principal("leadership")) == 20_000
    assert budget(None) == 6_000


async def test_the_smallest_budget_lets_tools_read_the_schema(world: World) -> None:
    answer = await world.ask(get_introspection_query(input_value_deprecation=True, specified_by_url=True), "kiosk")
    assert "errors" not in answer
    assert {item["name"] for item in answer["data"]["__schema"]["types"]} > {"Kpi", "KpiValue", "Series"}


def test_depth_counts_levels_of_objects_through_fragments() -> None:
    schema = build_sdl("type Query { node: Node } type Node { node: Node id: ID }")
    document = parse("{ node { ...n } } fragment n on Node { node { ... { a: node { id } } } }")
    operation = get_operation_ast(document)
    assert operation is not None
    size = measure(schema, document, operation, {}, kpis=1)
    assert (size.depth, size.aliases) == (3, 1)
    assert [item.code for item in refusals(Size(depth=MAX_DEPTH + 1), 10)] == ["TOO_COMPLEX"]
    assert list(refusals(Size(depth=MAX_DEPTH), 10)) == []
