"""Opening numbers: who waits, and who is turned away."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.kept import PLACES
from cityhub.kpi.proof.service import Number, Proofs, _Opened, number
from cityhub.kpi.reader import anchor_of
from tests.unit.kpi.proof.world import KEY, World


class Slow(Proofs):
    """Opens nothing before it is told to."""

    begun = 0

    def _open(self, wanted: Number) -> _Opened:
        self.begun += 1
        assert may_open.wait(60)
        return super()._open(wanted)


may_open = threading.Event()


def test_waiting_for_numbers_takes_some_threads_only(tmp_path: Path) -> None:
    world = World(tmp_path, per_type=40)
    world.count()
    world.engine.publish()
    value = world.published("M01")[0]
    wanted = number("M01", value.window, anchor_of(value), dimensions=value.dimensions)
    proofs = Slow(world.store, world.folder, world.catalogue, key=KEY, job=world.engine.job)

    with ThreadPoolExecutor(PLACES) as pool:
        asked = [pool.submit(proofs.page, wanted) for _ in range(PLACES)]
        while proofs._kept._places._value:
            assert not any(one.done() for one in asked)
        with pytest.raises(StoreUnavailable, match="try again in some seconds"):
            proofs.receipt(wanted)
        may_open.set()
        pages = [one.result(60) for one in asked]

    assert pages[0].counted > 0
    assert all(one == pages[0] for one in pages)
    assert proofs.begun == 1
    assert proofs.receipt(wanted).events == pages[0].counted
