"""`cityhub contract`: as it is typed, and its documents against the official schemas."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator, Draft201909Validator

from cityhub.bus.topics import values
from cityhub.hub.asyncapi import asyncapi
from cityhub.hub.run.topics import wanted
from cityhub.sdk.contract import load_contracts
from cityhub.sdk.odcs import odcs
from tests.unit.hub.commands import code_and_words
from tests.unit.sdk.sample_contract import changed, contract

DATA = Path(__file__).parents[2] / "data"
FILL = "de.duisburg.wbd.bin.level-observed.v1"
SHIPPED = files("cityhub.sdk").joinpath("contracts/wbd/bin.level-observed.v1.yaml").read_text("utf-8")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "bin.yaml"
    path.write_text(SHIPPED, "utf-8")
    return path


def schema(name: str) -> Any:
    return json.loads((DATA / name).read_text("utf-8"))


def test_all_are_listed_with_their_readers() -> None:
    code, words = code_and_words("contract", "list")
    assert code == 0
    assert next(line for line in words.splitlines() if line.startswith(FILL)).endswith("1h       I11")
    code, words = code_and_words("contract", "list", "--json")
    assert {one["type"] for one in json.loads(words)} == set(load_contracts())


def test_lint_names_every_problem_of_every_file(file: Path) -> None:
    assert code_and_words("contract", "lint", str(file)) == (0, f"{file}: good\n")
    bad = file.with_name("bad.yaml")
    bad.write_text(changed("cadence", "x").replace("12.5", "TODO"), "utf-8")
    code, words = code_and_words("contract", "lint", str(file), str(bad))
    assert code == 1
    assert f"{bad}: cadence: duration 'x' is not a whole number" in words
    assert f"{bad}: fields.mass_t.max: 'TODO' is an open question; answer it" in words
    bad.write_bytes(b"\xff")
    code, words = code_and_words("contract", "lint", str(bad), "--json")
    assert code == 1
    assert "not readable as UTF-8" in json.loads(words)[str(bad)][0]


def test_a_compatible_change_passes_and_names_who_reads(file: Path) -> None:
    file.write_text(SHIPPED.replace("lateness: 6h", "lateness: 8h"), "utf-8")
    code, words = code_and_words("contract", "check", str(file))
    assert code == 0
    assert words.startswith(f"{FILL}: compatible\n")
    assert "I11  1        infrastruktur/I11.yaml  reads" in words


def test_who_answers_and_what_for_is_told_everywhere_and_may_change(file: Path) -> None:
    owner, purpose = "Wirtschaftsbetriebe Duisburg", "To see which bins are overfull, and plan emptying."
    line = next(one for one in code_and_words("contract", "list")[1].splitlines() if one.startswith(FILL))
    assert owner in line
    document = yaml.safe_load(code_and_words("contract", "odcs", FILL)[1])
    assert document["team"]["name"] == owner
    assert document["description"]["purpose"].startswith(f"{purpose}; I11 Overfull bins: ")
    message = asyncapi(load_contracts(), wanted())["components"]["messages"][FILL]
    assert (message["x-owner"], message["description"]) == (owner, purpose)
    file.write_text(SHIPPED.replace(owner, "WBD").replace(purpose, "For I11."), "utf-8")
    code, words = code_and_words("contract", "check", str(file))
    assert (code, words.splitlines()[0]) == (0, f"{FILL}: compatible")


def test_a_break_is_told_with_the_kpi(file: Path) -> None:
    file.write_text(SHIPPED.replace("max: 1", "max: 0.8"), "utf-8")
    code, words = code_and_words("contract", "check", str(file))
    assert code == 1
    assert f"{FILL}: breaks\n  fields.fill.max: was 1, is 0.8: events that were right would be refused" in words
    assert "I11  1        infrastruktur/I11.yaml  breaks" in words
    code, words = code_and_words("contract", "check", str(file), "--json")
    told = json.loads(words)
    assert (code, told["compatible"], told["is"], told["readers"][0]["id"]) == (1, False, "shipped", "I11")
    assert code_and_words("contract", "impact", str(file))[0] == 1


def test_a_kpi_alone_is_enough_to_say_no(file: Path) -> None:
    file.write_text(SHIPPED.replace("topic:", "status: retired\ntopic:"), "utf-8")
    code, words = code_and_words("contract", "check", str(file))
    assert code == 1
    assert "the contract of de.duisburg.wbd.bin.level-observed.v1 is retired" in words


def test_a_new_type_has_nothing_to_break(file: Path) -> None:
    file.write_text(SHIPPED.replace("observed.v1", "observed.v2"), "utf-8")
    assert code_and_words("contract", "check", str(file))[0] == 0
    assert "a new type, nothing rests on it" in code_and_words("contract", "check", str(file))[1]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("impact", "de.duisburg.wbd.bin.level-observed.v7"), 1, "no contract for event type"),
        (("schema", "x"), 1, "no contract for event type 'x'"),
        (("odcs", "x"), 1, "no contract for event type 'x'"),
        (("check", "nowhere.yaml"), 2, "nowhere.yaml cannot be read: No such file or directory; name a file"),
        (("lint", "nowhere.yaml"), 2, "cannot be read"),
        (("draft", "nowhere.json"), 2, "cannot be read"),
        (("impact", "nowhere.yaml"), 2, "cannot be read"),
        (("lint",), 2, ""),
    ],
)
def test_bad_input_is_named(arguments: tuple[str, ...], code: int, words: str) -> None:
    found, said = code_and_words("contract", *arguments)
    assert found == code
    assert words in said


def test_what_is_no_contract_is_wrong_usage(file: Path) -> None:
    file.write_text("[]", "utf-8")
    code, words = code_and_words("contract", "check", str(file))
    assert (code, words) == (2, f"{file}: the file: [] is no mapping; write keys with values")


def test_a_draft_goes_to_lint(tmp_path: Path) -> None:
    samples = tmp_path / "samples.json"
    samples.write_text('[{"kg": 1}, {"kg": 2}]', "utf-8")
    code, text = code_and_words("contract", "draft", str(samples), "--type", "de.duisburg.wbd.skip.weighed.v1")
    assert code == 0
    drafted = tmp_path / "draft.yaml"
    drafted.write_text(text, "utf-8")
    code, words = code_and_words("contract", "lint", str(drafted))
    assert (code, words.count("is an open question")) == (1, text.count("TODO"))
    samples.write_text("nope", "utf-8")
    assert code_and_words("contract", "draft", str(samples))[0] == 2


def test_readers_and_schema_of_a_type() -> None:
    code, words = code_and_words("contract", "impact", FILL, "--json")
    assert (code, [one["id"] for one in json.loads(words)]) == (0, ["I11"])
    assert code_and_words("contract", "impact", "de.duisburg.city.reference.set.v1") == (0, "no KPI reads it\n")
    code, words = code_and_words("contract", "schema", FILL)
    assert (code, json.loads(words)["required"]) == (0, ["fill"])


@pytest.mark.parametrize("type_", load_contracts())
def test_odcs_keeps_to_its_official_schema(type_: str) -> None:
    code, words = code_and_words("contract", "odcs", type_)
    assert code == 0
    official = Draft201909Validator(schema("odcs-json-schema-v3.1.0.json"))
    assert list(official.iter_errors(yaml.safe_load(words))) == []


def test_odcs_says_all_of_a_contract() -> None:
    official = Draft201909Validator(schema("odcs-json-schema-v3.1.0.json"))
    document = odcs(contract(), ["X01 Skips: How heavy?"])
    assert list(official.iter_errors(document)) == []
    assert document["description"]["purpose"] == "X01 Skips: How heavy?"
    properties = {one["name"]: one for one in document["schema"][0]["properties"]}
    assert (properties["skip"]["partitionKeyPosition"], properties["driver"]["classification"]) == (1, "personal")
    custom = {
        name: {more["property"]: more["value"] for more in one["customProperties"]} for name, one in properties.items()
    }
    assert custom["mass_t"] == {"unit": "t", "scale": 3, "dimension": False}
    assert {name for name, one in custom.items() if one["dimension"]} == {"void", "waste", "depot"}
    assert {one["property"]: one["value"] for one in document["slaProperties"]} == {
        "frequency": 30,
        "latency": 600,
        "horizon": 21_600,
        "throughput": 10_000_000,
    }
    del document["schema"][0]["name"]
    assert list(official.iter_errors(document)) != []


def test_asyncapi_keeps_to_its_official_schema() -> None:
    code, words = code_and_words("contract", "asyncapi")
    assert code == 0
    document = yaml.safe_load(words)
    official = Draft7Validator(schema("asyncapi-3.1.0.json"))
    assert list(official.iter_errors(document)) == []
    document["channels"]["du.kpi.value.v1"]["bindings"]["kafka"]["partitions"] = 0
    assert list(official.iter_errors(document)) != []
    assert json.loads(code_and_words("contract", "asyncapi", "--json")[1])["asyncapi"] == "3.1.0"


def test_every_topic_and_every_type_is_in_it_and_every_reference_leads_somewhere() -> None:
    document = asyncapi(load_contracts(), wanted())
    assert set(document["channels"]) == {spec.name for spec in wanted()}
    carried = {name for topic, one in document["channels"].items() if ".evt." in topic for name in one["messages"]}
    assert carried == set(load_contracts())
    kafka = document["channels"][values().name]["bindings"]["kafka"]
    assert (kafka["partitions"], kafka["topicConfiguration"]["cleanup.policy"]) == (4, ["compact"])
    for target in references(document):
        place = document
        for step in target.removeprefix("#/").split("/"):
            place = place[step]
    actions = {name: one["action"] for name, one in document["operations"].items()}
    assert {name for name, action in actions.items() if action == "receive"} == {
        "receive-du.in.dvv.transit",
        "receive-du.in.wbd.bin",
    }


def references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if "$ref" in part else []
        return own + [one for value in part.values() for one in references(value)]
    return [one for value in part for one in references(value)] if isinstance(part, list) else []
