"""What a number was at an instant."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from cityhub.kpi.values import Label
from tests.unit.api.test_queries import m01
from tests.unit.api.world import HOUR, World, value

BEFORE, NOON = HOUR - timedelta(hours=1), HOUR - timedelta(hours=2)
THEN, LATER = BEFORE + timedelta(minutes=20), BEFORE + timedelta(minutes=40)
ROW = "start value label n revision definitionVersion"


def remembering() -> World:
    """The hour from noon was 80 % and final at 13:20 and is corrected to 90 % since 13:40."""
    world = World(values=[])
    world.reader.put([value(NOON - timedelta(hours=1), good=7), value(NOON, good=8)], THEN)
    world.reader.put([replace(value(NOON, good=9, revision=2), label=Label.CORRECTED, reasons=("late",))], LATER)
    return world


async def test_then_and_now() -> None:
    world = remembering()
    then = f'asOf(window: hour, at: "{THEN.isoformat()}") {{ {ROW} }}'
    now = (
        f'now: asOf(window: hour, at: "{LATER.isoformat()}") {{ value label reasons }} latest(window: hour) {{ value }}'
    )
    found = await m01(world, f"{then} {now}")
    assert found["asOf"] == {
        "start": NOON.isoformat().replace("+00:00", "Z"),
        "value": 80.0,
        "label": "final",
        "n": 12,
        "revision": 0,
        "definitionVersion": 1,
    }
    assert found["now"] == {"value": 90.0, "label": "corrected", "reasons": ["late"]}
    assert found["latest"] == {"value": 90.0}


async def test_the_window_can_be_named_and_nothing_is_null() -> None:
    world = remembering()
    named = f'start: "{(NOON - timedelta(minutes=1)).isoformat()}"'
    selection = f'asOf(window: hour, at: "{THEN.isoformat()}", {named}) {{ value }}'
    assert (await m01(world, selection))["asOf"] == {"value": 70.0}
    selection = f'asOf(window: hour, at: "{BEFORE.isoformat()}") {{ value }}'
    assert (await m01(world, selection))["asOf"] is None


async def test_what_is_still_to_come_is_refused() -> None:
    world = remembering()
    query = 'query($at: DateTime!) { kpi(id: "M01") { ... on Kpi { asOf(at: $at) { value } } } }'
    answer = await world.ask(query, at=(world.now + timedelta(seconds=1)).isoformat())
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "INVALID_ARGUMENT"
    assert error["message"] == "at: 2026-11-03T14:05:01+00:00 is still to come; it is 2026-11-03T14:05:00+00:00"
    assert await world.codes(query, at="2026-11-03T14:00:00") != []


async def test_it_has_its_price() -> None:
    one = 'asOf(at: "2026-11-03T13:20:00Z") { value }'
    answer = await remembering().ask(f'{{ kpi(id: "M01") {{ ... on Kpi {{ {one} }} }} }}')
    assert answer["extensions"]["cost"]["requested"] > 300
