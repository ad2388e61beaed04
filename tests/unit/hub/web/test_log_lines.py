"""What the web process logs: JSON lines of one form, with the request's id, and never who somebody is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.hub.identity.realm import SECRET
from tests.unit.hub.web import logging_child

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "observability.md").read_text()


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], str]:
    """Cookie, token and a request's id; and the log."""
    argv = [sys.executable, "-m", logging_child.__name__, str(tmp_path_factory.mktemp("web"))]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines(), done.stderr


def test_no_token_no_secret_and_no_name_shows_up(said: tuple[list[str], str]) -> None:
    (cookie, token, _), log = said
    personal = ("person-1", "leitung", "Lea Leitung", "lea@duisburg.de", "code-1", "code-2", "state-2", "geheim")
    for secret in (cookie, token, token.rsplit(".", 1)[0], "refresh-", "sid-1", SECRET, *personal):
        assert secret not in log, secret
    assert log.count("(hidden)") >= 8


def test_every_line_is_an_object_of_the_documented_form(said: tuple[list[str], str]) -> None:
    lines = [json.loads(line) for line in said[1].splitlines()]
    assert len(lines) > 5
    for line in lines:
        assert {"event", "level", "logger", "timestamp", "process"} <= line.keys()
        assert line["process"] == "web"
    for name in ("event", "level", "logger", "timestamp", "process", "request_id", "trace_id"):
        assert f"`{name}`" in PAGE


def test_lines_of_a_request_carry_its_id_and_its_trace(said: tuple[list[str], str]) -> None:
    (*_, request_id), log = said
    lines = [json.loads(line) for line in log.splitlines()]
    crash = [line for line in lines if line.get("request_id") == request_id]
    assert crash
    assert {line["trace_id"] for line in crash} == {logging_child.TRACE}
