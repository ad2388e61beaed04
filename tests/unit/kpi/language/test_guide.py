"""The guide's examples are definitions, and its table of errors knows every message."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from cityhub.kpi.definition import load_catalogue, parse_definition
from tests.unit.kpi.language.contracts import faults
from tests.unit.kpi.language.test_faults import FAULTS

ROOT = Path(__file__).parents[4]
GUIDE = (ROOT / "docs" / "kpi-language.md").read_text("utf-8")
EXAMPLES = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", GUIDE, re.S)]
TERMS = re.findall(r"\| `(\{.*?\})` \|$", GUIDE, re.M)


@pytest.mark.parametrize("example", EXAMPLES, ids=[next(iter(example["measure"])) for example in EXAMPLES])
def test_examples_are_definitions(example: dict[str, Any]) -> None:
    text = yaml.safe_dump({**EXAMPLES[0], "dimensions": [], "beside": {}, **example}, allow_unicode=True)
    assert parse_definition(text, "guide").unit == example["unit"]


def test_the_first_example_is_m01() -> None:
    text = yaml.safe_dump({**EXAMPLES[0], "scopes": ["city"]}, allow_unicode=True)
    assert parse_definition(text, "guide").hash == load_catalogue()["M01"].hash


def test_every_message_stands_in_the_table() -> None:
    cells = re.findall(r"^\| (`.*?) \|", GUIDE.split("## Errors")[1], re.M)
    phrases = [phrase for cell in cells for phrase in re.findall(r"`([^`]+)`", cell)]
    quoted = re.compile(r"…|\$colour|'arrived'|decided|\b\d\b")  # stands for what the writer wrote
    known = [re.compile(".+".join(map(re.escape, quoted.split(phrase)))) for phrase in phrases]
    told = [
        line
        for fault in FAULTS
        for line in faults(fault["measure"], fault.get("sources", "bins"), **{"unit": "min", **fault.get("more", {})})
    ]
    assert [line for line in told if not any(pattern.search(line) for pattern in known)] == []


def test_examples_of_terms_and_predicates_are_yaml() -> None:
    assert len(TERMS) > 10
    for term in TERMS:
        assert len(yaml.safe_load(term)) == 1
