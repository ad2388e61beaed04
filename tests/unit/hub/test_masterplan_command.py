"""`cityhub masterplan show | import`: answers, exit codes, and what is said of bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cityhub.kpi.store.database import Database
from tests.unit.hub.commands import code_and_words

ROWS = "id;name_de;name_en;kpis\nprojekt-01;Erstes;First;W01\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    Database(tmp_path / "store.db").close()
    return tmp_path


def said(data: Path, *arguments: str) -> tuple[int, str]:
    return code_and_words("masterplan", *arguments, "--data", str(data))


def test_measures_are_imported_and_shown(data: Path) -> None:
    file = data / "measures.csv"
    file.write_text(ROWS, "utf-8")
    code, words = said(data, "show")
    assert code == 0
    assert "Project 01 (placeholder)" in words
    code, words = said(data, "import", str(file), "--by", "Stabsstelle")
    assert code == 0
    assert words == (
        "import 1: 1 measures of masterplan, in place of those that were there\n"
        "its paper says 27: please look whether 1 is right\n"
    )
    words = said(data, "show")[1]
    assert "Project 01 (placeholder)" not in words
    assert ["masterplan", "projekt-01", "First", "W01"] in [line.split() for line in words.splitlines()]
    programmes = json.loads(said(data, "show", "--json")[1])["programmes"]
    assert [one["imported"] for one in programmes] == [True, False, False]


@pytest.mark.parametrize(
    ("content", "options", "code", "words"),
    [
        (ROWS.replace("W01", "W99"), (), 2, "measures.csv: projekt-01: kpis: there is no KPI 'W99'"),
        (
            ROWS,
            ("--programme", "wedau"),
            2,
            "programme: 'wedau' is none with measures; use one of masterplan, quarters",
        ),
        (ROWS, ("--by", " "), 2, "--by ' ': is missing, or no single line of at most 500 characters"),
        (None, (), 2, "cannot be read: No such file or directory; name a YAML or CSV file"),
        ("x" * 1_100_000, (), 2, "has 1100000 bytes; at most 1048576 are read"),
    ],
)
def test_what_cannot_be_imported_is_said(
    data: Path, content: str | None, options: tuple[str, ...], code: int, words: str
) -> None:
    file = data / "measures.csv"
    if content is not None:
        file.write_text(content, "utf-8")
    found = said(data, "import", str(file), "--by", "Stabsstelle", *options)
    assert found[0] == code
    assert words in found[1]
