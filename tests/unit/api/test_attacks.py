"""Documents built to cost more than they are worth."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.api.world import World

LONG_ROW = "start end value unit numerator denominator n label revision inputsUpTo digest synthetic"


def chain(length: int, fan: int) -> str:
    """Fragments that each spread the next one `fan` times: exponential for a walk that expands them."""
    links = (f"fragment f{i} on Kpi {{ " + f"...f{i + 1} " * fan + "}" for i in range(length))
    return f"{{ kpis {{ ...f0 }} }} {' '.join(links)} fragment f{length} on Kpi {{ id }}"


def meta_chain(length: int) -> str:
    """The same on the schema's own types, where fragments may nest, kept apart by aliases."""
    links = (
        f"fragment f{i} on __Type {{ ofType {{ ...f{i + 1} }} x: ofType {{ ...f{i + 1} }} }}" for i in range(length)
    )
    return f"{{ __schema {{ types {{ ...f0 }} }} }} {' '.join(links)} fragment f{length} on __Type {{ name }}"


def fragments() -> Iterator[tuple[str, str]]:
    for length, fan in [(21, 2), (11, 2), (9, 2), (9, 5), (4, 20), (1, 2), (1, 100)]:
        yield f"chain-{length}x{fan}", chain(length, fan)
    for length in (5, 9, 21):
        yield f"meta-chain-{length}", meta_chain(length)
    yield "cycle", "{ kpis { ...a } } fragment a on Kpi { ...b } fragment b on Kpi { ...a }"
    yield "own-cycle", "{ kpis { ...a } } fragment a on Kpi { ...a }"
    yield "meta-cycle", "{ __schema { types { ...a } } } fragment a on __Type { ofType { ...a } }"
    yield (
        "hidden-spread",
        "{ kpis { ...a } } fragment a on Kpi { latest { ... { ...b } } } fragment b on KpiValue {n}",
    )
    yield "many", "{ kpis { ...f0 } }" + "".join(f"fragment f{i} on Kpi {{ id }}" for i in range(40))
    yield "unknown", "{ kpis { ...nowhere } }"


def nesting() -> Iterator[tuple[str, str]]:
    for count in (30, 200, 450):
        yield f"depth-{count}", "{ fields " * count + "{ id }" + "}" * count
        yield f"inline-{count}", "{" + "... {" * count + "id" + "}" * count + "}"
        yield f"list-{count}", "{ kpi(id: " + "[" * count + "]" * count + ") { __typename } }"
        yield f"object-{count}", "{ kpi(id: " + "{a:" * count + "1" + "}" * count + ") { __typename } }"
        yield f"open-{count}", "{" * count
    yield "introspection", "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"


def width() -> Iterator[tuple[str, str]]:
    for count in (21, 60, 120):
        yield f"aliases-{count}", "{" + "".join(f"a{i}: kpis {{ id }} " for i in range(count)) + "}"
        yield f"value-aliases-{count}", "{ kpis {" + "".join(f"a{i}: values {{ n }} " for i in range(count)) + "} }"
    yield "introspection-aliases", "{" + "".join(f"a{i}: __schema {{ types {{ name }} }} " for i in range(30)) + "}"
    for count in (500, 2_000):
        yield f"fields-{count}", "{ kpis {" + " id" * count + "} }"
        yield f"directives-{count}", "{ kpis " + "@a" * count + "{ id } }"
    yield "unknown-fields", "{" + " ".join(f"k{i}" for i in range(400)) + "}"
    yield "operations", " ".join(f"query q{i} {{ kpis {{ id }} }}" for i in range(120))
    yield "variables", "query(" + " ".join(f"$v{i}: Int" for i in range(200)) + ") { kpis { id } }"
    yield "pages", "{ a: kpis { ...v } b: kpis { ...v } } fragment v on Kpi { values(last: 500) { " + LONG_ROW + " } }"
    yield "nested-pages", "{ fields { kpis { values(last: 500) { " + LONG_ROW + " beside { name count } } } } }"
    columns = 'series(from: "2026-11-01T00:00:00Z") { start end value n label revision }'
    yield "columns", "{ kpis {" + "".join(f"a{i}: {columns} " for i in range(9)) + "} }"


def opened() -> Iterator[tuple[str, str]]:
    """Each opened number reads the archive."""
    page = "contributions(first: 100) { events { id adds { name amount } } }"
    yield "every-kpi", "{" + "".join(f"a{i}: kpis {{ {page} receipt {{ json }} }} " for i in range(4)) + "}"
    yield (
        "aliases",
        '{ kpi(id: "M01") { ... on Kpi {' + "".join(f"a{i}: receipt {{ id }} " for i in range(12)) + "} } }",
    )
    yield (
        "roots",
        "{" + "".join(f'a{i}: kpi(id: "M01") {{ ...p }} ' for i in range(8)) + "} fragment p on Kpi {" + page + "}",
    )
    yield "deep", "{ fields { kpis { audit { differences { events " + "{ id " * 6 + "}" * 6 + " } } } } }"
    yield "huge-first", '{ kpi(id: "M01") { ... on Kpi { contributions(first: 99999999999) { counted } } } }'
    yield "text", '{ kpi(id: "M01") { ... on Kpi { contributions(after: "0; drop") { counted } } } }'


def strange() -> Iterator[tuple[str, str]]:
    yield "mutation", "mutation { drop }"
    yield "two-subscriptions", 'subscription { a: kpiValues(kpi: "M01") { n } b: kpiValues(kpi: "M01") { n } }'
    yield "long-name", "{ " + "k" * 8_000 + " }"
    yield "long-string", '{ kpi(idd: "' + "x" * 7_900 + '") { __typename } }'
    yield "comments", "#" * 7_000 + "\n{"
    yield "control", "{ kpis\u0000 { id } }"
    yield "bom", "\ufeff" * 100
    yield "big-number", "{ kpis { values(last: 99999999999999999999999999) { n } } }"
    yield "negative-number", "{ kpis { values(last: -2147483649) { n } } }"


ATTACKS = {
    f"{kind.__name__}:{name}": document
    for kind in (fragments, nesting, width, opened, strange)
    for name, document in kind()
}


def test_there_are_at_least_50() -> None:
    assert len(ATTACKS) >= 50


@pytest.mark.parametrize("name", ATTACKS)
async def test_an_attack_is_refused_before_anything_is_read(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    touched: list[object] = []
    for method in ("latest", "series", "breakdown", "streams"):
        monkeypatch.setattr(world.reader, method, lambda *read, **_: touched.append(read))
    answer = await world.ask(ATTACKS[name])
    assert answer["data"] is None
    assert 1 <= len(answer["errors"]) <= 6
    codes = {error["extensions"]["code"] for error in answer["errors"]}
    assert codes <= {"BAD_QUERY", "TOO_COMPLEX", "TOO_EXPENSIVE", "NO_STREAM"}
    assert touched == []


@pytest.mark.parametrize(
    ("name", "code", "part"),
    [
        ("fragments:chain-21x2", "TOO_COMPLEX", "22 fragments; at most 10"),
        ("fragments:chain-9x2", "TOO_COMPLEX", "fragment 'f0' spreads another fragment"),
        ("fragments:hidden-spread", "TOO_COMPLEX", "fragment 'a' spreads another fragment"),
        ("fragments:meta-chain-9", "TOO_COMPLEX", "aliases; at most 20"),
        ("width:aliases-21", "TOO_COMPLEX", "21 aliases; at most 20"),
        ("width:operations", "BAD_QUERY", "500 tokens"),
        ("opened:aliases", "TOO_EXPENSIVE", "exceeds your budget of 10000"),
        ("width:pages", "TOO_EXPENSIVE", "exceeds your budget of 10000"),
    ],
)
async def test_the_rule_that_refuses_is_the_one_meant(world: World, name: str, code: str, part: str) -> None:
    error = (await world.ask(ATTACKS[name]))["errors"][0]
    assert error["extensions"]["code"] == code
    assert part in error["message"]
