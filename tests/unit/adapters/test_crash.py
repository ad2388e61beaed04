"""SIGKILL at every kind of step: nothing accepted is lost, nothing is invented, at most one batch comes twice."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

_ROOT = Path(__file__).parents[3]
_BATCH = 500
STATEMENTS = (13, 18, 27, 60, 150, 333, 334, 335, 336, 700)


class Lives:
    """Of the adapter, one after the other."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.unit.adapters.crashing_adapter"]
        self._process = subprocess.Popen(
            command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def run(self, folder: Path, at_statement: int = 0, at_publication: int = 0) -> int:
        """Exit code of one life; what went wrong stands in this test's own output."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([str(folder), at_statement, at_publication]), file=self._process.stdin)
        code = int(self._process.stdout.readline())
        assert code in (0, -signal.SIGKILL)
        return code

    def end(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def lives() -> Iterator[Lives]:
    made = Lives()
    yield made
    made.end()


def ledger(folder: Path) -> list[str]:
    """Ids that the broker acknowledged."""
    path = folder / "ledger.txt"
    return path.read_text().split() if path.exists() else []


def accepted_and_waiting(folder: Path) -> tuple[int, set[str]]:
    """What adapters.db says after a crash."""
    with closing(sqlite3.connect(folder / "adapters.db")) as db:
        accepted = db.execute("SELECT coalesce(sum(n), 0) FROM feed_count WHERE kind = 'accepted'").fetchone()[0]
        waiting = {msgspec.json.decode(body)["id"] for (body,) in db.execute("SELECT event FROM outbox")}
    return accepted, waiting


@pytest.fixture(scope="module")
def undisturbed(lives: Lives, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Ids of a life without a crash."""
    folder = tmp_path_factory.mktemp("undisturbed")
    assert lives.run(folder) == 0
    ids = ledger(folder)
    assert len(ids) == len(set(ids)) > 500
    return set(ids)


def test_killed_between_any_two_statements(lives: Lives, undisturbed: set[str], tmp_path: Path) -> None:
    """Each life dies some statements after its start (BEGIN, each INSERT, COMMIT …), the next goes on from its disk."""
    for at_statement in STATEMENTS:
        assert lives.run(tmp_path, at_statement=at_statement) == -signal.SIGKILL
        accepted, waiting = accepted_and_waiting(tmp_path)
        assert len(set(ledger(tmp_path)) | waiting) == accepted
    assert lives.run(tmp_path) == 0
    assert set(ledger(tmp_path)) == undisturbed


def test_killed_between_publication_and_acknowledgement(lives: Lives, undisturbed: set[str], tmp_path: Path) -> None:
    for at_publication in (1, 2, 1):
        assert lives.run(tmp_path, at_publication=at_publication) == -signal.SIGKILL
    assert lives.run(tmp_path) == 0
    assert set(ledger(tmp_path)) == undisturbed
    repeated = sum(count - 1 for count in Counter(ledger(tmp_path)).values())
    assert 0 < repeated <= 3 * _BATCH
