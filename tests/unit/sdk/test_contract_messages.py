"""Every mistake a writer of contracts makes has its own message: file, path, value, remedy."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cityhub.sdk.contract import Field, parse_contract
from cityhub.sdk.errors import ContractError
from tests.unit.sdk.sample_contract import GOOD, changed, contract

GONE = msgspec.UNSET


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(ContractError) as refused:
        parse_contract(text, "skip.yaml")
    return refused.value.problems


def test_the_unspoilt_contract_is_good() -> None:
    assert contract().partner == "wbd"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("latenes", "1h", "latenes: unknown key; write lateness"),
        ("fields.waste.vaules", [], "fields.waste.vaules: unknown key; write values"),
        ("cadence", GONE, "cadence: missing; write it as docs/contracts.md shows"),
        ("fields.waste.meaning", GONE, "fields.waste.meaning: missing"),
        ("fields", GONE, "fields: missing"),
        ("fields", [1], "fields: [1] does not fit: Expected `object`, got `array`; docs/contracts.md explains fields"),
        ("fields", {}, "fields: 0 fields; a contract has 1 to 100"),
        ("fields.waste", "text", "fields.waste: 'text' is no mapping; write keys with values"),
        ("title.en", 7, "title.en: {'de': 'Mulde ist gewogen', 'en': 7} does not fit: Expected `str`, got `int`; put"),
        ("title.de", "  ", "title.de: is empty; say it in both languages"),
        ("owner", " ", "owner: is empty; write which organisation or unit answers for the stream"),
        ("purpose", {"de": "a", "en": ""}, "purpose.en: is empty; say it in both languages"),
        ("fields.waste.meaning.en", "", "fields.waste.meaning.en: is empty; say it in both languages"),
        ("type", "wbd.skip", "type: 'wbd.skip' is no event type; write de.duisburg.<partner>.<noun>.<verb-past>.v"),
        ("topic", "du.in.wbd.skip", "topic: 'du.in.wbd.skip' is no event topic; write du.evt.<partner>.<stream>.v<maj"),
        ("topic", "du.evt.dvv.skip.v1", "topic: du.evt.dvv.skip.v1 is dvv's, the type is wbd's; an event goes to a"),
        ("status", "dead", "status: 'dead' is not known; write one of active, retired"),
        ("cadence", "0s", "cadence: '0s' is no interval; write how often news are expected"),
        ("cadence", "often", "cadence: duration 'often' is not a whole number with s, min, h or d; write it as 30s"),
        ("hours", "8 to 6", "hours: '8 to 6' are no hours of a week; write them as mon-fri 08:00-18:00"),
        ("reporters", {"de": "Waagen", "en": " "}, "reporters.en: is empty; say it in both languages"),
        ("lateness", "7h", "horizon: 6h is shorter than lateness 7h; ids must be remembered at least that long"),
        ("lateness", "1", "lateness: duration '1' is not a whole number"),
        ("horizon", 5, "horizon: 5 does not fit: Expected `str`, got `int`; put it in quotation marks"),
        ("subjects_at_most", 0, "subjects_at_most: 0 is no number of things; write 1 or more, or leave it out"),
        ("events_per_day_at_most", 2**63, "events_per_day_at_most: 9223372036854775808 is no number of things"),
        ("key", "skip", "key: 'skip' is no field of this contract; write $skip"),
        ("key", "$depot", "key: $depot is optional; name a field that every event has"),
        ("key", "$weighed_at", "key: $weighed_at is of type instant; name a field of type text or integer"),
        ("correctable.entity", [], "correctable.entity: [] must name what identifies the entity, each field once"),
        ("correctable.entity", ["$skip", "$skip"], "correctable.entity: ['$skip', '$skip'] must name"),
        ("correctable.entity", ["$skap"], "correctable.entity: '$skap' is no field of this contract; write $skip"),
        ("correctable.version", "$ver", "correctable.version: '$ver' is no field of this contract; write $"),
        ("correctable.version", "$skip", "correctable.version: $skip is of type text; name a field of type integer or"),
        ("correctable.retracted", "$waste", "correctable.retracted: $waste is of type text; name a field of type bool"),
        ("correctable.version", GONE, "correctable: {'entity': ['$skip', '@subject'], 'retracted': '$void'} does not"),
        ("fields.Mass", {}, "fields: 'Mass' is no field name; write a-z, 0-9 and _, beginning with a letter"),
        ("fields.class", {}, "fields: 'class' is no field name"),
        ("fields._x", {}, "fields: '_x' is no field name"),
        ("fields.waste.type", "string", "fields.waste.type: 'string' is not known; write one of integer, decimal, tex"),
        ("fields.mass_t.scale", GONE, "fields.mass_t.scale: 0 for a decimal; write how many decimals it carries, 1 to"),
        ("fields.mass_t.scale", 10, "fields.mass_t.scale: 10 for a decimal"),
        ("fields.revision.scale", 2, "fields.revision.scale: 2 on a field of type integer; only a decimal has a scale"),
        ("fields.mass_t.min", 13, "fields.mass_t.max: 12.5 is less than min 13; exchange them"),
        ("fields.mass_t.max", 12.3456, "fields.mass_t.max: 12.3456 has more than the 3 decimals of its scale; write a"),
        ("fields.mass_t.max", 1e13, "fields.mass_t.max: 10000000000000.0 must lie between -1000000000000 and 10000000"),
        ("fields.mass_t.max", float("inf"), "fields.mass_t.max: inf must lie between"),
        ("fields.mass_t.max", float("nan"), "fields.mass_t.max: nan must lie between"),
        ("fields.mass_t.max", "12", "fields.mass_t.max: '12' does not fit: Expected `int | float | null`, got `str`"),
        ("fields.revision.max", 2**63, "fields.revision.max: 9223372036854775808 is no whole number of 64 bits"),
        ("fields.revision.max", 2.5, "fields.revision.max: 2.5 is no whole number of 64 bits; write one, or make the"),
        ("fields.waste.max", 3, "fields.waste.max: 3 on a field of type text; only numbers have bounds, leave it out"),
        ("fields.waste.unit", "kg", "fields.waste.unit: 'kg' on a field of type text; only numbers have a unit, leave"),
        ("fields.mass_t.unit", "metric t", "fields.mass_t.unit: 'metric t' is no UCUM code; write s, W.h, m2, % or 1"),
        ("fields.waste.distinct_at_most", 3, "fields.waste.distinct_at_most: 3 beside 2 values; a closed set is bound"),
        ("fields.depot.distinct_at_most", 0, "fields.depot.distinct_at_most: 0 is no number of things"),
        ("fields.revision.distinct_at_most", 3, "fields.revision.distinct_at_most: on a field of type integer; only a"),
        ("fields.void.values", ["a"], "fields.void.values: on a field of type boolean; only a text has values, leave"),
        ("fields.waste.values", ["a", "a"], "fields.waste.values: ['a', 'a'] has empty or repeated texts; write each"),
        ("fields.waste.values", ["a", ""], "fields.waste.values: ['a', ''] has empty or repeated texts"),
        ("fields.waste.values", [True], "fields.waste.values[0]: [True] does not fit: Expected `str`, got `bool`; put"),
    ],
)
def test_mistake(path: str, value: Any, message: str) -> None:
    found = problems(changed(path, value))
    assert any(problem.startswith(f"skip.yaml: {message}") for problem in found), found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("type: [", "not readable as YAML"),
        ("key: @subject", "texts that begin with @"),
        ("", "the file: None is no mapping; write keys with values"),
        ("- 1", "the file: [1] is no mapping"),
        (GOOD + "cadence: 1h\n", "line 19, column 1: key 'cadence' stands twice; keep one"),
        (GOOD.replace("unit: t,", "unit: t, unit: kg,"), "key 'unit' stands twice"),
        ("a: &x [1]\nb: *x", "line 2, column 4: aliases are not read; write the value out"),
        ("a: &x [*x]", "aliases are not read"),
        ("[" * 1_000, "nested deeper than 20 levels"),
        ("{a: " * 1_000, "nested deeper than 20 levels"),
        ("a: " + "x" * 2_001, "a text of 2001 characters; at most 2000 are read"),
        ("a: " + "9" * 60_000, "a text of 60000 characters"),
        ("# " + "x" * 65_536, "the file has 65538 characters; at most 65536 are read"),
        ("a: 2026-02-30", "dates or numbers need quotation marks"),
        ("!!python/name:os.system x", "could not determine a constructor"),
        ("? [a]\n: b", "unhashable key"),
        ("a: 1\n---\nb: 2", "single document"),
        ("a: \x07", "special characters are not allowed"),
    ],
)
def test_unreadable_file(text: str, words: str) -> None:
    (problem,) = problems(text)[:1]
    assert problem.startswith("skip.yaml: ")
    assert words in problem
    assert len(problem) < 500


def test_all_problems_of_a_file_are_told_at_once() -> None:
    """Also those of a field whose other keys have the wrong form."""
    tree = yaml.safe_load(GOOD)
    tree |= {"cadance": "1h", "horizon": "1s", "topic": 3, "key": "$nothing"}
    tree["fields"]["mass_t"] |= {"min": "0", "unit": "a b", "max": 1.00001}
    tree["fields"]["depot"] = None
    found = problems(yaml.safe_dump(tree))
    places = [problem.split(": ")[1] for problem in found]
    assert places == [
        "cadance", "topic", "horizon", "key", "fields.depot", "fields.mass_t.min", "fields.mass_t.unit",
    ]  # fmt: skip


def test_a_field_with_problems_is_not_called_unknown_as_well() -> None:
    found = problems(changed("fields.skip.type", "string"))
    assert len(found) == 1


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates() | st.just("$skip")
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LEAVES, inner, max_size=3))
PLACES = [*yaml.safe_load(GOOD), "title.de", "correctable.version", "fields.mass_t", "fields.skip.values"]
PLACES += [f"fields.mass_t.{field.name}" for field in msgspec.structs.fields(Field)]


@settings(max_examples=300, deadline=None)
@given(place=st.sampled_from(PLACES), value=TREES)
@example(place="title", value={"\n": None})
def test_any_value_anywhere_is_accepted_or_explained(place: str, value: Any) -> None:
    try:
        found: tuple[str, ...] = () if parse_contract(changed(place, value), "skip.yaml").fields else ("no fields",)
    except ContractError as error:
        found = error.problems
    assert all(line.startswith("skip.yaml: ") and len(line) < 500 and "\n" not in line for line in found)


@given(st.text(max_size=200))
def test_any_text_is_explained(text: str) -> None:
    assert problems(text)
