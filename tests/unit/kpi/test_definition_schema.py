"""Editors and the loader agree on the form of a definition file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cityhub.kpi.definition import definition_files, parse_definition
from cityhub.kpi.definition_schema import definition_schema
from cityhub.kpi.errors import DefinitionError
from cityhub.sdk import plain_yaml

WRITTEN = Path(__file__).parents[3] / "docs" / "kpi" / "definition.schema.json"
VALIDATOR = Draft202012Validator(definition_schema())
FILES = dict(definition_files())


def test_the_schema_is_up_to_date() -> None:
    """Whoever changes the form writes it anew: `cityhub kpi schema > docs/kpi/definition.schema.json`."""
    Draft202012Validator.check_schema(definition_schema())
    assert json.loads(WRITTEN.read_text("utf-8")) == json.loads(json.dumps(definition_schema()))


@pytest.mark.parametrize("where", FILES)
def test_every_definition_has_the_form(where: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(plain_yaml.load(FILES[where]))] == []


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("colour",), "red"),
        (("direction",), "sideways"),
        (("windows",), ["fortnight"]),
        (("measure", "ratio", "under"), {}),
        (("measure",), {"median": {}}),
        (("sources", "departed", "topic"), "du.evt.dvv.transit.v1"),
        (("name",), "Pünktlichkeit"),
    ],
)
def test_what_the_loader_refuses_the_schema_refuses(place: tuple[str, ...], value: Any) -> None:
    tree: Any = plain_yaml.load(FILES["mobilitaet/M01.yaml"])
    inner = tree
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    assert not VALIDATOR.is_valid(tree)
    with pytest.raises(DefinitionError):
        parse_definition(json.dumps(tree), "M01.yaml")
