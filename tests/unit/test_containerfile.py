"""The recipe of the image, read as a builder would: no engine runs here."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from typing import NamedTuple

import pytest

from tests.unit.helm.chart import CHART, ROOT

RECIPE = ROOT / "Containerfile"
KNOWN = {"FROM", "RUN", "COPY", "WORKDIR", "ENV", "USER", "EXPOSE", "ENTRYPOINT", "CMD"}


class Step(NamedTuple):
    """One instruction. Attributes: stage: number of its FROM, counted from 0."""

    stage: int
    word: str
    rest: str


@pytest.fixture(scope="module")
def steps() -> Sequence[Step]:
    """The recipe; comments and continued lines are resolved."""
    text = "\n".join(line for line in RECIPE.read_text("utf-8").splitlines() if not line.startswith("#"))
    found: list[Step] = []
    for line in filter(None, re.sub(r"\\\n\s*", "", text).splitlines()):
        word, rest = line.split(maxsplit=1)
        stage = sum(step.word == "FROM" for step in found) - (word != "FROM")
        found.append(Step(stage, word, rest))
    return found


def words(steps: Sequence[Step], word: str) -> list[Step]:
    return [step for step in steps if step.word == word]


def test_only_known_instructions_and_nothing_from_the_network(steps: Sequence[Step]) -> None:
    assert {step.word for step in steps} == KNOWN  # no ADD
    assert not [step for step in steps if "://" in step.rest]


def test_every_command_is_a_list_of_words_and_no_shell_runs(steps: Sequence[Step]) -> None:
    for word in ("RUN", "ENTRYPOINT", "CMD"):
        for step in words(steps, word):
            command = json.loads(step.rest)
            assert command[0].rsplit("/", 1)[-1] in {"python", "cityhub", "--help"}
            assert "-c" not in command


def test_everything_that_is_copied_is_there_and_let_into_the_build(steps: Sequence[Step]) -> None:
    let_in = {line[1:] for line in (ROOT / ".containerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    copied = {name for step in words(steps, "COPY") if "--from" not in step.rest for name in step.rest.split()[:-1]}
    assert copied == let_in
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_every_folder_of_the_wheel_is_copied(steps: Sequence[Step]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    targets = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    copied = {step.rest.split()[0] for step in words(steps, "COPY")}
    assert {folder.split("/")[0] for folder in targets} <= copied


def test_what_is_installed_is_locked(steps: Sequence[Step]) -> None:
    installs = [json.loads(step.rest) for step in words(steps, "RUN") if "install" in step.rest]
    assert len(installs) == 2
    assert "--require-hashes" in installs[0]
    assert {"--no-index", "--no-deps", "--no-build-isolation"} <= set(installs[1])
    locked = (ROOT / "requirements" / "hub.txt").read_text("utf-8")
    assert locked.count("\n    --hash=sha256:") >= locked.count("==") > 50
    assert "hatchling==" in locked


def test_the_last_stage_holds_the_result_only_and_is_nobody(steps: Sequence[Step]) -> None:
    last = max(step.stage for step in steps)
    assert last == 1
    assert not [step for step in words(steps, "RUN") if step.stage == last]
    assert [step.rest for step in words(steps, "COPY") if step.stage == last] == [
        "--from=build /opt/cityhub /opt/cityhub"
    ]
    (user,) = words(steps, "USER")
    pod = (CHART / "templates" / "_helpers.tpl").read_text("utf-8")
    assert user.rest == "10001:10001"
    assert "runAsUser: 10001\nrunAsGroup: 10001" in pod
    assert json.loads(words(steps, "ENTRYPOINT")[0].rest) == ["cityhub"]


def test_both_stages_have_one_base_whose_tag_is_exact(steps: Sequence[Step]) -> None:
    bases = {step.rest.split()[0] for step in words(steps, "FROM")}
    assert len(bases) == 1
    (base,) = bases
    assert re.fullmatch(r"docker\.io/library/python:3\.11[\w.-]*-\w+(@sha256:[0-9a-f]{64})?", base)


def test_the_versions_are_the_same_everywhere() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    chart = (CHART / "Chart.yaml").read_text("utf-8")
    assert f"\nappVersion: {version}\n" in chart
    assert f"cityhub:{version} ." in RECIPE.read_text("utf-8")
