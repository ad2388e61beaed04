"""All processes of one installation: started by their dependencies, watched, stopped in the reverse order."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psutil

from cityhub.hub.errors import StorageUnusable
from cityhub.hub.process import ProcessSpec
from cityhub.hub.secrets import private_folder
from cityhub.hub.supervisor import leftovers, logs, state
from cityhub.hub.supervisor.child import Child, Planned
from cityhub.hub.supervisor.state import HubState

_KILLED_S = 5.0


class Supervisor:
    """Runs the processes of one data directory, whose lock the caller holds (lock.py).

    Args:
        settings: recorded for `status`; no secrets.
        environment: of every process, beside its own.
        changed: told the new state after every change.
        complain: told of trouble that is not a process's own.
    """

    def __init__(
        self,
        plans: Sequence[ProcessSpec | Planned],
        data: Path,
        *,
        settings: Mapping[str, str],
        environment: Mapping[str, str],
        changed: Callable[[HubState], None],
        complain: Callable[[str], None],
    ) -> None:
        self._data = data
        self._tell = changed
        self._complain = complain
        self._unwritable = False
        folder = private_folder(data / "logs")
        base = {**environment, **leftovers.mark(data)}
        self._children = {plan.name: Child(plan, base, folder / f"{plan.name}.log", self._changed) for plan in plans}
        for plan in plans:
            logs.rotate(folder / f"{plan.name}.log")
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="prepare")
        self.state = HubState(
            pid=os.getpid(),
            started=datetime.now(UTC),
            settings=dict(settings),
            processes=[child.state for child in self._children.values()],
        )

    async def run(self, stop: asyncio.Event, hurry: asyncio.Event) -> None:
        """Run everything until `stop`, then end everything: nothing is left when this returns.

        Args:
            stop: set to end.
            hurry: set to end the processes at once instead of letting them finish.
        """
        self._changed()
        runs = {name: asyncio.create_task(self._run(child)) for name, child in self._children.items()}
        stopping = asyncio.create_task(stop.wait())
        preparing = asyncio.create_task(self._make_ready())
        try:
            pending = {*runs.values(), stopping, preparing}
            while not stopping.done():
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            for task in (stopping, preparing, *runs.values()):
                task.cancel()
            await asyncio.gather(preparing, *runs.values(), return_exceptions=True)
            await asyncio.gather(*(self._stop(child, hurry) for child in self._children.values()))
            await asyncio.to_thread(self._sweep)

    @property
    def preparing(self) -> bool:
        """Whether a preparation was begun and not ended; nothing can interrupt its thread."""
        return not all(child.prepared.is_set() for child in self._children.values())

    async def _make_ready(self) -> None:
        """One after the other, so that the first server starts while the files of the next are still on their way."""
        for child in self._children.values():
            await child.make_ready(self._pool)

    def _sweep(self) -> None:
        """Nothing is left: of the processes, and of a preparation that was interrupted."""
        leftovers.end(self._data)
        interrupted = psutil.Process().children(recursive=True)
        for process in interrupted:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(interrupted, timeout=_KILLED_S)

    async def _run(self, child: Child) -> None:
        await child.prepared.wait()
        for name in child.spec.after:
            await self._children[name].usable.wait()
        await child.run()

    async def _stop(self, child: Child, hurry: asyncio.Event) -> None:
        for other in self._children.values():
            if child.spec.name in other.spec.after:
                await other.stopped.wait()
        await child.stop(hurry)

    def _changed(self) -> None:
        try:
            state.write(self._data, self.state)
            self._unwritable = False
        except StorageUnusable as error:
            if not self._unwritable:  # once, not with every change; the processes go on
                self._complain(f"`cityhub status` shows an old state, the new one cannot be kept: {error}")
            self._unwritable = True
        self._tell(self.state)
