"""Contracts drafted from samples: what is proposed, what is asked, and that the answers make a contract of it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cityhub.sdk.conformance import violations
from cityhub.sdk.contract import parse_contract
from cityhub.sdk.draft import draft
from cityhub.sdk.errors import ContractError, SamplesUnusable
from tests.unit.sdk.sample_contract import changed

TYPE = "de.duisburg.wbd.skip.weighed.v1"
WEIGHED = [
    {"skipId": "s-1", "massT": 1.25, "void": None, "waste": "glass", "at": "2026-11-23T08:00:00Z", "pos": {"lat": 51}},
    {"skipId": "s-2", "massT": 2, "void": False, "waste": "glass", "at": "2026-11-23T09:00:00Z", "pos": {"lat": 51.4}},
    {"skipId": "s-3", "massT": 0.5, "void": True, "waste": "paper", "at": "2026-11-23T09:00:00Z", "pos": {"lat": 51.5}},
    {"skipId": "s-4", "massT": 0.5, "waste": "paper", "at": "2026-11-23T09:00:00Z", "pos": {"lat": 51.5}, "if": 3},
]
ANSWERS = {"unit": "1", "min": -(10**6), "max": 10**6, "distinct_at_most": 1000, "personal": True, "scale": 9}


def proposed(samples: Any, type_: str = TYPE) -> dict[str, Any]:
    tree: dict[str, Any] = yaml.safe_load(draft(json.dumps(samples).encode(), type_))
    return tree


def answered(tree: dict[str, Any]) -> dict[str, Any]:
    """As somebody who knows the events would fill it in."""
    names = {"type": TYPE, "topic": "du.evt.wbd.skip.v1", "title": {"de": "a", "en": "b"}}
    tree |= {"owner": "WBD", "purpose": {"de": "a", "en": "b"}}
    tree |= names | {"cadence": "1h", "lateness": "1h", "horizon": "1d", "events_per_day_at_most": 1000}
    for field in tree["fields"].values():
        field["meaning"] = {"de": "a", "en": "b"}
        for key, value in field.items():
            if str(value).startswith("TODO"):
                field[key] = ANSWERS[key]
    return tree


def test_types_and_names_are_read_off() -> None:
    fields = proposed(WEIGHED)["fields"]
    assert {name: (field["type"], field.get("optional", False)) for name, field in fields.items()} == {
        "skip_id": ("text", False),
        "mass_t": ("decimal", False),
        "void": ("boolean", True),
        "waste": ("text", False),
        "at": ("instant", False),
        "pos_lat": ("decimal", False),
        "if_": ("integer", True),
    }
    assert (fields["mass_t"]["scale"], fields["pos_lat"]["scale"]) == (2, 1)
    assert fields["waste"]["values"] == ["glass", "paper"]
    assert fields["mass_t"]["min"] == "TODO 0.5 seen; what is the least possible?"
    assert fields["pos_lat"]["meaning"]["en"] == "TODO what does pos.lat say?"


def test_texts_that_do_not_repeat_are_not_written_down_and_all_are_asked_about() -> None:
    text = draft(json.dumps([{"driver": "Erika Mustermann"}, {"driver": "Max Mustermann"}]).encode(), TYPE)
    assert "Mustermann" not in text
    asked = "TODO true when it can name or follow a person"
    assert yaml.safe_load(text)["fields"]["driver"]["personal"] == asked
    assert proposed(WEIGHED)["fields"]["waste"]["personal"] == asked


def test_every_open_question_is_named_and_nothing_else() -> None:
    text = draft(json.dumps(WEIGHED).encode())
    with pytest.raises(ContractError) as refused:
        parse_contract(text, "skip.yaml")
    asked = re.findall(r"TODO", text)
    assert len(refused.value.problems) == len(asked)
    assert all("is an open question; answer it" in problem for problem in refused.value.problems)
    assert "skip.yaml: cadence: 'TODO how often are news expected? such as 10min' is an open" in str(refused.value)


def test_one_question_left_is_enough_to_refuse() -> None:
    with pytest.raises(ContractError) as refused:
        parse_contract(changed("title.en", "TODO what happened?"), "skip.yaml")
    assert str(refused.value) == "skip.yaml: title.en: 'TODO what happened?' is an open question; answer it"
    assert parse_contract(changed("title.en", "TODOs were done"), "skip.yaml").title.en == "TODOs were done"


@pytest.mark.parametrize(
    ("values", "question"),
    [
        ([1, "a"], "TODO integer and text seen; what is to be counted of it?"),
        ([[1]], "TODO list seen; what is to be counted of it?"),
        ([{}], "TODO empty object seen; what is to be counted of it?"),
        ([None], "TODO it was never known; what is it?"),
        (["2026-11-23T08:00:00"], "TODO time without offset seen; what is to be counted of it?"),
    ],
)
def test_what_has_no_type_is_asked(values: list[Any], question: str) -> None:
    assert proposed([{"x": value} for value in values])["fields"]["x"]["type"] == question


def test_names_that_meet_are_told_apart() -> None:
    names = proposed([{"Füllstand": 1, "fuellstand": 2, "1": 3, "": 4, "class": 5, "x" * 99: 6}])["fields"]
    assert list(names) == ["fuellstand", "fuellstand_2", "n1", "n", "class_", "x" * 60]


def test_more_decimals_than_a_contract_carries_are_asked() -> None:
    scale = proposed([{"x": 0.12345678901}])["fields"]["x"]["scale"]
    assert scale == "TODO 11 decimals seen; round them to how many?"


def event(type_: str, **data: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "type": type_, "id": "1", "data": data}


def test_cloudevents_say_their_type() -> None:
    other = TYPE.replace("skip", "bin")
    tree = proposed([event(TYPE, kg=1), event(TYPE, kg=2)], "")
    assert (tree["type"], tree["topic"], list(tree["fields"])) == (TYPE, "du.evt.wbd.skip.v1", ["kg"])
    with pytest.raises(SamplesUnusable, match="events of 2 types; choose one with --type: de"):
        proposed([event(TYPE, kg=1), event(other, fill=2)], "")
    assert list(proposed([event(TYPE, kg=1), event(other, fill=2)], other)["fields"]) == ["fill"]
    with pytest.raises(SamplesUnusable, match=f"no event of type {other}; there are {TYPE}"):
        proposed([event(TYPE, kg=1)], other)


@pytest.mark.parametrize(
    "body", [b'{"a": 1}', b'[{"a": 1}]', b'{"a": 1}\n\n{"a": 2}\n', b'\xef\xbb\xbf\n{"a":1}\r\n{"a":2}']
)
def test_array_object_and_lines_are_read(body: bytes) -> None:
    assert list(yaml.safe_load(draft(body))["fields"]) == ["a"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "no JSON"),
        (b"[]", "no message in it"),
        (b"nope", "no JSON"),
        (b'{"a": 1}\nnope', "line 2 is no JSON"),
        (b"[1]", "message 1 is no object"),
        (b'{"a": NaN}', "no JSON"),
        (b'{"a": 1}\n[2]', "message 2 is no object"),
        (b"[" * 100_000, "no JSON"),
        (b'{"a": "\xff"}', "no JSON"),
        (b'{"a": 1e400}', "no JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "no JSON"),
    ],
)
def test_what_cannot_be_read_is_named(body: bytes, words: str) -> None:
    with pytest.raises(SamplesUnusable, match=words):
        draft(body)


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**6), 10**6),
    st.decimals(-1000, 1000, places=3).map(float),
    st.sampled_from(["a", "b", " ", "2026-11-23T08:00:00Z", "2026-11-23T08:00"]),
)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), values, min_size=1), min_size=1, max_size=8))
@settings(max_examples=300, deadline=None)
def test_an_answered_draft_takes_all_its_samples(samples: list[dict[str, Any]]) -> None:
    tree = proposed(samples)
    for name in [name for name, field in tree["fields"].items() if field["type"].startswith("TODO")]:
        del tree["fields"][name]
    if tree["fields"]:
        one = parse_contract(yaml.safe_dump(answered(tree)), "draft.yaml")
        assert [violations(one, sample) for sample in samples] == [[]] * len(samples)
