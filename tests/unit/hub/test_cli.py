"""The command line as its users meet it: one message and an exit code, never a traceback."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cityhub.bus.errors import BusUnavailable
from cityhub.hub import cli
from cityhub.hub.errors import ArtefactDamaged, JavaMissing, Misconfigured
from cityhub.hub.secrets import load_or_create
from cityhub.kpi.errors import DefinitionError, StoreUnavailable, UnknownKpi
from tests.ports import free_ports
from tests.unit.hub.hub_runs import HubRun, stays


def cityhub(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the program, with nothing set but `settings`."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("CITYHUB_")}
    return subprocess.run(
        [sys.executable, "-m", "cityhub.hub", *arguments],
        env={**others, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_settings_that_are_wrong_are_one_message_and_code_2(tmp_path: Path) -> None:
    done = cityhub("up", "--data", str(tmp_path), "--port", "99999", CITYHUB_KAFKA_PROT="1")
    assert done.returncode == 2
    assert "--port = '99999'" in done.stderr
    assert "did you mean CITYHUB_KAFKA_PORT?" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_start_in_the_background_that_fails_tells_why(hub: HubRun) -> None:
    with socket.create_server(("127.0.0.1", int(hub.settings["CITYHUB_PORT"]))):
        done = cityhub("up", "--detach", **hub.settings)
    assert done.returncode == 3
    assert "CITYHUB_PORT" in done.stdout.splitlines()[-1]
    assert cityhub("status", **hub.settings).returncode == 1


def test_an_unknown_command_is_code_2() -> None:
    assert cityhub("fly").returncode == 2


def test_status_of_nothing_is_code_1(tmp_path: Path) -> None:
    done = cityhub("status", "--data", str(tmp_path))
    assert done.returncode == 1
    assert f"not running on {tmp_path}" in done.stdout
    told = json.loads(cityhub("status", "--data", str(tmp_path), "--json").stdout)
    assert (told["ready"], told["supervisor"], told["processes"]) == (False, None, [])


def test_status_of_a_running_hub_names_every_process(hub: HubRun) -> None:
    hub.wait_ready(hub.up(stays("one"), stays("two")))
    done = cityhub("status", "--data", str(hub.data))
    assert done.returncode == 0
    assert "cityhub is ready at http://127.0.0.1:" in done.stdout
    told = json.loads(cityhub("status", "--data", str(hub.data), "--json").stdout)
    assert [(one["name"], one["phase"]) for one in told["processes"]] == [("one", "ready"), ("two", "ready")]
    assert all(one["memory_bytes"] > 1_000_000 for one in told["processes"])


def test_a_machine_token_without_a_hub_says_what_is_missing(tmp_path: Path) -> None:
    load_or_create(tmp_path)
    done = cityhub("token", "--data", str(tmp_path), CITYHUB_KEYCLOAK_PORT=str(free_ports(1)[0]))
    assert done.returncode == 3
    assert "Keycloak does not answer" in done.stderr
    assert "cityhub status" in done.stderr
    unknown = cityhub("token", "--data", str(tmp_path), "--client", "nobody")
    assert unknown.returncode == 2
    assert "startup-demo" in unknown.stderr


def test_a_process_of_its_own_needs_an_installation(tmp_path: Path) -> None:
    done = cityhub("worker", "--data", str(tmp_path))
    assert done.returncode == 2
    assert "`cityhub up` makes it" in done.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Misconfigured("x"), 2),
        (JavaMissing("x"), 3),
        (ArtefactDamaged("x"), 3),
        (UnknownKpi("x"), 1),
        (DefinitionError("x"), 2),
        (StoreUnavailable("x"), 3),
        (BusUnavailable("x"), 3),
        (OSError(errno.ENOSPC, "No space left on device", "store.db"), 3),
        (ValueError("x"), 70),
    ],
)
def test_every_error_has_its_code(error: Exception, code: int) -> None:
    assert cli.exit_code(error) == code


def test_a_mistake_of_ours_keeps_its_traceback_in_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(cli, "app", broken)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 70
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    kept = Path(message.split()[-1])
    assert "ZeroDivisionError: by zero" in kept.read_text()
    kept.unlink()


def test_kpis_are_listed_and_shown_by_name(tmp_path: Path) -> None:
    run = CliRunner().invoke
    listed = run(cli.app, ["kpi", "list", "--json", "--data", str(tmp_path)])
    assert "M01" in [one["id"] for one in json.loads(listed.stdout)]
    assert "DVG" in run(cli.app, ["kpi", "show", "M01", "--data", str(tmp_path)]).stdout
    nothing = run(cli.app, ["kpi", "value", "M01", "--data", str(tmp_path)])
    assert (nothing.exit_code, nothing.stdout.partition(". ")[0]) == (1, "M01: nothing was counted yet")
    assert isinstance(run(cli.app, ["kpi", "show", "M99", "--data", str(tmp_path)]).exception, UnknownKpi)
