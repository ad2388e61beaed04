"""The hub under a live stream: from the send call to the moment an independent reader sees the value in the store.

The sender and the reader are processes of their own on the harness's core, the worker has the other one. Probes are
lamps that report once; they share partitions, batches and transactions with everything else.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cityhub.bus.access import KafkaAccess
from cityhub.sdk import codec
from tests.bench.environments import python_of
from tests.bench.lamps import hub
from tests.bench.lamps.drain import SCRIPTS, Failed, System, start, task_of
from tests.bench.lamps.events import Sent, event_of

PROBES_PER_S = 50
LIMIT_S = 600.0
_LAMPS = 10_000
_FOREVER = 1 << 60


class LiveHub:
    """A worker on a topic, to be sent to. Numbers of events and probes never repeat within one topic.

    Attributes:
        sent: events so far; group: the worker's job; store: its file.
    """

    def __init__(self, system: System, access: KafkaAccess, topic: str, folder: Path) -> None:
        self._system = system
        self._task = task_of(system, topic, _FOREVER, access, folder)
        self._folder = folder
        self._probes = 0
        self.sent = 0
        self.group = str(self._task["group"])
        self.store = folder / "store.db"

    @contextmanager
    def working(self) -> Iterator[None]:
        """The worker's process; killed without warning at the end."""
        with start(self._system, self._task) as self._process:
            try:
                until(lambda: hub.exists(self.store), "its tables are there", self._process)
                yield
            finally:
                self._process.kill()

    def burst(self, rate: float, seconds: float) -> dict[str, Any]:
        """Send at a constant rate; wait until the store holds everything.

        Returns:
            `p50_ms`, `p99_ms`, `max_ms`, `probes`, `unseen`, and `sender_behind_s`: how late the slowest send was; the
            figures are those of a machine that could not hold the rate when it is large.
        """
        pool, sent, seen = (self._folder / name for name in ("pool", "sent", "seen"))
        events = max(1, int(rate * seconds))
        probes = self._write_pool(pool, events, every=max(1, int(rate / PROBES_PER_S)))
        watching = self._run(sys.executable, "watch", self.store, self._probes, probes, seen, stdin=subprocess.PIPE)
        sending = self._run(python_of("bench"), "sender", pool, rate, sent)
        out, _ = sending.communicate(timeout=LIMIT_S)
        words = out.split()
        if sending.returncode or int(words[1]) != events:
            raise Failed(f"the sender ended with {sending.returncode}: {out}")
        self.sent += events
        self._probes += probes
        until(lambda: hub.records(self.store) == self.sent, "the store holds everything", self._process)
        time.sleep(1)  # the reader's last look
        watching.communicate("end")
        return _delays(_stamps(sent), _stamps(seen)) | {"sender_behind_s": float(words[2])}

    def _write_pool(self, path: Path, events: int, every: int) -> int:
        now_s, probes = int(time.time()), 0
        with path.open("wb") as file:
            for index in range(events):
                number, probing = self.sent + index, index % every == 0
                reading = Sent(number, 0 if probing else number % _LAMPS, now_s, number % 2_500, False, 0, False)
                event = event_of(reading, f"P{self._probes + probes}" if probing else "")
                probes += probing
                file.write(event.partitionkey.encode() + b"\t" + codec.encode(event) + b"\n")
        return probes

    def _run(self, python: str | Path, script: str, *words: object, stdin: int | None = None) -> subprocess.Popen[str]:
        argv = [str(python), str(SCRIPTS / f"{script}.py"), *map(str, words)]
        environment = {**os.environ, "BENCH_TASK": json.dumps(self._task)}
        return subprocess.Popen(argv, env=environment, stdin=stdin, stdout=subprocess.PIPE, text=True)


def until(holds: Callable[[], bool], what: str, worker: subprocess.Popen[str]) -> float:
    """Wait for a condition that a worker brings about.

    Returns:
        When it was seen to hold, monotonic seconds.

    Raises:
        Failed: it does not hold after `LIMIT_S`, or the worker ended.
    """
    end = time.monotonic() + LIMIT_S
    while not holds():
        if worker.poll() is not None:
            raise Failed(f"the worker ended with {worker.returncode} before {what}")
        if time.monotonic() > end:
            raise Failed(f"after {LIMIT_S:.0f} s it is still not so that {what}")
        time.sleep(0.02)
    return time.monotonic()


def _stamps(path: Path) -> dict[str, int]:
    return {name: int(stamp) for name, stamp in map(str.split, path.read_text("utf-8").splitlines())}


def _delays(sent: dict[str, int], seen: dict[str, int]) -> dict[str, Any]:
    delays = sorted((seen[name] - at) / 1e6 for name, at in sent.items() if name in seen)
    if not delays:
        raise Failed("the reader saw no probe")
    return {
        "p50_ms": round(delays[len(delays) // 2], 1),
        "p99_ms": round(delays[min(len(delays) - 1, int(len(delays) * 0.99))], 1),
        "max_ms": round(delays[-1], 1),
        "probes": len(sent),
        "unseen": len(sent) - len(delays),
    }
