"""What a dead letter keeps: what is wrong can be mended where only the contract's own fields hold it, nothing else."""

from __future__ import annotations

import msgspec
import pytest

from cityhub.sdk import codec
from cityhub.sdk.door import may_be_kept, may_be_named
from tests.unit.adapters.doors.world import CONTRACTS, World, event

NAME = "Erika Musterfrau"
GOOD = codec.encode(event(fill=1.5)).decode()


def test_a_wrong_value_of_the_right_kind_is_kept() -> None:
    for body in (GOOD, GOOD.replace("1.5", "null"), GOOD.replace("12:00:00Z", "12:00", 1)):
        assert may_be_kept(body.encode(), CONTRACTS), body


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("1.5", f'"{NAME}"'),
        ("1.5", f'{{"{NAME}": 1}}'),
        ("1.5", f'["{NAME}"]'),
        ('"fill":', f'"fill":"{NAME}","fill":'),
        ('"data":', f'"data":{{"plate":"{NAME}"}},"data":'),
        ('"subject":', f'"subject":"{NAME}","subject":'),
        ('"subject":"bin-1"', f'"subject":{{"name":"{NAME}"}}'),
        ('"time":"2026', f'"time":"{NAME}'),
        ('"recordedtime":"2026', f'"recordedtime":"{NAME}'),
    ],
)
async def test_a_name_in_a_place_that_is_none_for_it_is_not(was: str, becomes: str) -> None:
    body = GOOD.replace(was, becomes, 1)
    assert body != GOOD
    assert not may_be_kept(body.encode(), CONTRACTS)
    world = World()
    await world.post(body.encode())
    assert NAME not in repr(world.broker.topics)


async def test_what_a_sender_calls_a_field_of_its_own_is_not_kept_but_told() -> None:
    world = World()
    answer = await world.post(codec.encode(event(fill=0.5, **{NAME: 1})))
    assert answer.json()["pointer"] == f"/data/{NAME}"
    ((_, headers),) = world.broker.letters()
    assert headers["dlq_attribute"] == "data"
    assert NAME not in repr(world.broker.topics)


def test_attributes_that_a_contract_names_are() -> None:
    assert [may_be_named(one, CONTRACTS) for one in ("", "time", "data.fill", "data.plate")] == [
        "",
        "time",
        "data.fill",
        "data",
    ]


def test_kinds_of_every_field_type() -> None:
    wrong = {"integer": NAME, "decimal": NAME, "boolean": NAME, "instant": NAME, "text": 5}
    right = {"integer": 2**70, "decimal": 0.5, "boolean": True, "instant": "2026-11-25 12:00", "text": "x"}
    for contract in CONTRACTS.values():
        for name, field in contract.fields.items():
            for values, kept in ((wrong, False), (right, True)):
                said = msgspec.json.encode({"type": contract.type, "data": {name: values[field.type]}})
                assert may_be_kept(said, CONTRACTS) is kept, (contract.type, name, kept)
