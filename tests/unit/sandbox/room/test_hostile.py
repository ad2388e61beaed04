"""Whatever a tenant writes is taken or refused with a sentence: no other end, at little cost, and the room goes on."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import msgspec

from cityhub.sandbox.errors import SandboxError
from cityhub.sandbox.room.spec import read_spec
from cityhub.sandbox.rooms.child import answer
from cityhub.sandbox.rooms.commands import Command, PutKpi, Scenario
from tests.unit.sandbox.room.hostile import scenarios, specs
from tests.unit.sandbox.room.rooms import CITY, PLAY, START, room, until

CPU_S = 0.25
SPARE = 4
"""A machine shared with others takes so many times as long."""


def test_specs_are_taken_or_refused_cheaply() -> None:
    outcomes = [judged(text) for text in specs(100, seed=1)]
    assert {said is None for said, _ in outcomes} == {True, False}, "some are right, most are not"
    assert all(said is None or said.strip() for said, _ in outcomes)
    assert max(took_s for _, took_s in outcomes) < SPARE * CPU_S


def judged(text: str) -> tuple[str | None, float]:
    """What is said of a spec, None = it is taken, and CPU seconds."""
    began = time.process_time()
    try:
        read_spec(text, CITY)
    except SandboxError as error:
        return str(error), time.process_time() - began
    return None, time.process_time() - began


def test_a_room_answers_every_spec_and_scenario_and_goes_on(tmp_path: Path) -> None:
    one = room(tmp_path)
    one.replay(PLAY, 0.0, speed=0)
    commands: list[Command] = [PutKpi(text=text) for text in specs(20, seed=2)]
    commands += [Scenario(text=text) for text in scenarios(20, seed=2)]
    for command in commands:
        said = answer(one, msgspec.json.encode(command), 0.0)
        assert not said.error or said.lines, command
    one.replay(PLAY, 0.0, speed=0)
    until(one, START + timedelta(minutes=30))
    assert one.standing(0.0).events > 50
    one.close()
