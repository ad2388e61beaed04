"""`cityhub up`: everything on this machine under one supervisor, in front, in the background, or already running."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

from cityhub.hub.commands.narrator import Narrator, show
from cityhub.hub.commands.welcome import Welcome
from cityhub.hub.errors import Misconfigured
from cityhub.hub.process import ProcessSpec
from cityhub.hub.secrets import Secrets, load_or_create
from cityhub.hub.settings import Settings
from cityhub.hub.supervisor import leftovers, lock, preflight, state
from cityhub.hub.supervisor.child import Planned
from cityhub.hub.supervisor.lock import AlreadyRunning
from cityhub.hub.supervisor.state import HubState
from cityhub.hub.supervisor.supervisor import Supervisor

Plans: TypeAlias = Sequence[ProcessSpec | Planned]
Plan: TypeAlias = Callable[[Settings, Secrets, Callable[[str], None]], Plans]
"""What to run; told how to say what is being prepared."""

_POLL_S = 0.5


def up(settings: Settings, plan: Plan, *, fresh: bool = False) -> int:
    """Run everything until Ctrl-C or `cityhub down`.

    Raises:
        AlreadyRunning: another supervisor works on the data directory.
        HubError: something it needs is wrong or missing; nothing is left running.
    """
    data = settings.data
    preflight.data_folder(data)
    with lock.hold(data):
        state.path_in(data).unlink(missing_ok=True)
        narrator = Narrator(log_in(data))
        narrator.say(f"cityhub {version('cityhub')} – Innovation Hub Duisburg, data in {data}")
        if count := leftovers.end(data):
            narrator.say(f"ended {count} processes that an interrupted run had left")
        if fresh:
            preflight.archive_goes_too(settings)
            preflight.wipe(data)
            narrator.say("removed what was remembered: this is a first start")
        preflight.free_ports(settings)
        secrets = load_or_create(data)
        plans = plan(settings, secrets, narrator.say)
        preparing = asyncio.run(_supervise(plans, settings, narrator, Welcome(settings, secrets, narrator.say)))
        narrator.say("stopped, no process is left")
        if preparing:  # the interpreter would wait for a download that nobody needs any more
            os._exit(0)
    return 0


async def _supervise(plans: Plans, settings: Settings, narrator: Narrator, welcome: Welcome) -> bool:
    """Returns: whether the thread of a preparation is still at work."""
    stop, hurry = asyncio.Event(), asyncio.Event()

    def interrupted() -> None:
        narrator.say("stopping at once" if stop.is_set() else "stopping everything in order (Ctrl-C again: at once)")
        (hurry if stop.is_set() else stop).set()

    def changed(new: HubState) -> None:
        narrator.changed(new)
        welcome.changed(new)

    for sent in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if sent is not signal.SIGHUP or signal.getsignal(sent) is not signal.SIG_IGN:  # nohup
            asyncio.get_running_loop().add_signal_handler(sent, interrupted)
    supervisor = Supervisor(
        plans,
        settings.data,
        settings=settings.without_passwords().to_environment(),
        environment=settings.to_environment(os.environ),
        changed=changed,
        complain=narrator.say,
    )
    reminding = asyncio.create_task(_remind(narrator, supervisor.state, stop))
    await supervisor.run(stop, hurry)
    reminding.cancel()
    return supervisor.preparing


async def _remind(narrator: Narrator, seen: HubState, stop: asyncio.Event) -> None:
    while not stop.is_set():
        await asyncio.sleep(1)
        narrator.remind(seen)


def up_detached(settings: Settings, *, fresh: bool = False) -> int:
    """As `up`, in the background; returns when everything is ready, or with the exit code of what failed."""
    preflight.data_folder(settings.data)
    if pid := lock.holder(settings.data):
        raise AlreadyRunning(pid)
    with log_in(settings.data).open("ab") as errors:
        errors.truncate(0)
        supervisor = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "cityhub.hub", "up", *(["--fresh"] if fresh else [])],
            env=settings.to_environment(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )
    follow(settings.data, supervisor.pid, lambda: supervisor.poll() is None)
    if (code := supervisor.poll()) is not None:
        return code
    Welcome.from_folder(settings).show()
    return 0


def attach(settings: Settings, pid: int, *, fresh: bool) -> int:
    """A supervisor is running: say so, wait until everything is ready, and show how to go on.

    Raises:
        Misconfigured: it runs with other settings than asked for, or is to forget what it is working on.
    """
    if fresh:
        raise Misconfigured(
            f"cityhub is running on {settings.data} (process {pid}): `cityhub down` first, then --fresh"
        )
    running = _first_note(settings.data, pid)
    if running is not None:
        _refuse_other_settings(settings, running)
        show(f"cityhub is already running on {settings.data} (process {pid}) at {settings.public_url}")
        if not running.ready:
            follow(settings.data, pid, lambda: lock.holder(settings.data) == pid)
    if lock.holder(settings.data) != pid:
        show(f"cityhub on {settings.data} (process {pid}) ended before everything was ready")
        return 1
    Welcome.from_folder(settings).show()
    return 0


def _first_note(data: Path, pid: int) -> HubState | None:
    """What a supervisor tells of itself, which it does in its first seconds; None when it ends before that."""
    while lock.holder(data) == pid:
        seen = state.read(data)
        if seen is not None and seen.pid == pid:
            return seen
        time.sleep(_POLL_S)
    return None


def _refuse_other_settings(settings: Settings, running: HubState) -> None:
    wanted = settings.without_passwords().to_environment()
    changes = [f"{name}={value}" for name, value in wanted.items() if running.settings.get(name) != value]
    if changes:
        raise Misconfigured(
            f"cityhub is already running on {settings.data} (process {running.pid}, "
            f"{running.settings['CITYHUB_PUBLIC_URL']}), with other settings than {', '.join(changes)}: "
            "end it with `cityhub down` first, or choose another directory with --data"
        )


def follow(data: Path, pid: int, alive: Callable[[], bool]) -> None:
    """Show what the supervisor says until everything is ready or it ends."""
    with log_in(data).open(encoding="utf-8", errors="replace") as lines:
        while True:
            living = alive()
            for line in lines:
                show(line.rstrip("\n"))
            seen = state.read(data)
            if not living or (seen is not None and seen.pid == pid and seen.ready):
                return
            time.sleep(_POLL_S)


def log_in(data: Path) -> Path:
    """The supervisor's own log."""
    return data / "logs" / "supervisor.log"
