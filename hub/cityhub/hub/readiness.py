"""Whether a process can do its work now: a few named questions, each with what to do about a no."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from msgspec import Struct

from cityhub.hub.process import Probe

FRESH_S = 5.0
"""So long an answer holds, however often somebody asks."""
LIMIT_S = 3.0


class Check(Struct, frozen=True):
    """One question. `remedy`: what an operator does about a no."""

    name: str
    ask: Probe
    remedy: str


class Found(Struct, frozen=True):
    """An answer; `reason` and `remedy` are "" where it is well."""

    ready: bool
    reason: str = ""
    remedy: str = ""


class Readiness:
    """All checks of a process. A question that hangs counts as a no, and is not asked a second time meanwhile.

    Args:
        clock: monotonic seconds. limit_s: how long `look` waits for answers, all questions together.
    """

    def __init__(
        self, checks: Sequence[Check], *, clock: Callable[[], float] = time.monotonic, limit_s: float = LIMIT_S
    ) -> None:
        self._checks = {check.name: check for check in checks}
        self._clock = clock
        self._limit_s = limit_s
        self._asking: dict[str, Future[str | None]] = {}
        self._known: dict[str, tuple[float, str | None]] = {}
        self._pool = ThreadPoolExecutor(max(1, len(checks)), "readiness")

    def look(self) -> dict[str, Found]:
        """Every answer, at most `FRESH_S` old; from any thread."""
        now = self._clock()
        for name, check in self._checks.items():
            if name not in self._asking and (name not in self._known or now - self._known[name][0] >= FRESH_S):
                self._asking[name] = self._pool.submit(check.ask)
        done, _ = wait(list(self._asking.values()), self._limit_s)
        for name, future in list(self._asking.items()):
            if future in done:
                self._known[name] = now, _answer(future)
                self._asking.pop(name, None)
        return {name: self._found(check) for name, check in self._checks.items()}

    def close(self) -> None:
        """Ask no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _found(self, check: Check) -> Found:
        if check.name in self._asking:
            return Found(ready=False, reason=f"no answer within {self._limit_s:g} s", remedy=check.remedy)
        reason = self._known[check.name][1]
        return Found(ready=True) if reason is None else Found(ready=False, reason=reason, remedy=check.remedy)


def _answer(future: Future[str | None]) -> str | None:
    error = future.exception()
    return f"its state cannot be told: {error!r}" if error else future.result()
