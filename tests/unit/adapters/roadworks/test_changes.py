"""What has happened between two publications: worked by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.unit.adapters.roadworks.portal import (
    CANCELLED,
    ENDED,
    NOW,
    Reader,
    brief,
    data,
    day,
    publication,
    record,
)


def test_a_site_from_its_announcement_to_its_end() -> None:
    portal = Reader()
    (published,) = portal.read(publication(day(1), record()))
    assert published.type == "de.duisburg.wbd.roadwork.published.v1"
    assert (published.subject, published.key, published.version) == ("B1", ("B1", "published"), "1")
    assert published.data == {
        "owner": "wbd",
        "mode": "car",
        "lat": 51.43,
        "lon": 6.76,
        "status": "planned",
        "valid_from": "2026-11-10T06:00:00Z",
        "valid_to": "2026-11-15T06:00:00Z",
    }
    later = {"version": "2", "changed": day(5), "start": day(12), "end": day(18)}
    (changed,) = portal.read(publication(day(5), record(**later)))
    assert (changed.key, changed.version) == (("B1", "changed"), "2")
    assert data(changed, "status", "valid_from") == {"status": "planned", "valid_from": "2026-11-12T06:00:00Z"}
    assert portal.told(publication(day(12, 6), record(**later))) == []
    (started,) = portal.read(publication(day(12, 8), record(**later)))
    assert data(started, "status", "announced_at") == {"status": "active", "announced_at": "2026-11-01T06:00:00Z"}
    assert started.time.isoformat() == day(12)
    over = {**later, "version": "3", "changed": day(17, 16), "more": ENDED}
    (closed,) = portal.read(publication(day(17, 17), record(**over)))
    assert closed.time.isoformat() == day(17, 16)
    assert data(closed, "status", "ended_at", "planned_end") == {
        "status": "closed",
        "ended_at": "2026-11-17T15:00:00Z",
        "planned_end": "2026-11-15T06:00:00Z",
    }
    assert portal.told(publication(day(18), record(**over), record("B2", created=day(18), start=day(25)))) == [
        ("B2", "published", day(18))
    ]


def test_the_same_publication_again_tells_nothing() -> None:
    portal, body = Reader(), publication(day(11), record())
    assert [verb for _, verb, _ in portal.told(body)] == ["published", "started"]
    assert portal.told(body) == []
    assert portal.last.as_of is not None
    assert portal.last.as_of.isoformat() == portal.last.cursor == day(11)


def test_a_new_version_that_says_the_same_is_no_change() -> None:
    portal = Reader()
    portal.read(publication(day(1), record()))
    assert portal.told(publication(day(2), record(version="2", changed=day(2)))) == []


def test_what_was_there_before_us_is_told_as_it_is_now() -> None:
    """Of a later version nobody knows the first end, unless the owner says it."""
    portal = Reader()
    site = record(version="3", changed=day(4), start=day(3))
    changed, started = portal.read(publication(day(11), site))
    assert (brief(changed), changed.version) == (("B1", "changed", day(4)), "3")
    assert (brief(started), started.version) == (("B1", "started", day(3)), "1")
    over = {"version": "4", "changed": day(12), "start": day(3), "more": ENDED}
    (closed,) = portal.read(publication(day(12), record(**over)))
    assert data(closed, "ended_at", "planned_end") == {"ended_at": "2026-11-12T06:00:00Z", "planned_end": None}
    said = f"<situationRecordExtension><firstOverallEndTime>{day(9)}</firstOverallEndTime></situationRecordExtension>"
    (closed,) = Reader().read(publication(day(12), record(**{**over, "more": ENDED + said})))
    assert data(closed, "ended_at", "planned_end") == {
        "ended_at": "2026-11-12T06:00:00Z",
        "planned_end": "2026-11-09T06:00:00Z",
    }


def test_what_has_been_there_for_long_is_told_as_of_now() -> None:
    """Events of the spring would not be believed any more."""
    portal = Reader()
    spring = record(created="2026-03-01T08:00:00+01:00", start="2026-03-20T08:00:00+01:00", end=day(29))
    (changed,) = portal.read(publication(day(11), spring))
    assert (brief(changed), changed.data["status"]) == (("B1", "changed", day(11)), "active")
    assert portal.last.noted == {"long_ago": 1}
    assert portal.told(publication(day(12), spring)) == []
    assert portal.last.noted == {}
    over = record(created="2026-03-01T08:00:00+01:00", more=ENDED)
    assert portal.told(publication(day(13), spring, over.replace("B1", "B2"))) == []
    assert portal.last.noted == {"long_ago": 1}


def test_works_that_nobody_announced() -> None:
    published, started = Reader().read(publication(day(10), record(created=day(10))))
    assert published.data["status"] == started.data["status"] == "active"
    assert "announced_at" not in started.data


def test_the_first_supplier_time_is_when_it_was_announced() -> None:
    first = f"<situationRecordFirstSupplierVersionTime>{day(8)}</situationRecordFirstSupplierVersionTime>"
    published, started = Reader().read(publication(day(11), record(created=day(1), changed=day(8), more=first)))
    assert published.time.isoformat() == day(8)
    assert started.data["announced_at"] == "2026-11-08T06:00:00Z"


def test_a_begin_ahead_of_time_is_the_version_that_says_so() -> None:
    portal = Reader()
    portal.read(publication(day(1), record()))
    early = {"version": "2", "changed": day(9), "status": "active"}
    assert portal.told(publication(day(9, 8), record(**early))) == [("B1", "started", day(9))]
    assert portal.told(publication(day(11), record(**early))) == []


def test_a_site_that_has_begun_begins_only_once() -> None:
    portal = Reader()
    portal.read(publication(day(11), record()))
    put_off = record(version="2", changed=day(12), start=day(20), end=day(22))
    (changed,) = portal.read(publication(day(12), put_off))
    assert changed.data["status"] == "active"
    assert portal.told(publication(day(21), put_off)) == []


@pytest.mark.parametrize("more", [CANCELLED, CANCELLED.replace("<cancel>", "<end>true</end><cancel>")])
def test_cancelled_is_over_without_an_end(more: str) -> None:
    portal = Reader()
    portal.read(publication(day(1), record()))
    (closed,) = portal.read(publication(day(3), record(version="2", changed=day(2), more=more)))
    assert closed.time.isoformat() == day(2)
    assert not {"ended_at", "planned_end"} & closed.data.keys()


def test_who_is_missing_is_over_since_nobody_knows_when() -> None:
    portal, other = Reader(), record("B2")
    portal.read(publication(day(11), record(), other))
    (closed,) = portal.read(publication(day(12), other))
    assert (closed.subject, closed.time.isoformat(), closed.data["status"]) == ("B1", day(12), "closed")
    assert not {"ended_at", "planned_end"} & closed.data.keys()
    assert portal.told(publication(day(13), other)) == []


def test_who_comes_back_is_open_again_and_may_go_again() -> None:
    portal, other = Reader(), record("B2")
    portal.read(publication(day(11), record(), other))
    (gone,) = portal.read(publication(day(12), other))
    (back,) = portal.read(publication(day(13), other, record()))
    assert (back.type, back.time.isoformat()) == ("de.duisburg.wbd.roadwork.changed.v1", day(13))
    assert back.data["status"] == "active"
    (again,) = portal.read(publication(day(14), other))
    assert again.key != gone.key


def test_what_is_over_is_forgotten_after_a_month() -> None:
    portal, other = Reader(), record("B2", end="2027-03-01T00:00:00Z")
    portal.read(publication(day(11), record(), other))
    portal.read(publication(day(12), other))
    assert len(portal.memory) == 3
    late = NOW + timedelta(days=60)
    portal.read(publication("2026-12-12T08:00:00+01:00", other), late)
    assert len(portal.memory) == 2
    assert portal.told(publication("2026-12-13T08:00:00+01:00", other), late) == []


@pytest.mark.parametrize(
    "body",
    [
        publication(day(12), record("B2"), method="allElementUpdate"),
        publication(day(12)),
        publication(day(12), record("B2"), record("", end="soon")),
        publication(day(12), record("B2"), record(end="soon")),
    ],
    ids=["update", "empty", "unreadable record", "refused record"],
)
def test_absence_says_nothing_where_not_all_is_known(body: bytes) -> None:
    portal = Reader()
    portal.read(publication(day(11), record(), record("B2")))
    assert portal.told(body) == []


def test_an_older_publication_is_counted_and_not_read() -> None:
    portal = Reader()
    portal.read(publication(day(11), record()))
    assert portal.told(publication(day(10), record("B2"))) == []
    assert portal.last.noted == {"older_publication": 1}
    assert portal.last.cursor is None


def test_a_publication_from_the_future_does_not_bar_those_after_it() -> None:
    portal = Reader()
    portal.read(publication(day(30), record("B2", created=day(30), start="2026-12-24T00:00:00Z")))
    assert [verb for _, verb, _ in portal.told(publication(day(11), record("B2", created=day(2)), record("B3")))] != []


def test_of_a_record_that_comes_twice_the_newest_version_counts() -> None:
    old, new = record(), record(version="2", changed=day(3), end=day(16))
    for order in ((old, new), (new, old)):
        portal = Reader()
        (changed,) = portal.read(publication(day(5), *order))
        assert data(changed, "valid_to") == {"valid_to": "2026-11-16T06:00:00Z"}
        assert portal.last.noted == {"repeated": 1}


def test_a_portal_that_makes_a_publication_for_each_question_is_not_asked_without_a_pause() -> None:
    reader = Reader()
    reader.read(publication(day(12), record()))
    assert reader.last.more
    for minute in (1, 2, 3):
        now = NOW + timedelta(minutes=minute)
        reader.read(publication(now.isoformat(), record()), now)
        assert not reader.last.more
