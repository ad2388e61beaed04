"""Commands that compute exact numbers refuse to show those about people."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.hub.commands import code_and_words


@pytest.mark.parametrize(
    "arguments",
    [
        ("kpi", "explain", "E11", "--data", "{data}"),
        ("receipt", "issue", "E11", "--data", "{data}"),
        ("kpi", "recompute", "E11", "--archive", "{data}/archive"),
        ("kpi", "diff", "E11", "1", "1", "--from", "2026-10-20", "--to", "2026-11-05", "--archive", "{data}/archive"),
        ("kpi", "changes", "E11", "--at", "2026-10-24", "--known", "2026-10-24", "--archive", "{data}/archive"),
    ],
    ids=lambda arguments: arguments[1],
)
def test_no_exact_number_of_people(data: Path, arguments: tuple[str, ...]) -> None:
    code, words = code_and_words(*(argument.format(data=data) for argument in arguments))
    assert code == 1
    assert "E11 tells of people: exact numbers" in words
    assert "`cityhub kpi value E11` shows what is published" in words
