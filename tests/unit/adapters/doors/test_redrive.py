"""Dead letters are mended and driven in again: once, with the same id, never what is still wrong."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from cityhub.adapters.doors.mending import Edit
from cityhub.adapters.doors.past import MOST_REPLAYS
from cityhub.adapters.doors.wishes import Wish
from cityhub.bus.audit_trail import ASKED, DONE, WANTED
from cityhub.bus.errors import BusUnavailable
from cityhub.sdk import codec
from cityhub.sdk.contract import Contracts
from cityhub.sdk.door import judged_bytes
from cityhub.sdk.event import make_event
from tests.unit.adapters.doors.desk import Desk
from tests.unit.adapters.doors.hostile import SECRET, body, value
from tests.unit.adapters.doors.world import CONTRACTS, LEVEL, NOW, event

TOPIC = "du.evt.wbd.bin.v1"
MEND = Edit(merge={"fill": 0.5})


async def refused(*numbers: int, contracts: Contracts = CONTRACTS) -> Desk:
    """A desk with a letter for each number, too full a bin."""
    desk = Desk(contracts)
    for number in numbers:
        assert (await desk.post(codec.encode(event(number, fill=1.5)))).status_code == 422
    return desk


def wider() -> Contracts:
    """The contracts of another day, on which a bin may be fuller."""
    level = CONTRACTS[LEVEL]
    fill = replace(level.fields["fill"], max=2)
    return Contracts({**CONTRACTS, LEVEL: replace(level, fields={**level.fields, "fill": fill})}.values())


async def test_a_mended_event_is_written_once_with_its_id() -> None:
    desk = await refused(1)
    result = await desk.drive_one(edit=MEND)
    assert (result.status, result.topic, result.position, result.replay) == ("redriven", TOPIC, 0, 1)
    assert "data.fill: 1.5 is more than 1" in result.today
    assert desk.broker.events(TOPIC) == [event(1, fill=0.5)]
    ((key, _, headers),) = desk.broker.topics[TOPIC]
    said = dict(headers)
    assert (key, said["cityhub_origin"], said["cityhub_replay"]) == (b"bin-1", b"redrive:wbd/0/0", b"1")

    again = await desk.drive_one(edit=Edit(merge={"fill": 0.7}))
    assert (again.status, again.topic, again.position) == ("already", TOPIC, 0)
    assert len(desk.broker.topics[TOPIC]) == 1


async def test_the_contract_of_today_decides() -> None:
    desk = await refused(1, 2, contracts=wider())
    assert (await desk.drive()).counts == {"redriven": 2}
    assert [one.data["fill"] for one in desk.broker.events(TOPIC)] == [1.5, 1.5]


async def test_what_is_still_wrong_is_told_and_written_nowhere() -> None:
    desk = await refused(1)
    for edit in (None, Edit(merge={"fill": 3}), Edit(data={}), Edit(merge={"name": SECRET})):
        result = await desk.drive_one(edit=edit)
        assert (result.status, bool(result.detail)) == ("refused", True)
    assert TOPIC not in desk.broker.topics
    assert len(desk.broker.letters()) == 1
    assert {deed.what for deed in desk.trail.deeds} == {ASKED}


async def test_a_dry_run_tells_and_changes_nothing() -> None:
    desk = await refused(1)
    before = {name: list(log) for name, log in desk.broker.topics.items()}
    result = await desk.drive_one(edit=MEND, dry_run=True)
    assert result.status == "would_redrive"
    assert "1.5 is more than 1" in result.today
    assert (desk.broker.topics, desk.trail.deeds) == (before, [])


async def test_the_trail_says_who_did_what_and_no_values() -> None:
    desk = await refused(1)
    report = await desk.drive(Wish(letters=((0, 0),), edit=Edit(merge={"fill": 0.37})))
    asked, wanted, done = desk.trail.deeds
    assert [one.what for one in desk.trail.deeds] == [ASKED, WANTED, DONE]
    assert {(one.request, one.subject, one.organisation, one.partner) for one in desk.trail.deeds} == {
        (report.request, "anna", "wbd", "wbd")
    }
    assert asked.letters == 1
    (letter,) = await desk.letters()
    assert (wanted.part, wanted.offset, wanted.id, wanted.fields) == (0, 0, event(1).id, ("fill",))
    assert (wanted.before, wanted.after) == (letter.sha256, event(1, fill=0.37).contenthash)
    assert (done.topic, done.partition, done.position) == (TOPIC, 0, 0)
    assert b"0.37" not in msgspec.json.encode(desk.trail.deeds)


@pytest.mark.parametrize("killed_before", [WANTED, DONE])
async def test_a_killed_redrive_is_visible_and_can_be_repeated(killed_before: str) -> None:
    desk = await refused(1)
    desk.trail.dies_before = killed_before
    with pytest.raises(BusUnavailable):
        await desk.drive_one(edit=MEND)
    (letter,) = await desk.letters()
    state = (await desk.redrive.past("wbd")).standing(letter).state
    assert state == ("open" if killed_before == WANTED else "wanted")
    desk.trail.dies_before = ""
    if killed_before == DONE:
        other = await desk.drive_one(edit=Edit(merge={"fill": 0.6}))
        assert (other.status, other.reason) == ("refused", "unfinished")
    assert (await desk.drive_one(edit=MEND)).status == "redriven"
    assert {one.id for one in desk.broker.events(TOPIC)} == {event(1).id}
    assert {one.contenthash for one in desk.broker.events(TOPIC)} == {event(1, fill=0.5).contenthash}


async def test_an_unacknowledged_event_is_written_again() -> None:
    desk = await refused(1)
    desk.broker.trouble = BusUnavailable("gone")
    with pytest.raises(BusUnavailable):
        await desk.drive_one(edit=MEND)
    assert (await desk.drive_one(edit=MEND)).status == "redriven"


async def test_what_the_engine_refuses_again_and_again_ends() -> None:
    desk = await refused(1)
    place, body = "", codec.encode(event(1))
    for number in range(MOST_REPLAYS + 1):
        if number:
            topic, part, offset = place.rsplit("/", 2)
            desk.bury(body, reason="processing", topic=topic, partition=part, offset=offset)
        result = await desk.drive_one(number, edit=None if number else MEND)
        place = f"{result.topic}/{result.partition}/{result.position}"
        assert result.replay == (number + 1 if number < MOST_REPLAYS else 0)
    assert (result.status, result.reason) == ("refused", "loop")
    assert len(desk.broker.topics[TOPIC]) == MOST_REPLAYS


async def test_an_attempt_that_the_letter_claims_counts() -> None:
    desk = Desk()
    desk.bury(codec.encode(event(1)), reason="processing", attempt="4")
    assert (await desk.drive_one()).reason == "loop"


async def test_two_letters_of_one_id_are_one_event() -> None:
    desk = Desk(wider())
    for fill in (1.5, 1.6):
        await desk.post(codec.encode(event(1, fill=fill)))
    report = await desk.drive()
    assert [one.status for one in report.results] == ["redriven", "refused"]
    assert report.reasons == {"superseded": 1}
    assert (await desk.drive()).counts == {"already": 1, "refused": 1}
    assert len(desk.broker.topics[TOPIC]) == 1


async def test_a_letter_that_a_door_repeated_is_one_letter() -> None:
    desk = await refused(1, 1)
    assert len(desk.broker.letters()) == 2
    (letter,) = await desk.letters()
    assert letter.offset == 0
    assert (await desk.drive_one(0, edit=MEND)).status == "redriven"
    assert (await desk.drive_one(1, edit=MEND)).status == "already"


async def test_by_time_reason_type_and_number() -> None:
    desk = await refused(1, 2, 3, 4, contracts=wider())
    desk.bury(b"{", reason="parse")
    later = Wish(since=NOW + timedelta(seconds=1), until=NOW + timedelta(seconds=3))
    assert [one.offset for one in (await desk.drive(later, dry_run=True)).results] == [1, 2]
    assert (await desk.drive(Wish(reason="parse"))).reasons == {"parse": 1}
    assert (await desk.drive(Wish(type="de.duisburg.wbd.other.v1"))).results == []
    first = await desk.drive(Wish(type=LEVEL, most=3))
    assert (first.counts, first.more) == ({"redriven": 3}, True)
    rest = await desk.drive(Wish(type=LEVEL, most=3))
    assert (rest.counts, rest.more) == ({"already": 3, "redriven": 1}, False)
    assert len(desk.broker.events(TOPIC)) == 4


async def test_those_that_are_named_and_no_others() -> None:
    desk = await refused(1, 2, 3, contracts=wider())
    told = await desk.drive(Wish(letters=((0, 2), (0, 0), (0, 7), (1, 0))))
    assert told.counts == {"redriven": 2, "refused": 2}
    assert [(one.offset, one.reason) for one in told.results[2:]] == [(7, "no_letter"), (0, "no_letter")]


async def test_a_field_that_nobody_named_is_taken_off_and_its_name_is_kept_nowhere() -> None:
    desk = Desk()
    desk.bury(codec.encode(event(1, fill=0.5, **{SECRET: 1})), reason="processing")
    assert (await desk.drive_one()).reason == "unnamed_field"
    assert (await desk.drive_one(edit=Edit(merge={SECRET: None, "fill": 0.25}))).status == "redriven"
    assert desk.broker.events(TOPIC) == [event(1, fill=0.25)]
    assert desk.trail.deeds[-1].fields == ("fill",)


async def test_it_says_when_older_letters_were_not_read() -> None:
    desk = await refused(1, contracts=wider())
    desk.box.cut = True
    assert (await desk.drive()).more
    assert not (await desk.drive(Wish(letters=((0, 0),)))).more


async def test_bytes_that_were_not_kept_stay_away() -> None:
    desk = Desk()
    await desk.post(codec.encode(event(1, fill=0.5, plate=SECRET)))
    result = await desk.drive_one(edit=Edit(data={"fill": 0.5}))
    assert (result.status, result.reason) == ("refused", "not_kept")
    assert SECRET not in str(result)


@pytest.mark.parametrize(
    ("reason", "days", "words"),
    [("id_reuse", 0, "give the record another version"), ("beyond_horizon", 400, "the engine would refuse it again")],
)
async def test_what_the_engine_would_refuse_again_is_not_sent_to_it(reason: str, days: int, words: str) -> None:
    desk = Desk()
    desk.bury(codec.encode(_at(NOW - timedelta(days=days))), reason=reason)
    result = await desk.drive_one()
    assert (result.status, result.reason, words in result.detail) == ("refused", reason, True)


async def test_a_time_may_change_only_where_it_lay_in_the_future() -> None:
    desk = Desk()
    await desk.post(codec.encode(_at(NOW + timedelta(hours=1))))
    await desk.post(codec.encode(event(2, fill=1.5)))
    mended = await desk.drive_one(0, edit=Edit(time=NOW))
    other = await desk.drive_one(1, edit=Edit(time=NOW, merge={"fill": 0.5}))
    assert (mended.status, other.reason) == ("redriven", "edit")
    assert "time may change only where it was time_in_future" in other.detail
    assert [one.time for one in desk.broker.events(TOPIC)] == [NOW]
    assert desk.trail.deeds[1].fields == ("time",)


async def test_a_future_event_passes_when_its_time_has_come() -> None:
    desk = Desk()
    await desk.post(codec.encode(_at(NOW + timedelta(hours=1))))
    assert (await desk.drive_one()).reason == "time_in_future"
    desk.now += timedelta(hours=1)
    assert (await desk.drive_one()).status == "redriven"


async def test_what_an_event_is_about_never_changes_however_hostile_the_edit() -> None:
    rng = Random(7)  # noqa: S311 - no secret
    about, driven = ("id", "source", "type", "subject"), 0
    for _ in range(600):
        desk = Desk()
        await desk.post(body(rng))
        letters = await desk.letters()
        if not letters:
            continue
        patch: dict[str, Any] = {rng.choice(["fill", "plate", "id", "data"]): value(rng)}
        edit = rng.choice([Edit(merge=patch), Edit(data=patch), Edit(data={"fill": 0.5}), Edit(merge={"fill": 0.5})])
        result = await desk.drive_one(edit=edit)
        assert len(await desk.letters()) == 1
        for name, log in desk.broker.topics.items():
            if ".evt." in name:
                ((_, written, _),) = log
                driven += 1
                assert result.status == "redriven"
                was, is_ = msgspec.json.decode(letters[0].body), msgspec.json.decode(written)
                assert [was[one] for one in about] == [is_[one] for one in about]
                assert judged_bytes(written, CONTRACTS, "wbd", NOW).time == codec.decode(written).time
        assert SECRET.encode() not in msgspec.json.encode(desk.trail.deeds)
    assert driven > 5


@pytest.mark.parametrize(
    "edit",
    [
        Edit(),
        Edit(merge={"fill": 0.5}, data={"fill": 0.5}),
        Edit(merge={"a": {"b": None}}),
        Edit(data={"x": msgspec.json.decode(b"[" * 400 + b"]" * 400)}),
        Edit(time=NOW.replace(tzinfo=None)),
    ],
)
async def test_hostile_edits_are_refused_in_words(edit: Edit) -> None:
    desk = Desk()
    for bytes_ in (b"", b"{", b"[]", b"\xff", b'{"time": "0001-01-01T00:00:00+10:00"}', codec.encode(event(1, fill=2))):
        desk.bury(bytes_, reason="time_in_future")
    report = [await desk.drive_one(at, edit=edit) for at in range(6)]
    assert {one.status for one in report} == {"refused"}
    assert all(one.detail for one in report)


def _at(time: Any) -> Any:
    return make_event(
        type_=LEVEL,
        source="//wbd/bins",
        natural_key=("at",),
        version="1",
        subject="bin-1",
        time=time,
        recorded_at=NOW,
        data={"fill": 0.25},
    )
