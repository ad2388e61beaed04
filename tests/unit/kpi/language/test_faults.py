"""Every error a writer of definitions will make has a message of its own: place, value, remedy."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.kpi.language.contracts import faults

FAULTS = yaml.safe_load(Path(__file__).with_name("faults.yaml").read_text("utf-8"))


@pytest.mark.parametrize("fault", FAULTS, ids=[fault["says"][:60] for fault in FAULTS])
def test_faults_are_explained(fault: dict[str, Any]) -> None:
    found = faults(fault["measure"], fault.get("sources", "bins"), **{"unit": "min", **fault.get("more", {})})
    assert [line for line in found if re.match(fault["says"], line)], found


@pytest.mark.parametrize(
    ("verb", "measure"),
    [
        ("state", {"of": "flats", "entity": "@subject", "value": "$area", "hold_at_most": "1h"}),
        ("latest", {"of": "flats", "entity": "@subject", "value": "$area"}),
        ("distinct", {"of": "flats", "value": "@subject"}),
        (
            "pairs",
            {
                "of": "flats",
                "entity": "@subject",
                "differ": "@source",
                "at": ["$version", "$version"],
                "within_m": 150,
                "overlap": ["@time", "@time"],
            },
        ),
        ("join", {"key": "@subject", "first": "flats", "then": "bins", "measure": "count"}),
    ],
)
def test_entities_of_correctable_streams_are_refused(verb: str, measure: Any) -> None:
    found = faults({verb: measure}, "flats bins" if verb == "join" else "flats")
    assert any(f"is correctable, and {verb} cannot take a version back; use count, sum" in line for line in found), (
        found
    )


@pytest.mark.parametrize(
    "measure",
    [
        {"count": "flats"},
        {"sum": {"of": "flats", "value": "$area"}},
        {"quantile": {"of": "flats", "value": "$area", "at": [0.5]}},
        {"ratio": {"of": {"sum": {"of": "flats", "value": "$area"}}, "over": {"count": "flats"}}},
    ],
)
def test_additive_measures_over_correctable_streams_are_allowed(measure: Any) -> None:
    assert faults(measure, "flats", unit="1" if "count" in measure else "m2") == []


def test_faults_of_all_sections_come_together() -> None:
    ratio = {
        "of": {"count": "bins", "where": {"eq": ["$kindd", "x"]}},
        "over": {"sum": {"of": "bins", "value": "$kind"}},
    }
    beside = {"much": {"name": {"de": "viel", "en": "much"}, "sum": {"of": "bins", "value": "$free"}}}
    found = faults({"ratio": ratio}, "bins served", field="stadt", dimensions=["street"], beside=beside, owner=...)
    assert sorted(line.split(": ")[0] for line in found) == [
        "beside.much.sum",
        "dimensions.street.bins",
        "dimensions.street.served",
        "field",
        "measure.ratio.of.where.eq[0]",
        "measure.ratio.over.sum.value",
        "owner",
        "sources.served",
    ]
