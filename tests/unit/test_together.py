"""`make test` shows what becomes of both shares, and leaves nothing running."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.together import SHARES, run

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120.0
GOOD, BAD, NONE = "def test_good(): pass\n", "def test_bad(): assert 1 == 2\n", ""
COUNTS = {GOOD: "1 passed", BAD: "1 failed", NONE: "no tests ran"}
LASTING = """
import pathlib, time, pytest
HERE = pathlib.Path(__file__).parent

@pytest.fixture
def server():
    (HERE / "started").touch()
    yield
    (HERE / "stopped").touch()

def test_long(server): time.sleep(3600)
"""


@pytest.fixture
def shares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Folders for the tests of two shares, which need no plugins."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    made = {"first": tmp_path / "a", "second": tmp_path / "b"}
    for folder in made.values():
        folder.mkdir()
        (folder / "pytest.ini").write_text("[pytest]\n")
    return made


def ran(shares: dict[str, Path], capfdbinary: pytest.CaptureFixture[bytes], **tests: str) -> tuple[int, str]:
    """Exit code, and all that was shown."""
    for name, text in tests.items():
        (shares[name] / "test_it.py").write_text(text)
    code = run({name: [str(folder), "-c", str(folder / "pytest.ini")] for name, folder in shares.items()}, ["-ra"])
    return code, capfdbinary.readouterr().out.decode()


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [(GOOD, BAD, 1), (BAD, GOOD, 1), (NONE, GOOD, 0), (NONE, NONE, 5)],
    ids=["good-bad", "bad-good", "none-good", "none-none"],
)
def test_one_bad_share_is_enough_and_both_are_summed_up_at_the_end(
    shares: dict[str, Path], capfdbinary: pytest.CaptureFixture[bytes], first: str, second: str, code: int
) -> None:
    found, said = ran(shares, capfdbinary, first=first, second=second)
    assert found == code, said
    whole, _, again = said.partition("again, of first:\n")
    assert all(COUNTS[share] in place for share, place in ((first, whole), (second, whole), (first, again))), said
    assert ("FAILED" in again) == (first == BAD), said


def test_whoever_ends_it_finds_nothing_left(shares: dict[str, Path]) -> None:
    """As `make`, which gets the signal alone."""
    for folder in shares.values():
        (folder / "test_it.py").write_text(LASTING)
    words = [[str(folder), "-c", str(folder / "pytest.ini")] for folder in shares.values()]
    code = f"from tests import together; together.SHARES = {dict(zip('ab', words, strict=True))!r}; together.main()"
    begun = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        end = time.monotonic() + PATIENCE_S
        while not all((folder / "started").exists() for folder in shares.values()):
            assert begun.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)
    finally:
        begun.terminate()
        said, _ = begun.communicate(timeout=PATIENCE_S)
    assert all((folder / "stopped").exists() for folder in shares.values()), said
    assert said.count("KeyboardInterrupt") >= 2


def test_every_folder_of_tests_is_in_one_share(pytestconfig: pytest.Config) -> None:
    said = [word for words in SHARES.values() for word in words]
    left_out = {word.removeprefix("--ignore=") for word in said if word.startswith("--ignore=")}
    taken = sorted(word for word in said if not word.startswith("-"))
    assert taken == sorted([*pytestconfig.getini("testpaths"), *left_out])
