"""How much a run of `make chaos` does, from its environment.

SIZE is empty, `nightly`, `release`, or `<records>x<faults>` such as `5000x5`; SEED replays a run.
"""

from __future__ import annotations

import os
import secrets
from typing import NamedTuple


class Size(NamedTuple):
    """Records to send, faults to inject, the longest SIGSTOP in seconds, hostile inputs at the doors, seeds to play."""

    records: int
    faults: int
    longest_s: float
    hostile: int
    seeds: int


_NAMED = {
    "": Size(150_000, 40, 20.0, 20_000, 20_000),
    "nightly": Size(2_000_000, 500, 60.0, 200_000, 200_000),
    "release": Size(20_000_000, 5_000, 60.0, 2_000_000, 2_000_000),
}


def size() -> Size:
    """The size asked for."""
    wanted = os.environ.get("SIZE", "")
    if wanted in _NAMED:
        return _NAMED[wanted]
    records, _, faults = wanted.partition("x")
    if not (records.isdigit() and faults.isdigit()):
        raise ValueError(f"SIZE={wanted!r} is none of {', '.join(filter(None, _NAMED))} and not like 5000x5")
    return Size(int(records), int(faults), 20.0, int(records), int(records))


def seed() -> int:
    """The seed asked for, or a new one."""
    return int(os.environ.get("SEED") or secrets.randbelow(1_000_000))
