"""The worker's watch: completeness by the broker's clock, stalls and cut logs end the process."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from faust.types import TP

from cityhub.bus.errors import BusUnavailable, LogBroken
from cityhub.kpi.watch import STALL_S, Watch

TOPIC = "du.evt.dvv.transit.v1"
AT = (TOPIC, 0)


class Rig:
    """A watch whose log, store and clock the test moves."""

    def __init__(self, *assigned: int) -> None:
        self.completed: list[tuple[int, int]] = []
        consumer = SimpleNamespace(assignment=lambda: {TP(TOPIC, part) for part in assigned})
        app = SimpleNamespace(consumer=consumer)
        self.watch = Watch(app, SimpleNamespace(), [TOPIC], self._nothing, self._complete)  # type: ignore[arg-type]

    async def look(self, *, end: int, offset: int, asked_ms: int = 0, now: float = 0.0) -> None:
        await self.watch.judge({AT: end}, {AT: offset}, asked_ms, now)

    async def _nothing(self) -> dict[tuple[str, int], int]:
        return {}

    async def _complete(self, topic: str, part: int, end: int, at_ms: int) -> None:
        assert (topic, part) == AT
        self.completed.append((end, at_ms))


async def test_a_quiet_partition_is_complete_up_to_the_time_asked() -> None:
    rig = Rig(0)
    await rig.look(end=5, offset=4, asked_ms=1000)
    await rig.look(end=5, offset=4, asked_ms=2000)
    assert rig.completed == [(5, 1000), (5, 2000)]


async def test_an_empty_partition_is_complete_too() -> None:
    rig = Rig(0)
    await rig.look(end=0, offset=-1, asked_ms=1000)
    assert rig.completed == [(0, 1000)]


async def test_a_stream_that_never_rests_is_complete_up_to_the_last_goal() -> None:
    """At 1000 the log ended at 9: once offset 8 is applied, everything stamped before 1000 is counted."""
    rig = Rig(0)
    await rig.look(end=9, offset=4, asked_ms=1000)
    await rig.look(end=12, offset=7, asked_ms=2000)
    assert rig.completed == []
    await rig.look(end=15, offset=8, asked_ms=3000)
    assert rig.completed == [(9, 1000)]
    await rig.look(end=20, offset=13, asked_ms=4000)
    assert rig.completed == [(9, 1000)]
    await rig.look(end=30, offset=14, asked_ms=5000)
    assert rig.completed == [(9, 1000), (15, 3000)]


async def test_a_stalled_partition_ends_the_process() -> None:
    rig = Rig(0)
    await rig.look(end=9, offset=4, now=0)
    await rig.look(end=12, offset=4, now=STALL_S)
    with pytest.raises(BusUnavailable, match="no progress"):
        await rig.look(end=12, offset=4, now=STALL_S + 1)


async def test_progress_or_rest_is_no_stall() -> None:
    rig = Rig(0)
    await rig.look(end=9, offset=4, now=0)
    await rig.look(end=9, offset=5, now=STALL_S)
    await rig.look(end=9, offset=5, now=2 * STALL_S)
    await rig.look(end=6, offset=5, now=3 * STALL_S)
    await rig.look(end=9, offset=5, now=4 * STALL_S)


async def test_what_another_worker_holds_is_its_own_affair() -> None:
    rig = Rig(1)
    for now in (0, STALL_S + 1, 9 * STALL_S):
        await rig.look(end=9, offset=4, now=now)


async def test_a_member_that_was_given_nothing_looks_after_what_stands_still() -> None:
    """After a network fault a whole group can end up with no assignment, alive and idle."""
    rig = Rig()
    await rig.look(end=9, offset=4, now=0)
    with pytest.raises(BusUnavailable, match="no progress"):
        await rig.look(end=9, offset=4, now=STALL_S + 1)


async def test_a_log_that_ends_before_the_cursor_was_cut() -> None:
    rig = Rig(0)
    with pytest.raises(LogBroken, match=r"ends at offset 3, but the store has read up to 4.*[Rr]estore the topic"):
        await rig.look(end=4, offset=4)
