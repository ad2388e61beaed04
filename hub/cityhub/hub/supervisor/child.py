"""One process under the supervisor: started, judged by its probe, started again when it ends, stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from cityhub.hub.process import ProcessSpec
from cityhub.hub.supervisor import launch, logs
from cityhub.hub.supervisor.state import Phase, ProcessState

FIRST_DELAY_S = 0.5
LAST_DELAY_S = 30.0
HEALTHY_S = 60.0
_PROBE_S = 1.0
_CALM_PROBE_S = 5.0


class Planned(Struct, frozen=True, kw_only=True):
    """A process whose files have to be made ready first, which may take minutes.

    Attributes:
        prepare: blocks until they are; raises HubError when they cannot be.
    """

    name: str
    prepare: Callable[[], ProcessSpec]


class Child:
    """One process of the hub.

    Args:
        plan: what to run; a `Planned` one has its files made ready by `make_ready`.
        environment: of the supervisor's children; the spec's own is added.
        log: file that takes what the process writes.
        changed: called after every change of `state`.
    """

    def __init__(
        self, plan: ProcessSpec | Planned, environment: dict[str, str], log: Path, changed: Callable[[], None]
    ) -> None:
        self._prepare = plan.prepare if isinstance(plan, Planned) else None
        spec = ProcessSpec(name=plan.name, argv=(), probe=lambda: None) if isinstance(plan, Planned) else plan
        self.spec = spec
        self.state = ProcessState(
            name=spec.name,
            essential=spec.essential,
            one_shot=spec.one_shot,
            phase=Phase.WAITING,
            reason=_waits_for(plan),
            pid=None,
            restarts=0,
            since=datetime.now(UTC),
        )
        self.prepared = asyncio.Event()
        """Set when it can be started."""
        if self._prepare is None:
            self.prepared.set()
        self.usable = asyncio.Event()
        """Set when it was ready (a one-shot: done) for the first time: others may begin."""
        self.stopped = asyncio.Event()
        """Set when it has ended for good and left nothing behind."""
        self._environment = environment
        self._log = log
        self._changed = changed
        self._process: Process | None = None
        self._ready_at: float | None = None

    async def make_ready(self, pool: Executor) -> None:
        """Have its files made ready, where that is necessary; raises HubError when they cannot be."""
        if self._prepare is not None:
            self.spec = await asyncio.get_running_loop().run_in_executor(pool, self._prepare)
            self.prepared.set()

    async def run(self) -> None:
        """Keep it running until cancelled; returns only when a one-shot has succeeded."""
        delay = FIRST_DELAY_S
        while problem := await self._once():
            if self._ready_at is not None and time.monotonic() - self._ready_at >= HEALTHY_S:
                delay = FIRST_DELAY_S
            self.state.restarts += 1
            self._enter(Phase.RESTARTING, f"{problem}; next try after {delay:g} s; log: {self._log}")
            await asyncio.sleep(delay)
            delay = min(2 * delay, LAST_DELAY_S)
        self._enter(Phase.DONE)
        self.usable.set()

    async def stop(self, hurry: asyncio.Event) -> None:
        """End it and all it started, once `run` was cancelled: within `stop_s` seconds, with `hurry` at once."""
        process = self._process
        if process is not None and process.returncode is None:
            self._enter(Phase.STOPPING)
            _signal_group(process, signal.SIGTERM)
            ways = [asyncio.create_task(process.wait()), asyncio.create_task(hurry.wait())]
            _, pending = await asyncio.wait(ways, timeout=self.spec.stop_s, return_when=asyncio.FIRST_COMPLETED)
            for way in pending:
                way.cancel()
            _signal_group(process, signal.SIGKILL)
            await process.wait()
        self.state.pid = None
        if self.state.phase is not Phase.DONE:
            self._enter(Phase.STOPPED)
        self.stopped.set()

    async def _once(self) -> str | None:
        """Start it and wait for its end. Returns: why it ended, None when a one-shot has succeeded."""
        self._ready_at = None
        try:
            self._process = process = await self._start()
        except OSError as error:
            return f"cannot be started: {error}"
        self.state.pid = process.pid
        self._enter(Phase.STARTING)
        judging = asyncio.create_task(self._judge())
        try:
            code = await process.wait()
        finally:
            judging.cancel()
        _signal_group(process, signal.SIGKILL)  # what it left behind
        self.state.pid = None
        if code == 0 and self.spec.one_shot:
            return None
        if code in {-signal.SIGKILL, -signal.SIGTERM}:  # somebody else's doing: its log does not know why
            return f"ended by {signal.Signals(-code).name}"
        how = f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return f"{how}: {said}" if (said := logs.last_line(self._log)) else how

    async def _start(self) -> Process:
        with self._log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), *self.spec.argv),
                env={**self._environment, **self.spec.env},
                stdin=DEVNULL,
                stdout=log,
                stderr=STDOUT,
                start_new_session=True,
            )

    async def _judge(self) -> None:
        while not self.spec.one_shot:
            reason = await asyncio.to_thread(self._ask)
            if reason is None:
                self._ready_at = self._ready_at or time.monotonic()
                self._enter(Phase.READY)
                self.usable.set()
            else:
                self._enter(Phase.STARTING if self._ready_at is None else Phase.UNREADY, reason)
            await asyncio.to_thread(logs.cap, self._log)
            await asyncio.sleep(_PROBE_S if reason else _CALM_PROBE_S)

    def _ask(self) -> str | None:
        try:
            return self.spec.probe()
        except Exception as error:  # noqa: BLE001 - a probe with a fault must not take the hub down; the reason shows it
            return f"its state cannot be told: {error!r}"

    def _enter(self, phase: Phase, reason: str = "") -> None:
        if phase is not self.state.phase:
            self.state.since = datetime.now(UTC)
        elif reason == self.state.reason:
            return
        self.state.phase, self.state.reason = phase, reason
        self._changed()


def _waits_for(plan: ProcessSpec | Planned) -> str:
    if isinstance(plan, Planned):
        return "its files are being made ready"
    return f"waits for {', '.join(plan.after)}" if plan.after else ""


def _signal_group(process: Process, sent: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # nobody left; macOS says EPERM for the dead
        os.killpg(process.pid, sent)
