"""`cityhub kpi versions | activate | value --version`: answers, exit codes, and what is said of bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cityhub.hub import cli
from cityhub.hub.commands.proof import audit
from tests.unit.kpi.versions.hub import Hub

OPTIONS = ("--by", "Leitung", "--why", "stricter: two minutes")


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """A hub that counts version 1 of M01, with a file of version 2."""
    made = Hub(tmp_path, "M01", per_type=30)
    made.count(10_000)
    made.publish()

    monkeypatch.setattr("cityhub.kpi.definition.load_catalogue", lambda: made.catalogue)
    return made


def said(hub: Hub, *arguments: str) -> tuple[int, str]:
    """Code and words as the program ends: an exception is a message and a code."""
    data = str(Path(str(hub.database.path)).parent)
    result = CliRunner().invoke(cli.app, ["kpi", *arguments, "--data", data], env={"CITYHUB_DATA": ""})
    if result.exception is None or isinstance(result.exception, SystemExit):
        return result.exit_code, result.output
    assert isinstance(result.exception, Exception)
    return cli.exit_code(result.exception), str(result.exception)


def states(hub: Hub) -> list[list[str]]:
    code, words = said(hub, "versions", "M01")
    assert code == 0
    return [line.split() for line in words.splitlines()[1:]]


def test_a_version_on_its_way_from_waiting_to_counted(hub: Hub) -> None:
    hashes = [hub.catalogue.version("M01", number).hash[:12] for number in (1, 2)]
    assert [row[:3] for row in states(hub)] == [["1", hashes[0], "counts"], ["2", hashes[1], "waiting"]]

    code, words = said(hub, "activate", "M01", "2", *OPTIONS)
    assert code == 0
    assert "M01 2 is wanted" in words
    assert "`cityhub kpi versions M01` shows how far it is" in words
    assert [row[2] for row in states(hub)] == ["counts", "wanted,"]
    assert "0% counted" in said(hub, "versions", "M01")[1]
    assert "Leitung" in said(hub, "versions", "M01")[1]

    for _ in hub.backfill(hub.decisions()[-1]):
        pass
    hub.publish()
    assert [row[2] for row in states(hub)] == ["left", "counts"]
    found = json.loads(said(hub, "versions", "M01", "--json")[1])
    assert [(one["version"], one["counts"]) for one in found["versions"]] == [(1, False), (2, True)]
    assert [(one["version"], one["state"]) for one in found["decisions"]] == [(1, "initial"), (2, "active")]


def test_why_a_version_was_refused_is_shown(hub: Hub) -> None:
    said(hub, "activate", "M01", "2", *OPTIONS)
    with pytest.raises(Exception, match="the audit disagrees"):
        list(hub.backfill(hub.decisions()[-1], audit=lambda *_: ["n differs"]))
    assert [row[2] for row in states(hub)] == ["counts", "refused"]
    assert "stricter: two minutes: the audit disagrees: n differs" in said(hub, "versions", "M01")[1]
    assert said(hub, "activate", "M01", "2", *OPTIONS)[0] == 0


def test_values_of_a_version_that_was_left_can_be_read(hub: Hub) -> None:
    before = json.loads(said(hub, "value", "M01", "--json")[1])
    hub.activate()
    hub.publish()
    after = json.loads(said(hub, "value", "M01", "--json")[1])
    assert (before["definition_version"], after["definition_version"]) == (1, 2)
    assert json.loads(said(hub, "value", "M01", "--version", "1", "--json")[1]) == before
    assert said(hub, "value", "M01", "--version", "3") == (1, "no version 3 of M01; known: 1, 2")


def test_an_audit_by_hand_is_of_the_version_that_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A newer file that nobody has decided on has counted nothing, and is no mismatch."""
    hub = Hub(tmp_path, "M01", per_type=10)
    code = audit(tmp_path / "store.db", str(tmp_path / "archive"), hub.catalogue, ["M01"], as_json=True)
    (told,) = json.loads(capsys.readouterr().out)
    assert (code, told["version"], told["trouble"], told["mismatches"]) == (0, 1, "", 0)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("M01", "1", *OPTIONS), 1, "M01 is counted by version 1 already"),
        (("M01", "3", *OPTIONS), 1, "no version 3 of M01; known: 1, 2"),
        (("Z99", "1", *OPTIONS), 1, "no KPI 'Z99'; known: M01"),
        (("M01", "2", "--by", " ", "--why", "x"), 2, "--by ' ': say who decides and why, in one line of at most 500"),
        (("M01", "2", "--by", "x", "--why", ""), 2, "--why '': say who decides and why"),
        (("M01", "2", "--by", "x", "--why", "a\nb"), 2, r"--why 'a\nb': say who decides and why"),
        (("M01", "2", "--by", "x" * 501, "--why", "y"), 2, f"--by '{'x' * 40}': say who decides"),
        (("M01", "2", "--by", "x"), 2, "Missing option"),
        (("M01", "two", *OPTIONS), 2, "Invalid value for 'version'"),
    ],
)
def test_what_cannot_be_activated_is_said(hub: Hub, arguments: tuple[str, ...], code: int, words: str) -> None:
    found = said(hub, "activate", *arguments)
    assert found[0] == code
    assert words in found[1]
    assert len(hub.decisions()) == 1


def test_a_second_decision_waits_for_the_first(hub: Hub) -> None:
    said(hub, "activate", "M01", "2", *OPTIONS)
    code, words = said(hub, "activate", "M01", "2", *OPTIONS)
    assert code == 1
    assert words.startswith("version 2 of M01 is being activated (Leitung: stricter: two minutes)")


def test_without_a_store_there_is_nothing_to_decide(hub: Hub, tmp_path: Path) -> None:
    arguments = ["kpi", "activate", "M01", "2", *OPTIONS, "--data", str(tmp_path / "nowhere")]
    result = CliRunner().invoke(cli.app, arguments, env={"CITYHUB_DATA": ""})
    assert isinstance(result.exception, Exception)
    assert cli.exit_code(result.exception) == 3
    assert "start the hub first, so that M01 is counted" in str(result.exception)
