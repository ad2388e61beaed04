"""Predicates, windows and definitions."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import pytest

from cityhub.kpi.definition import load_catalogue, parse_definition, seconds
from cityhub.kpi.errors import DefinitionError, UnknownKpi
from cityhub.kpi.kernel.predicate import parse_predicate
from cityhub.kpi.kernel.windows import window_of
from cityhub.kpi.store.values import ratio
from cityhub.kpi.values import WindowKind

M01 = files("cityhub.kpi").joinpath("definitions/mobilitaet/M01.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("tree", "data", "outcome"),
    [
        ({"eq": ["$a", "x"]}, {"a": "x"}, True),
        ({"eq": ["$a", "x"]}, {}, None),
        ({"ne": ["$a", 1]}, {"a": 2}, True),
        ({"lt": ["$a", 3]}, {"a": "text"}, None),
        ({"between": ["$a", -60, 300]}, {"a": -60}, True),
        ({"between": ["$a", -60, 300]}, {"a": 301}, False),
        ({"in": ["$a", ["x", "y"]]}, {"a": "y"}, True),
        ({"exists": "$a"}, {"a": None}, False),
        ({"exists": "$a"}, {"a": 0}, True),
        ({"not": {"eq": ["$a", 1]}}, {}, None),
        ({"all": [{"eq": ["$a", 1]}, {"eq": ["$b", 1]}]}, {"a": 2}, False),
        ({"all": [{"eq": ["$a", 1]}, {"eq": ["$b", 1]}]}, {"a": 1}, None),
        ({"any": [{"eq": ["$a", 1]}, {"eq": ["$b", 1]}]}, {"a": 1}, True),
        ({"any": [{"eq": ["$a", 1]}, {"eq": ["$b", 1]}]}, {"a": 2}, None),
        (None, {}, True),
    ],
)
def test_predicates_know_true_false_and_unknown(tree: Any, data: dict[str, Any], outcome: bool | None) -> None:
    assert parse_predicate(tree)(data) is outcome


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ({"matches": ["$a", "x"]}, "unknown operator 'matches'"),
        ({"eq": ["$a"]}, "needs 2 arguments"),
        ({"eq": ["$a", 1], "ne": ["$a", 2]}, "one operator"),
        ({"eq": ["$a", 1.5]}, "not a term"),
        ({"in": ["$a", "xy"]}, "not a list"),
        ({"all": []}, "list of predicates"),
        ("delay", "not a predicate"),
        ({"all": [{"eq": ["$a", i]} for i in range(60)]}, "too large"),
    ],
)
def test_bad_predicates_are_explained(tree: Any, words: str) -> None:
    with pytest.raises(DefinitionError, match=words):
        parse_predicate(tree)


@pytest.mark.parametrize(
    ("local_noon", "hours"),
    [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 11, 23), 24), ((2028, 2, 29), 24)],
)
def test_local_days_have_23_24_or_25_hours(local_noon: tuple[int, int, int], hours: int) -> None:
    start, end = window_of(WindowKind.DAY, int(datetime(*local_noon, 11, tzinfo=UTC).timestamp()))
    assert (end - start) / 3600 == hours
    assert window_of(WindowKind.DAY, start) == (start, end)
    assert window_of(WindowKind.DAY, end - 1) == (start, end)
    assert window_of(WindowKind.DAY, end)[0] == end


def test_rounding_is_half_to_even_from_the_exact_fraction() -> None:
    assert ratio(2, 3, 100) == 66.6667
    assert ratio(1, 80_000, 1) == 0.0  # 0.125 of the last place
    assert ratio(1, 20_000, 1) == 0.0  # exactly half a place: to the even neighbour
    assert ratio(3, 20_000, 1) == 0.0002
    assert ratio(0, 5, 100) == 0.0
    assert ratio(0, 0, 100) is None


def test_hash_is_the_meaning() -> None:
    definition = load_catalogue()["M01"]
    renamed = parse_definition(
        M01.replace("DVG punctuality", "Punctuality").replace("departures}", "trips}"), "M01.yaml"
    )
    stricter = parse_definition(M01.replace("-60, 300", "-60, 180"), "M01.yaml")
    assert renamed.hash == definition.hash
    assert stricter.hash != definition.hash


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("field: mobilitaet", "field: verkehr", "not an action field"),
        ("default_window: day", "default_window: hour\nwindows: [day]", "not among windows"),
        ("en: departures}, count: departed", "en: departures}, count: arrived", "'arrived' is not a source"),
        ("cancelled: $line}", "cancelled: line}", r"must name a data field"),
        (", cancelled: $line}", "}", "it must name each of departed, cancelled"),
        ("lateness: 10min}", "lateness: soon}", "'soon' is not a whole number"),
        ("direction: up", "direction: sideways", "sideways"),
        ("audience: public\n", "", "audience"),
        ("eq: [$classifier, ACT]", "like: [$classifier, ACT]", "unknown operator 'like'"),
        ("id: M01", "id: [M01", "YAML"),
        ("grain: 1h", "grain: 1h\ncolour: red", "colour"),
    ],
)
def test_bad_definitions_are_explained(old: str, new: str, words: str) -> None:
    assert old in M01
    with pytest.raises(DefinitionError, match=words) as refused:
        parse_definition(M01.replace(old, new), "mobilitaet/M01.yaml")
    assert str(refused.value).startswith("mobilitaet/M01.yaml: ")


def test_unknown_kpi_names_the_known_ones() -> None:
    with pytest.raises(UnknownKpi, match="'Z99'; known: M01"):
        load_catalogue()["Z99"]


@pytest.mark.parametrize(("text", "value"), [("30s", 30), ("10min", 600), ("6h", 21_600), ("2d", 172_800)])
def test_durations(text: str, value: int) -> None:
    assert seconds(text) == value
