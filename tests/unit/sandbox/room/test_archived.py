"""An archived day again: the same digests as the city's, real events only where they were released."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from cityhub.bus.archive.storage import storage_of
from cityhub.bus.archive.writer import TopicWriter
from cityhub.sandbox.errors import SpecRefused
from cityhub.sandbox.room.archived import ArchivedStory, Past, faults_of_release
from cityhub.sandbox.room.room import Room
from cityhub.sandbox.room.state import Play
from cityhub.sandbox.room.story import Story
from cityhub.sdk import codec
from cityhub.sdk.event import validate
from tests.unit.sandbox.room.rooms import CITY, DAY, PLAY, START, hours, room, until

SEWER, PARKING = "de.duisburg.wbd.sewer.level-observed.v1", "de.duisburg.dvv.lamp.parking-observed.v1"
ARCHIVED = Play(day=DAY, source="archived")
MORNING = START + timedelta(hours=4)


class Stored:
    """A record of a log. Attributes as of `LogRecord`."""

    def __init__(self, offset: int, timestamp: int, value: bytes) -> None:
        self.offset, self.timestamp, self.value = offset, timestamp, value


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A simulated day as the hub archives it; every second sewer's events are not marked synthetic."""
    folder, by_topic = tmp_path_factory.mktemp("archive"), dict[str, list[Stored]]()
    story = Story(PLAY.seed, DAY, PLAY.streams, CITY.contracts)
    for one in [*story.before(), *story.events()]:
        real = one.event.type == SEWER and one.event.subject[-1] in "13579"
        event = replace(one.event, synthetic=False) if real else one.event
        log = by_topic.setdefault(one.topic, [])
        log.append(Stored(len(log), one.arrives_ms, codec.encode(event)))
    for topic, records in by_topic.items():
        writer = TopicWriter(storage_of(folder), topic, CITY.contracts.of_topic(topic))
        writer.add(0, records, {})
        writer.commit(0)
    return str(folder)


def test_windows_of_the_day_have_the_citys_digests(tmp_path: Path, archive: str) -> None:
    simulated = room(tmp_path / "a")
    simulated.replay(PLAY, 0.0, speed=0)
    until(simulated, MORNING)
    again = Room(tmp_path / "b", CITY, 0.0, Past(archive=archive, released={SEWER: ()}))
    again.replay(ARCHIVED, 0.0, speed=0)
    until(again, MORNING)
    for kpi in ("M07", "I02"):
        was, now = hours(simulated, kpi), hours(again, kpi)
        assert {at: (value.digest, value.value) for at, value in was.items()} == {
            at: (value.digest, value.value) for at, value in now.items()
        }
        assert len(was) > 3
    simulated.close()
    again.close()


def test_real_events_are_there_only_where_they_were_released(archive: str) -> None:
    closed = list(ArchivedStory(Past(archive=archive), DAY, CITY.contracts).events())
    opened = list(
        ArchivedStory(Past(archive=archive, released={SEWER: ("level_ratio",)}), DAY, CITY.contracts).events()
    )
    assert all(one.event.synthetic for one in closed)
    real = [one.event for one in opened if not one.event.synthetic]
    assert len(opened) == len(closed) + len(real)
    assert real
    for event in real:
        validate(event)
        assert event.data.keys() == {"level_ratio"}
    assert any("flow" in one.event.data for one in opened if one.event.type == SEWER and one.event.synthetic)


def test_what_is_not_there_is_said(tmp_path: Path, archive: str) -> None:
    one = room(tmp_path)
    with pytest.raises(SpecRefused, match="this sandbox has no archive"):
        one.replay(ARCHIVED, 0.0, speed=0)
    assert one.standing(0.0).play is None, "nothing was begun"
    one.close()


@pytest.mark.parametrize(
    ("type_", "fields", "said"),
    [
        ("de.duisburg.wbd.sewer.level.v1", (), "no contract of that type"),
        ("de.duisburg.city.case.completed.v1", (), "tells of people"),
        (SEWER, ("flow",), "level_ratio is needed in each event"),
        (SEWER, ("level_ratio", "depth"), "depth is no field of it"),
        (SEWER, ("level_ratio",), ""),
        (PARKING, (), ""),
    ],
)
def test_a_release_must_make_sense(type_: str, fields: tuple[str, ...], said: str) -> None:
    found = list(faults_of_release(type_, fields, CITY.contracts))
    assert (said in found[0]) if said else found == []
