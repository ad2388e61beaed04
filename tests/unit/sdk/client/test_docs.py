"""The snippets of docs/sdk.md, run as they stand against the hub's own door."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cityhub.sdk import codec
from cityhub.sdk.contract import load_contracts
from cityhub.sdk.sample import first_event
from tests.unit.adapters.doors.world import LEVEL
from tests.unit.sdk.client.local_hub import CLIENT, SECRET, LocalHub

DOC = Path(__file__).parents[4] / "docs" / "sdk.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", DOC.read_text("utf-8"), re.M | re.S)


def block(language: str, holding: str = "") -> str:
    (found,) = (text for name, text in BLOCKS if name == language and holding in text)
    return found


def run(hub: LocalHub, command: list[str], folder: Path, given: bytes = b"") -> str:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not on this machine")
    hub.world.now = datetime.now(UTC)
    environment = {**os.environ, "CITYHUB_URL": hub.url, "CITYHUB_CLIENT": CLIENT, "CITYHUB_SECRET": SECRET}
    done = subprocess.run(
        command, input=given, cwd=folder, env=environment, capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr.decode()) == (0, "")
    return done.stdout.decode()


def test_python(hub: LocalHub, tmp_path: Path) -> None:
    code = block("python", "levels.event")
    assert run(hub, [sys.executable, "-c", code], tmp_path) == "accepted du.evt.wbd.bin.v1 0 0 \n"


def test_the_spool(hub: LocalHub, tmp_path: Path) -> None:
    event = first_event(load_contracts()[LEVEL], datetime.now(UTC))
    code = block("python", "Spool(")
    assert run(hub, [sys.executable, "-c", code], tmp_path, codec.encode(event)) == ""
    assert hub.written() == [event.id]


def test_corrections(hub: LocalHub, tmp_path: Path) -> None:
    code = block("python", "retract") + "print(third.data['version'], third.data['withdrawn'])"
    assert run(hub, [sys.executable, "-c", code], tmp_path) == "3 True\n"


def test_curl(hub: LocalHub, tmp_path: Path) -> None:
    event = first_event(load_contracts()[LEVEL], datetime.now(UTC))
    assert shutil.which("bash")
    if shutil.which("curl") is None:
        pytest.skip("curl is not on this machine")
    assert '"status": "valid"' in run(hub, ["bash", "-ec", block("bash")], tmp_path, codec.encode(event))


def test_javascript(hub: LocalHub, tmp_path: Path) -> None:
    (tmp_path / "send.mjs").write_text(block("js"), "utf-8")
    assert run(hub, ["node", "send.mjs"], tmp_path) == "accepted du.evt.wbd.bin.v1\n"
    assert len(hub.written()) == 1
