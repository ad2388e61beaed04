"""Starting on a data directory: a second start, taken ports, disks and folders that cannot be used, forgetting."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

import psutil
import pytest

from cityhub.hub.commands.down import down
from cityhub.hub.errors import Misconfigured, StorageUnusable
from cityhub.hub.settings import parse
from cityhub.hub.supervisor import lock, preflight
from cityhub.hub.supervisor.state import Phase
from tests.unit.hub.hub_runs import PATIENCE_S, STAY, HubRun, eventually, stays


def test_a_second_start_says_what_runs_and_waits_until_it_is_ready(hub: HubRun) -> None:
    first = hub.up({"name": "late", "code": STAY})
    hub.wait_for("late", Phase.STARTING)
    second = hub.up()
    assert second.stdout is not None
    assert f"already running on {hub.data} (process {first.pid}) at http://127.0.0.1:" in second.stdout.readline()
    (hub.data / "run" / "late.ready").touch()
    output, _ = second.communicate(timeout=PATIENCE_S)
    assert second.returncode == 0
    assert "everything is ready" in output
    assert "leitung" in output
    assert first.poll() is None
    assert lock.holder(hub.data) == first.pid


def test_a_second_start_ends_with_the_first(hub: HubRun) -> None:
    first = hub.up({"name": "late", "code": STAY})
    hub.wait_for("late", Phase.STARTING)
    second = hub.up()
    assert second.stdout is not None
    second.stdout.readline()
    first.send_signal(signal.SIGTERM)
    output, _ = second.communicate(timeout=PATIENCE_S)
    assert second.returncode == 1
    assert "ended before everything was ready" in output


@pytest.mark.parametrize(
    ("flags", "settings", "told"),
    [(("--fresh",), {}, "then --fresh"), ((), {"CITYHUB_POLL_S": "5"}, "CITYHUB_POLL_S=5.0")],
    ids=["fresh", "other settings"],
)
def test_a_second_start_that_wants_something_else_is_refused(
    hub: HubRun, flags: tuple[str, ...], settings: dict[str, str], told: str
) -> None:
    first = hub.up(stays("one"))
    hub.wait_ready(first)
    second = hub.up(flags=flags, **settings)
    output, _ = second.communicate(timeout=PATIENCE_S)
    assert second.returncode == 2
    assert told in output
    assert f"process {first.pid}" in output
    assert "down" in output


def test_two_starts_at_once_make_one_hub(hub: HubRun) -> None:
    runs = [hub.up(stays("one")) for _ in range(3)]
    pid = eventually(lambda: ((one := hub.state()) and one.ready and one.pid) or None)
    others = [run for run in runs if run.pid != pid]
    assert len(others) == 2
    for other in others:
        output, _ = other.communicate(timeout=PATIENCE_S)
        assert other.returncode == 0, output
        assert f"process {pid}" in output


def test_a_lock_that_nobody_holds_does_not_hinder(hub: HubRun) -> None:
    killed = hub.up(stays("one"))
    hub.wait_ready(killed)
    killed.kill()
    killed.wait()
    assert (hub.data / "run" / "supervisor.lock").read_text() == str(killed.pid)
    assert lock.holder(hub.data) is None
    hub.wait_ready(hub.up())


def test_down_ends_everything_and_is_no_error_when_nothing_runs(
    hub: HubRun, capsys: pytest.CaptureFixture[str]
) -> None:
    run = hub.up(stays("one"))
    hub.wait_ready(run)
    assert down(hub.data) == 0
    assert run.wait(timeout=PATIENCE_S) == 0
    assert hub.living() == []
    assert down(hub.data) == 0
    assert f"nothing is running on {hub.data}" in capsys.readouterr().out


def test_down_ends_what_a_killed_supervisor_left(hub: HubRun) -> None:
    sleeper = "[sys.executable, '-c', 'import time; time.sleep(3600)']"
    run = hub.up(stays("parent", f"import subprocess, sys; subprocess.Popen({sleeper}, start_new_session=True); "))
    hub.wait_ready(run)
    run.kill()
    run.wait()
    assert hub.living()
    down(hub.data)
    assert hub.living() == []


@pytest.mark.parametrize("name", ["CITYHUB_PORT", "CITYHUB_KAFKA_PORT", "CITYHUB_KEYCLOAK_PORT"])
def test_a_taken_port_is_named_with_its_setting_and_its_owner(hub: HubRun, name: str) -> None:
    with socket.create_server(("127.0.0.1", int(hub.settings[name]))):
        run = hub.up(stays("one"))
        output, _ = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 3
    message = output.splitlines()[-1]
    assert f"port {hub.settings[name]} on 127.0.0.1 is taken" in message
    assert name in message
    assert f"process {os.getpid()}" in message
    assert hub.state() is None
    assert hub.living() == []


def test_a_data_directory_that_is_a_file_is_one_clear_message(hub: HubRun) -> None:
    hub.data.write_text("not a folder")
    run = hub.up(stays("one"))
    output, _ = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 3
    assert output.count("\n") == 1
    assert str(hub.data) in output


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is a folder where nobody can write")
def test_a_data_directory_that_cannot_be_made_is_one_clear_message(hub: HubRun) -> None:
    run = hub.up(stays("one"), CITYHUB_DATA="/proc/cityhub")
    output, _ = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 3
    assert output.count("\n") == 1
    assert "/proc/cityhub" in output


def test_a_nearly_full_disk_is_refused_with_figures(tmp_path: Path) -> None:
    with pytest.raises(StorageUnusable, match=r"only \d+ MB left, the hub needs 1000000000000 MB"):
        preflight.data_folder(tmp_path / "data", min_free_bytes=10**18)


def test_the_data_directory_is_for_its_owner_only(tmp_path: Path) -> None:
    preflight.data_folder(tmp_path / "data")
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_a_file_that_cannot_be_made_ready_ends_the_start_with_its_message(hub: HubRun) -> None:
    run = hub.up(stays("web"), stays("kafka", prepare="raise ArtefactDamaged('kafka.jar has the wrong hash')"))
    output, _ = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 3
    assert output.splitlines()[-1] == "cityhub: kafka.jar has the wrong hash"
    assert hub.living() == []


def test_others_start_while_files_are_made_ready_and_ctrl_c_interrupts_that(hub: HubRun) -> None:
    slow = "import subprocess; subprocess.run([sys.executable, '-c', 'import time; time.sleep(3600)'])"
    run = hub.up(stays("kafka", prepare=slow), stays("web"))
    hub.wait_for("web", Phase.READY)
    kafka = hub.wait_for("kafka", Phase.WAITING)
    assert kafka.reason == "its files are being made ready"
    (working,) = eventually(lambda: [one for one in psutil.Process(run.pid).children() if one.cmdline()[-1] == STAY])
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 0
    assert not working.is_running()
    assert hub.living() == []


def test_fresh_forgets_what_the_hub_made_and_nothing_else(hub: HubRun) -> None:
    run = hub.up(stays("one"))
    hub.wait_ready(run)
    down(hub.data)
    secrets = (hub.data / "secrets.json").read_text()
    (hub.data / "store.db-wal").touch()
    for folder in ("kafka", "archive"):
        (hub.data / folder).mkdir()
    (hub.data / "note of the operator").touch()
    hub.wait_ready(hub.up(flags=("--fresh",)))
    assert not (hub.data / "store.db-wal").exists()
    assert not (hub.data / "kafka").exists()
    assert not (hub.data / "archive").exists()
    assert (hub.data / "note of the operator").exists()
    assert (hub.data / "secrets.json").read_text() != secrets


def test_fresh_removes_no_log_whose_archive_would_stay(hub: HubRun, tmp_path: Path) -> None:
    log = tmp_path / "elsewhere" / "du.evt.dvv.transit.v1" / "log"
    log.mkdir(parents=True)
    elsewhere = str(tmp_path / "elsewhere")
    settings = parse(hub.settings, {"archive": elsewhere})
    preflight.archive_goes_too(settings)
    (log / "000000000000.json").touch()
    preflight.archive_goes_too(parse(hub.settings))
    with pytest.raises(Misconfigured, match=f"CITYHUB_ARCHIVE = {elsewhere} lies elsewhere and .* move that archive"):
        preflight.archive_goes_too(settings)


def test_fresh_keeps_its_hands_off_folders_that_are_not_ours(tmp_path: Path) -> None:
    (tmp_path / "kafka").mkdir()
    with pytest.raises(Misconfigured, match="nothing was removed; remove kafka yourself"):
        preflight.wipe(tmp_path)
    assert (tmp_path / "kafka").exists()
