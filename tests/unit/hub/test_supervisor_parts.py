"""Parts of the supervisor on their own: pauses between restarts, logs that grow, the list of processes, the welcome."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from pathlib import Path

import pytest

from cityhub.hub.commands.welcome import Welcome
from cityhub.hub.process import ProcessSpec
from cityhub.hub.processes import own
from cityhub.hub.secrets import load_or_create
from cityhub.hub.settings import parse
from cityhub.hub.supervisor import child, logs
from cityhub.hub.supervisor.child import Child


async def test_pauses_begin_anew_after_a_healthy_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "HEALTHY_S", 0.0)
    monkeypatch.setattr(child, "FIRST_DELAY_S", 0.01)
    flag = tmp_path / "ready"
    code = f"import pathlib, time; pathlib.Path({str(flag)!r}).touch(); time.sleep(2); raise SystemExit('tired')"
    spec = ProcessSpec(
        name="tired", argv=(sys.executable, "-c", code), probe=lambda: None if flag.exists() else "not yet"
    )
    told: list[str] = []
    twice = asyncio.Event()

    def changed() -> None:
        told.append(one.state.reason)
        if one.state.restarts == 2:
            twice.set()

    one = Child(spec, dict(os.environ), tmp_path / "tired.log", changed)
    running = asyncio.create_task(one.run())
    await asyncio.wait_for(twice.wait(), 120)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await one.stop(asyncio.Event())
    pauses = [reason.partition(": tired; ")[2][:22] for reason in told if "tired; " in reason]
    assert pauses == ["next try after 0.01 s;"] * 2


def test_a_log_that_grows_too_large_begins_again_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    with path.open("ab", buffering=0) as writer:
        writer.write(b"old " * 100)
        logs.cap(path, max_bytes=1_000)
        assert path.stat().st_size == 400
        logs.cap(path, max_bytes=100)
        writer.write(b"new\n")
    assert path.read_bytes() == b"new\n"
    assert (tmp_path / "x.log.1").read_bytes() == b"old " * 100
    logs.rotate(path)
    assert (tmp_path / "x.log.1").read_bytes() == b"new\n"


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"first\nlast\n\n", "last"),
        (b'{"event": "store_unavailable", "error": "disk full", "level": "error"}\n', "store_unavailable disk full"),
        (b"", ""),
        (b"\xff\xfe broken\n", "\ufffd\ufffd broken"),
        (b"x" * 9000, "x" * 200),
    ],
)
def test_the_last_line_of_a_log_says_why(tmp_path: Path, content: bytes, shown: str) -> None:
    (tmp_path / "x.log").write_bytes(content)
    assert logs.last_line(tmp_path / "x.log") == shown


def test_processes_wait_only_for_what_this_hub_runs_itself() -> None:
    waits = {one.name: one.after for one in own(parse({}), {})}
    assert waits["web"] == ()
    assert waits["topics"] == ("kafka",)
    assert waits["adapters"] == ("topics", "city")
    external = {
        "CITYHUB_KAFKA_BOOTSTRAP": "broker:9092",
        "CITYHUB_KAFKA_USERNAME": "hub",
        "CITYHUB_KAFKA_PASSWORD": "secret",
        "CITYHUB_KEYCLOAK_URL": "https://id.example",
        "CITYHUB_CITY": "false",
    }
    waits = {one.name: one.after for one in own(parse(external), {})}
    assert waits == {
        "realm": (),
        "topics": (),
        "worker": ("topics",),
        "publisher": ("topics",),
        "archive": ("topics",),
        "gate": ("topics",),
        "bookkeeper": ("topics",),
        "adapters": ("topics",),
        "rooms": (),
        "web": (),
    }


def test_the_welcome_names_address_log_ins_and_commands_that_work_from_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = parse({"CITYHUB_DATA": str(tmp_path / "a folder"), "CITYHUB_PUBLIC_URL": "https://hub.example"})
    secrets = load_or_create(settings.data)
    Welcome(settings, secrets, print).show()
    shown = capsys.readouterr().out
    assert "https://hub.example/graphql" in shown
    assert all(name in shown and password in shown for name, password in secrets.user_passwords.items())
    command = shlex.split(shown[shown.index("$(") + 2 : shown.index(")", shown.index("$("))])
    assert command[1:] == ["token", "--data", str(settings.data), "--client", "startup-demo"]
    assert Path(command[0]).name == "cityhub"
    assert not any(secret in shown for secret in secrets.client_secrets.values())
