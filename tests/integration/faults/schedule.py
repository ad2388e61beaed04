"""Which faults strike, in which order and for how long: a function of the seed."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from random import Random
from typing import NamedTuple


class Kind(StrEnum):
    """Faults a campaign can inject while traffic flows."""

    KILL_WORKER = "SIGKILL worker"
    KILL_PUBLISHER = "SIGKILL publisher"
    KILL_BOTH = "SIGKILL worker and publisher"
    STOP_WORKER = "SIGSTOP worker"
    STOP_PUBLISHER = "SIGSTOP publisher"
    TERM_WORKER = "SIGTERM worker"
    TERM_PUBLISHER = "SIGTERM publisher"
    SCALE = "scale workers"
    KILL_BROKER = "SIGKILL broker"
    PAUSE_BROKER = "SIGSTOP broker"
    CUT = "TCP cut"
    STALL = "TCP stall"
    KILL_DATABASE = "SIGKILL database"
    FULL_DISK = "full disk"
    CLOCK_WORKER = "clock of worker"
    CLOCK_PUBLISHER = "clock of publisher"


class Fault(NamedTuple):
    """One fault.

    Attributes:
        seconds: how long a stop, pause, cut, stall or full disk lasts; how wrong a clock is.
        which: picks the worker among those that run, and how many run after a scaling.
        patient: whether the next fault waits until the engine has moved on.
    """

    kind: Kind
    seconds: float = 0.0
    which: int = 0
    patient: bool = True


_WEIGHTS = {
    Kind.KILL_WORKER: 6,
    Kind.KILL_PUBLISHER: 2,
    Kind.KILL_BOTH: 2,
    Kind.STOP_WORKER: 5,
    Kind.STOP_PUBLISHER: 2,
    Kind.TERM_WORKER: 2,
    Kind.TERM_PUBLISHER: 1,
    Kind.SCALE: 3,
    Kind.KILL_BROKER: 2,
    Kind.PAUSE_BROKER: 2,
    Kind.CUT: 3,
    Kind.STALL: 3,
    Kind.KILL_DATABASE: 3,
    Kind.FULL_DISK: 2,
    Kind.CLOCK_WORKER: 1,
    Kind.CLOCK_PUBLISHER: 1,
}
_SHORTEST_S = {Kind.STOP_WORKER: 5.0, Kind.STOP_PUBLISHER: 5.0}
_LONG = {Kind.STOP_WORKER: 1.0, Kind.STOP_PUBLISHER: 1.0, Kind.PAUSE_BROKER: 0.35, Kind.STALL: 0.5, Kind.CUT: 0.2}


def schedule(seed: int, count: int, kinds: Collection[Kind], longest_s: float) -> list[Fault]:
    """`count` faults: every kind once in a random order, then by weight.

    Args:
        longest_s: of a SIGSTOP; other faults last a part of it.
    """
    rng = Random(f"{seed}/faults")  # noqa: S311 - reproducible, not secret
    once = [kind for kind in Kind if kind in kinds]
    rng.shuffle(once)
    more = rng.choices(once, [_WEIGHTS[kind] for kind in once], k=max(0, count - len(once)))
    return [_fault(kind, rng, longest_s) for kind in (once + more)[:count]]


def _fault(kind: Kind, rng: Random, longest_s: float) -> Fault:
    if kind in (Kind.CLOCK_WORKER, Kind.CLOCK_PUBLISHER):
        seconds = float(rng.choice((-3600, 3600)))
    else:
        low = _SHORTEST_S.get(kind, 0.5)
        seconds = round(rng.uniform(low, max(low, longest_s * _LONG.get(kind, 0.25))), 1)
    return Fault(kind, seconds, rng.randrange(1 << 16), rng.random() < 0.75)
