"""The contract as JSON Schema: the reference validator and the hub's own check give one verdict."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from cityhub.sdk.conformance import violations
from cityhub.sdk.contract import Contract, load_contracts
from cityhub.sdk.schema import json_schema
from tests.unit.sdk.contract_samples import contracts, data
from tests.unit.sdk.sample_contract import contract

SKIP = contract()
CLOCK = "[0-2][0-9]:[0-6][0-9]:[0-6][0-9]"
GOOD: dict[str, Any] = {
    "skip": "s-1",
    "revision": 1,
    "mass_t": 12.345,
    "waste": "glass",
    "weighed_at": "2026-11-23T08:00:00+01:00",
}


def takes(one: Contract, said: dict[str, Any]) -> bool:
    return bool(Draft202012Validator(json_schema(one)).is_valid(said))


def fits(one: Contract, said: dict[str, Any]) -> bool:
    return not violations(one, said) and said.keys() <= one.fields.keys()


@pytest.mark.parametrize("type_", load_contracts())
def test_every_shipped_contract_gives_a_schema(type_: str) -> None:
    schema = json_schema(load_contracts()[type_])
    Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is False


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_schema_and_check_give_one_verdict(draw: st.DataObject) -> None:
    one = draw.draw(contracts())
    said = draw.draw(data(one, wrong=draw.draw(st.booleans())))
    assert takes(one, said) == fits(one, said)


@given(st.from_regex(rf"\A[0-9]{{4}}-[01][0-9]-[0-2][0-9][T ]{CLOCK}(\.[0-9]{{1,7}})?(Z|[+-][0-2][0-9]:?[0-6][0-9])\Z"))
@settings(max_examples=400)
def test_the_form_of_an_instant_is_the_hubs(text: str) -> None:
    if text[5:10] in ("02-29", "02-30") or text[:4] == "9999":
        return  # days that no calendar has, and a last instant that would be rounded up
    said = {**GOOD, "weighed_at": text}
    assert takes(SKIP, said) == fits(SKIP, said)


@pytest.mark.parametrize(
    ("field", "value"), [("revision", 1.0), ("mass_t", 1.2345), ("weighed_at", "2026-02-30T08:00:00Z")]
)
def test_what_only_the_hub_sees_is_what_the_module_says(field: str, value: Any) -> None:
    said = {**GOOD, field: value}
    assert takes(contract(), said)
    assert not fits(contract(), said)


@pytest.mark.parametrize("mass", [10**12, 10**12 + 1, -(10**12), -(10**12) - 1])
def test_a_decimal_without_bounds_ends_where_readers_are_exact(mass: int) -> None:
    field = {"type": "decimal", "scale": 3, "meaning": {"de": "a", "en": "b"}}
    one = contract("fields.mass_t", field)
    said = {**GOOD, "mass_t": mass}
    assert takes(one, said) == fits(one, said) == (abs(mass) <= 10**12)


def test_the_schema_says_what_validators_do_not_ask() -> None:
    properties = json_schema(contract())["properties"]
    assert properties["mass_t"] == {
        "description": "mass",
        "type": "number",
        "minimum": 0,
        "maximum": 12.5,
        "x-unit": "t",
        "x-scale": 3,
        "x-personal-data": "none",
    }
    assert properties["driver"]["x-personal-data"] == "personal"
    assert properties["depot"] == {
        "description": "depot",
        "type": ["string", "null"],
        "x-distinct-at-most": 9,
        "x-personal-data": "none",
    }
