"""The chart renders what is kept of it, and what Kubernetes and the operators take."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.unit.helm import schemas, tools
from tests.unit.helm.chart import ALERTS, CHART, EXAMPLES, TOPICS, alerts_file, golden, helm, render, topics_file

REMEDY = "after a change of the chart or of the contracts: python -m tests.unit.helm.chart"


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of schemas."""
    place = tmp_path_factory.mktemp("schemas")
    try:
        schemas.write(place)
    except tools.Unavailable as why:
        pytest.skip(str(why))
    return place


def kubeconform(place: Path, file: Path) -> subprocess.CompletedProcess[str]:
    program = tools.BIN / "kubeconform"
    where = f"{place}/{schemas.NAMED}"
    return subprocess.run(
        [program, "-strict", "-summary", "-schema-location", where, file], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_lint_has_nothing_to_say(example: Path) -> None:
    assert "0 chart(s) failed" in helm("lint", "--strict", str(CHART), f"--values={example}")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_renders_as_it_is_kept(example: Path) -> None:
    assert render(example) == golden(example).read_text("utf-8"), REMEDY


def test_every_kept_rendering_has_its_example() -> None:
    assert sorted(path.name for path in (CHART / "examples" / "rendered").iterdir()) == [one.name for one in EXAMPLES]


def test_the_topics_are_those_of_the_code_and_the_alerts_those_of_the_page() -> None:
    assert TOPICS.read_text("utf-8") == topics_file(), REMEDY
    assert ALERTS.read_text("utf-8") == alerts_file(), REMEDY


def test_every_alert_says_what_to_do() -> None:
    rules = yaml.safe_load(ALERTS.read_text("utf-8"))
    assert len(rules) >= 15
    for rule in rules:
        assert re.fullmatch(r"\d+[mh]", rule["for"]), rule
        assert rule["labels"]["severity"] in {"info", "warning", "critical"}
        assert len(rule["annotations"]["runbook"]) > 30
        assert "cityhub_" in rule["expr"] or "process_start_time_seconds" in rule["expr"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_kubernetes_and_the_operators_take_every_object(example: Path, published: Path) -> None:
    done = kubeconform(published, golden(example))
    assert done.returncode == 0, done.stdout
    objects = golden(example).read_text("utf-8").count("\nkind: ")
    assert f"Valid: {objects}, Invalid: 0, Errors: 0, Skipped: 0" in done.stdout


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("readOnlyRootFilesystem: true", "readOnlyRootFileSystem: true"),
        ("maxReplicaCount: 8", "maxReplicas: 8"),
        ("podMetricsEndpoints:", "endpoints:"),
        ("type: scram-sha-512", "type: oauth"),
        ("policyTypes: [Egress]", "policyTypes: Egress"),
    ],
)
def test_the_schemas_are_strict(right: str, wrong: str, published: Path, tmp_path: Path) -> None:
    whole = golden(CHART / "examples" / "city.yaml").read_text("utf-8")
    assert right in whole
    (tmp_path / "wrong.yaml").write_text(whole.replace(right, wrong, 1))
    done = kubeconform(published, tmp_path / "wrong.yaml")
    assert done.returncode == 1
    assert "is invalid" in done.stdout


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_notes_name_the_next_commands(example: Path) -> None:
    notes = render(example, notes=True).split("NOTES:")[1]
    for command in ("rollout status deployment/cityhub-web", "helm test cityhub", "-- cityhub kpi list"):
        assert command in notes
    assert "https://hub.example" in notes
    assert ("marked synthetic" in notes) is (example.stem == "one-node")
    assert ("one copy of each record" in notes) is (example.stem == "one-node")


def test_every_value_is_described() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
    schema = yaml.safe_load((CHART / "values.schema.json").read_text("utf-8"))

    def walk(given: object, described: dict[str, object], path: str) -> list[str]:
        reference = str(described.get("$ref", "")).removeprefix("#/$defs/")
        target = {**schema["$defs"].get(reference, {}), **described}
        if not isinstance(given, dict) or "properties" not in target:
            return [] if str(target.get("description", "")).endswith(".") else [path]
        assert target["additionalProperties"] is False, f"{path} takes anything"
        inner = target["properties"]
        return [found for name, one in given.items() for found in walk(one, inner[name], f"{path}.{name}")]

    assert walk(values, schema, "") == []
