"""Publishers against the hub's own door on a real server that fails on demand."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from cityhub.sdk.client import wire
from cityhub.sdk.client.account import Account
from cityhub.sdk.client.delivery import Result
from cityhub.sdk.client.http import AsyncHttpPublisher, HttpPublisher
from cityhub.sdk.client.session import MARGIN_S, Patience
from cityhub.sdk.errors import HubRefused, NotAcknowledged, NotConfigured
from cityhub.sdk.event import Event
from tests.unit.adapters.doors.world import CONTRACTS, LEVEL, event
from tests.unit.sdk.client.local_hub import RETRY_S, UNWRITTEN, WRITTEN, LocalHub, Time, publisher

TOPIC = "du.evt.wbd.bin.v1"
PATIENCE = Patience(deadline_s=60, first_s=0.5, most_s=30)
Send = Callable[[Sequence[Event]], list[Result]]


@pytest.fixture(params=["blocking", "asynchronous"])
def send(request: pytest.FixtureRequest, hub: LocalHub, time: Time) -> Send:
    """Both publishers, with the same clock and the same luck."""

    def blocking(events: Sequence[Event]) -> list[Result]:
        with publisher(hub, time, patience=PATIENCE) as one:
            return one.publish(events)

    async def asynchronous(events: Sequence[Event]) -> list[Result]:
        options: dict[str, Any] = {"clock": time.clock, "wall": time.wall, "chance": lambda: 0.5, "patience": PATIENCE}
        async with AsyncHttpPublisher(hub.account(), pause=time.apause, **options) as one:
            return await one.publish(events)

    return blocking if request.param == "blocking" else lambda events: asyncio.run(asynchronous(events))


def bad_events() -> list[Event]:
    return [
        event(1, fill=1.2),
        event(2, fil=0.5),
        event(3, type_="de.duisburg.wbd.bin.emptied.v1"),
        event(4, type_="de.duisburg.gebag.flat.status-changed.v1"),
        replace(event(5), contenthash="0" * 64),
        event(6, fill="x" * 70_000),
    ]


def test_each_event_has_its_answer_in_order(hub: LocalHub, send: Send) -> None:
    good, bad = [event(number) for number in range(2)], event(7, fill=1.2)
    first, refused, second = send([good[0], bad, good[1]])
    assert first == Result(id=good[0].id, status="accepted", topic=TOPIC, partition=0, offset=0)
    assert (second.id, second.status, second.offset) == (good[1].id, "accepted", 1)
    assert refused == Result(
        id=bad.id,
        status="rejected",
        reason="contract",
        pointer="/data/fill",
        contract=LEVEL,
        detail="data.fill: 1.2 is more than 1; check value and unit (1)",
    )
    assert hub.written() == [one.id for one in good]
    assert hub.world.broker.letters() == []  # it never left the house


def test_what_is_refused_at_home_is_refused_in_the_hubs_words(hub: LocalHub, time: Time) -> None:
    events = bad_events()
    with publisher(hub, time) as at_home, publisher(hub, time, validate=False) as at_hub:
        mine = at_home.publish(events)
        assert hub.asked == []
        theirs = at_hub.publish(events)
    assert len(hub.asked) == 1
    assert [(one.status, one.reason, one.pointer, one.detail) for one in mine] == [
        (one.status, one.reason, one.pointer, one.detail) for one in theirs
    ]
    assert {one.status for one in mine} == {"rejected"}


def test_judging_at_the_hub_writes_nothing(hub: LocalHub, time: Time) -> None:
    with publisher(hub, time, validate=False) as one:
        assert [said.status for said in one.check([event(1), event(2, fill=7)])] == ["valid", "rejected"]
    assert hub.world.broker.topics == {}


def test_batches_are_as_large_as_a_request_may_be(hub: LocalHub, send: Send) -> None:
    events = [event(number) for number in range(2_001)]
    assert [one.id for one in send(events)] == [one.id for one in events]
    assert [body.count(b'"specversion"') for _, body in hub.asked] == [1000, 1000, 1]
    hub.asked.clear()
    large = [replace(event(number), correlationid="c" * 60_000) for number in range(40)]
    assert {one.status for one in send(large)} == {"accepted"}
    assert [body.count(b'"specversion"') for _, body in hub.asked] == [17, 17, 6]
    assert max(len(body) for _, body in hub.asked) <= 1024 * 1024


@pytest.mark.parametrize("fault", [*UNWRITTEN[:6], *WRITTEN])
def test_a_fault_is_tried_again_until_there_is_an_answer(hub: LocalHub, time: Time, send: Send, fault: str) -> None:
    hub.faults.extend([fault])
    events = [event(1), event(2)]
    assert [one.status for one in send(events)] == ["accepted", "accepted"]
    ids = [one.id for one in events]
    assert hub.written() == (ids * 2 if fault in WRITTEN else ids)
    if fault == "401":
        assert (time.pauses, hub.tokens) == ([], 2)  # with a new token, at once
    else:
        assert time.pauses == [0.25 + (RETRY_S if fault in {"429", "503"} else 0)]


def test_pauses_grow_and_end_with_the_deadline(hub: LocalHub, time: Time, send: Send) -> None:
    hub.faults.extend(["drop"] * 50)
    events = [event(1), event(2)]
    with pytest.raises(NotAcknowledged, match="tried 9 times within 60 s") as raised:
        send(events)
    assert time.pauses == [0.25, 0.5, 1, 2, 4, 8, 15, 15]
    assert [(one.id, one.status) for one in raised.value.results] == [(one.id, "unknown") for one in events]
    assert hub.written() == []


def test_a_wait_beyond_the_deadline_is_not_waited(hub: LocalHub, time: Time) -> None:
    hub.faults.extend(["503"])
    with (
        publisher(hub, time, patience=Patience(deadline_s=5)) as one,
        pytest.raises(NotAcknowledged, match="a fault of the test: 503"),
    ):
        one.publish([event()])
    assert time.pauses == []


def test_what_was_answered_before_the_trouble_is_told(hub: LocalHub, send: Send) -> None:
    hub.faults.extend(["", *["500"] * 50])
    with pytest.raises(NotAcknowledged) as raised:
        send([event(0, fill=2), *(event(number) for number in range(1, 1_003))])
    statuses = [one.status for one in raised.value.results]
    assert statuses == ["rejected", *["accepted"] * 1000, "unknown", "unknown"]


def test_a_token_is_kept_until_shortly_before_its_end(hub: LocalHub, time: Time) -> None:
    with publisher(hub, time) as one:
        for seconds, tokens in ((0, 1), (hub.life_s - MARGIN_S - 1, 1), (hub.life_s - MARGIN_S, 2)):
            time.seconds = seconds
            one.publish([event()])
            assert hub.tokens == tokens


def test_a_token_that_is_refused_twice_is_no_matter_of_time(hub: LocalHub, time: Time, send: Send) -> None:
    hub.faults.extend(["401", "401"])
    with pytest.raises(HubRefused, match="answered 401: a fault of the test") as raised:
        send([event()])
    assert (raised.value.status, time.pauses) == (401, [])


@pytest.mark.parametrize("fault", ["drop", "500", "503", "429"])
def test_tokens_are_asked_for_again_too(hub: LocalHub, time: Time, send: Send, fault: str) -> None:
    hub.token_faults.extend([fault, fault])
    assert send([event()])[0].status == "accepted"
    assert len(time.pauses) == 2


def test_a_wrong_secret_is_said_at_once_and_never_shown(hub: LocalHub, time: Time) -> None:
    account = hub.account("wrong-one")
    with (
        HttpPublisher(account, clock=time.clock, pause=time.pause, wall=time.wall) as one,
        pytest.raises(HubRefused, match="Invalid client credentials; no token for client ingest-wbd") as raised,
    ):
        one.publish([event()])
    assert time.pauses == []
    assert "wrong-one" not in f"{raised.value}{account!r}"


def test_what_is_too_large_for_one_request_goes_in_halves(hub: LocalHub, send: Send) -> None:
    hub.faults.extend(["413", "413"])
    events = [event(number) for number in range(4)]
    assert [one.status for one in send(events)] == ["accepted"] * 4
    assert hub.written() == [one.id for one in events]
    hub.faults.extend(["413"])
    (alone,) = send(events[:1])
    assert (alone.status, alone.reason) == ("rejected", "size")


def test_a_redirection_is_told_and_not_followed(hub: LocalHub, send: Send) -> None:
    hub.faults.extend(["moved"])
    with pytest.raises(HubRefused, match=r"points to https://hub\.example/v1/events; use that address"):
        send([event()])


def test_nobody_there_is_told_with_the_address(time: Time) -> None:
    account = Account(url="http://127.0.0.1:9", client="ingest-wbd", secret="s")
    with (
        HttpPublisher(account, clock=time.clock, pause=time.pause, wall=time.wall, contracts=CONTRACTS) as one,
        pytest.raises(NotAcknowledged, match=r"127\.0\.0\.1:9"),
    ):
        one.publish([event()])


@pytest.mark.parametrize(("attempt_s", "most"), [(30, 1024 * 1024), (0.2, 2**62)])
def test_an_answer_without_end_is_none(
    hub: LocalHub, time: Time, monkeypatch: pytest.MonkeyPatch, attempt_s: float, most: int
) -> None:
    monkeypatch.setattr(wire, "MOST_BYTES", most)
    patience = Patience(deadline_s=60, attempt_s=attempt_s)

    async def asynchronous() -> None:
        options: dict[str, Any] = {"clock": time.clock, "wall": time.wall, "patience": patience}
        async with AsyncHttpPublisher(hub.account(), pause=time.apause, **options) as one:
            assert (await one.publish([event()]))[0].status == "accepted"

    hub.faults.extend(["endless"])
    with publisher(hub, time, patience=patience) as one:
        assert one.publish([event()])[0].status == "accepted"
    hub.faults.extend(["endless"])
    asyncio.run(asynchronous())
    assert (len(time.pauses), hub.written()) == (2, [event().id] * 2)


def test_nothing_to_send_asks_nobody(hub: LocalHub, send: Send) -> None:
    assert send([]) == []
    assert (hub.asked, hub.tokens) == ([], 0)


def test_an_account_names_all_that_is_missing() -> None:
    with pytest.raises(NotConfigured, match="CITYHUB_CLIENT, CITYHUB_SECRET"):
        Account.of_environment({"CITYHUB_URL": "https://hub.example"})
    with pytest.raises(NotConfigured, match=r"'hub\.example': write it with https://"):
        Account.of_environment({"CITYHUB_URL": "hub.example", "CITYHUB_CLIENT": "c", "CITYHUB_SECRET": "s"})


def test_who_only_reads_events_loads_no_client() -> None:
    code = (
        "import sys, cityhub.sdk.codec, cityhub.sdk.contract; assert 'httpx' not in sys.modules;"
        "import cityhub.sdk.client.http, cityhub.sdk.client.spool; assert 'kafka' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
