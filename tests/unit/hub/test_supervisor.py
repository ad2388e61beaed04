"""The supervisor with real processes: start, watch, restart, stop, and what a killed one leaves to its successor."""

from __future__ import annotations

import os
import re
import signal
import sys

import psutil
import pytest

from cityhub.hub.supervisor.state import Phase
from tests.unit.hub.hub_runs import PATIENCE_S, STAY, HubRun, eventually, stays

IGNORES_SIGTERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
NOTES_ITS_END = (
    "import signal, sys, time; folder_ = __import__('os').environ['CITYHUB_DATA']; "
    "note = lambda: open(folder_ + '/ends', 'a').write('{1}\\n'); "
    "signal.signal(signal.SIGTERM, lambda *_: (time.sleep({0}), note(), sys.exit(0))); "
)
HAS_CHILDREN = (
    "import subprocess, sys; sleeper = [sys.executable, '-c', 'import time; time.sleep(3600)']; "
    "subprocess.Popen(sleeper); subprocess.Popen(sleeper, start_new_session=True); "
)


def test_starts_by_dependency_and_ctrl_c_ends_everything_in_reverse(hub: HubRun) -> None:
    run = hub.up(
        stays("web", NOTES_ITS_END.format(0.6, "web"), after=["worker"]),
        stays("worker", NOTES_ITS_END.format(0.3, "worker"), after=["topics"]),
        {"name": "topics", "code": "pass", "after": ["kafka"], "one_shot": True},
        stays("kafka", NOTES_ITS_END.format(0, "kafka")),
    )
    ready = hub.wait_ready(run)

    def begun() -> list[str] | None:
        """All four; the state is noted before the log is."""
        told = re.findall(r"(\w+) +(?:ready|done)", hub.log())[:4]
        return told if len(told) == 4 else None

    assert eventually(begun) == ["kafka", "topics", "worker", "web"]
    assert {one.name: one.phase for one in ready.processes}["topics"] is Phase.DONE
    run.send_signal(signal.SIGINT)
    output, _ = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 0
    assert (hub.data / "ends").read_text().split() == ["web", "worker", "kafka"]
    assert "no process is left" in output
    assert hub.living() == []


def test_ends_what_processes_started_themselves(hub: HubRun) -> None:
    run = hub.up(stays("parent", HAS_CHILDREN))
    hub.wait_ready(run)
    assert len(hub.living()) == 3
    run.send_signal(signal.SIGTERM)
    run.communicate(timeout=PATIENCE_S)
    assert hub.living() == []


def test_a_process_that_ignores_the_request_is_killed_after_its_time(hub: HubRun) -> None:
    run = hub.up(stays("stubborn", IGNORES_SIGTERM, stop_s=0.5))
    hub.wait_ready(run)
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 0
    assert hub.living() == []


def test_a_second_ctrl_c_ends_everything_at_once(hub: HubRun) -> None:
    run = hub.up(stays("stubborn", IGNORES_SIGTERM, stop_s=10 * PATIENCE_S))
    hub.wait_ready(run)
    run.send_signal(signal.SIGINT)
    hub.wait_for("stubborn", Phase.STOPPING)
    run.send_signal(signal.SIGINT)
    output, _ = run.communicate(timeout=PATIENCE_S)
    assert "at once" in output
    assert hub.living() == []


def test_a_process_that_ends_is_started_again_ever_more_slowly(hub: HubRun) -> None:
    hub.up({"name": "broken", "code": "import sys; print('the disk of dreams is full'); sys.exit(3)"})
    eventually(lambda: (one := hub.process("broken")) and one.restarts >= 3)
    reason = hub.wait_for("broken", Phase.RESTARTING).reason
    assert "exit code 3: the disk of dreams is full" in reason
    assert "broken.log" in reason
    pauses = eventually(
        lambda: (len(found := re.findall(r"next try after ([\d.]+) s", hub.log())) > 2 and found) or None
    )
    assert pauses[:3] == ["0.5", "1", "2"]


def test_a_killed_process_comes_back_ready(hub: HubRun) -> None:
    run = hub.up(stays("worker"), stays("other"))
    before = hub.wait_ready(run)
    pid = before.processes[0].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    after = eventually(lambda: ((one := hub.process("worker")) and one.good and one.restarts == 1 and one) or None)
    assert after.pid != pid
    other = hub.process("other")
    assert other is not None
    assert (other.pid, other.restarts) == (before.processes[1].pid, 0)
    assert "ended by SIGKILL" in hub.log()


def test_status_notes_say_why_a_process_is_not_ready(hub: HubRun) -> None:
    run = hub.up({"name": "slow", "code": STAY})
    slow = eventually(lambda: ((one := hub.process("slow")) and one.reason and one) or None)
    assert (slow.phase, slow.reason) == (Phase.STARTING, "slow.ready is missing")
    (hub.data / "run" / "slow.ready").touch()
    hub.wait_ready(run)
    (hub.data / "run" / "slow.ready").unlink()
    assert hub.wait_for("slow", Phase.UNREADY).reason == "slow.ready is missing"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
def test_a_killed_supervisor_leaves_nothing(hub: HubRun) -> None:
    run = hub.up(stays("one", IGNORES_SIGTERM), stays("two"))
    hub.wait_ready(run)
    run.kill()
    eventually(lambda: hub.living() == [])


def test_the_next_start_ends_what_a_killed_supervisor_left(hub: HubRun) -> None:
    killed = hub.up(stays("parent", HAS_CHILDREN))
    left = [one.pid for one in psutil.Process(hub.wait_ready(killed).processes[0].pid).children()]
    killed.kill()
    killed.wait()
    assert any(psutil.pid_exists(pid) for pid in left)
    run = hub.up()
    hub.wait_ready(run)
    assert not any(psutil.pid_exists(pid) for pid in left)
    assert re.search(r"ended \d process", hub.log())


def test_a_full_or_broken_state_file_does_not_stop_the_processes(hub: HubRun) -> None:
    run = hub.up(stays("worker"))
    pid = hub.wait_ready(run).processes[0].pid
    note = hub.data / "run" / "state.json"
    note.unlink()
    (note / "in the way").mkdir(parents=True)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: "cannot be kept" in hub.log())
    eventually(lambda: len(re.findall(r"worker +ready", hub.log())) == 2)
    run.send_signal(signal.SIGTERM)
    output, _ = run.communicate(timeout=PATIENCE_S)
    assert output.count("cannot be kept") == 1


def test_a_reader_of_its_output_that_goes_away_does_not_disturb(hub: HubRun) -> None:
    run = hub.up({"name": "late", "code": STAY})
    hub.wait_for("late", Phase.STARTING)
    assert run.stdout is not None
    run.stdout.close()
    (hub.data / "run" / "late.ready").touch()
    hub.wait_ready(run)
    run.send_signal(signal.SIGHUP)
    assert run.wait(timeout=PATIENCE_S) == 0
    assert "no process is left" in hub.log()
