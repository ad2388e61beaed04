"""What rooms cost: a whole day replayed, twenty rooms at 60 times at once, fifty idle tenants. Run by `make bench`.

Prints figures and asserts answers, never a time.
"""

from __future__ import annotations

import asyncio
import os
import time
from datetime import date
from pathlib import Path

import msgspec
import psutil
import pytest

from cityhub.kpi.definition import load_catalogue
from cityhub.sandbox.room.room import Room
from cityhub.sandbox.room.state import Play, Standing
from cityhub.sandbox.rooms.commands import Replay, Stand
from cityhub.sandbox.rooms.houses import Houses
from tests.unit.sandbox.room.rooms import DAY, START, settle

ROOMS, SPEED = 20, 60.0
WATCHED_S = 30.0


def test_a_whole_day(tmp_path: Path) -> None:
    """All streams with departures, all public KPIs, as fast as possible; once in one go, once minute by minute."""
    digests = []
    for name, speed in (("in one go", 0.0), ("at 1000 times", 1000.0)):
        room, began, spent = Room(tmp_path / name, load_catalogue(), 0.0), time.monotonic(), time.process_time()
        room.replay(Play(day=DAY, seed=2026), 0.0, speed=speed)
        if speed:
            for second in range(90):
                settle(room, float(second))
        else:
            room.set_clock(0.0, speed=0.0, to=START.replace(day=24))
            settle(room, 0.0)
        events = room.standing(90.0).events
        print(
            f"a day {name}: {events} events, {time.monotonic() - began:.1f} s, {time.process_time() - spent:.1f} s CPU"
        )
        digests.append(room.digests())
        room.close()
    assert digests[0] == digests[1]


async def test_twenty_rooms_at_once(tmp_path: Path) -> None:
    """Each replays all sensors at 60 times; how far behind its clock is each after half a minute?"""
    houses = Houses(lambda name: tmp_path / name)
    try:
        play = Replay(
            day=date(2026, 11, 24), streams=("parking-slots", "sewer-levels", "bins", "environment"), speed=SPEED
        )
        await asyncio.gather(*(houses.ask(f"room-{number}", play) for number in range(ROOMS)))
        processes = [psutil.Process(houses._open[name].process.pid) for name in houses.open()]
        spent = sum(sum(one.cpu_times()[:2]) for one in processes)
        await asyncio.sleep(WATCHED_S)
        said = await asyncio.gather(*(houses.ask(f"room-{number}", Stand()) for number in range(ROOMS)))
        behind = [msgspec.json.decode(one.found, type=Standing).behind_s / SPEED for one in said]
        cores = (sum(sum(one.cpu_times()[:2]) for one in processes) - spent) / WATCHED_S
        memory = sum(one.memory_full_info().uss for one in processes) / 1e6 / ROOMS
        print(f"{ROOMS} rooms at {SPEED:.0f}x: {cores:.2f} cores, {max(behind):.1f} s behind, {memory:.0f} MB each")
        assert all(not one.error for one in said)
    finally:
        await houses.close_all()


async def test_fifty_idle_tenants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rooms that were open once and stand still end their process, as the sandbox process lets them."""
    monkeypatch.setattr("cityhub.sandbox.rooms.houses.IDLE_S", 0)
    houses = Houses(lambda name: tmp_path / name)
    own = psutil.Process(os.getpid())
    try:
        before = own.memory_full_info().uss
        for number in range(50):
            assert not (await houses.ask(f"room-{number}", Stand())).error
            await houses.sweep()
        servers = [one.memory_full_info() for one in own.children(recursive=True)]
        grown = (own.memory_full_info().uss - before) / 1e6
        uss, pss = (sum(getattr(one, kind) for one in servers) / 1e6 for kind in ("uss", "pss"))
        print(
            f"50 idle tenants: {grown:.0f} MB more in the host, fork server and helper {uss:.0f} MB USS, {pss:.0f} PSS"
        )
        assert houses.open() == []
    finally:
        await houses.close_all()
