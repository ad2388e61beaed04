"""Charge points over OCPI 2.2.1."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from cityhub.adapters.dvv.charging.client import connect
from cityhub.adapters.dvv.charging.mapping import read
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.adapter import Known, Link, Tools
from cityhub.adapters.kit.fact import Reading
from tests.unit.adapters.journals import PSEUDONYMS, everything, rejects

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
EVSE = {"uid": "E1", "evse_id": "DE*SIM*E001", "status": "AVAILABLE", "last_updated": "2026-11-20T07:00:00Z"}


def location(*evses: Any, **more: Any) -> dict[str, Any]:
    return {"id": "L1", "evses": evses, "last_updated": "2026-11-20T07:10:00Z"} | more


def envelope(*locations: Any, **more: Any) -> bytes:
    head = {"status_code": 1000, "status_message": "Success", "timestamp": "2026-11-20T07:59:59Z"}
    return msgspec.json.encode(head | {"data": locations} | more)


def said(*locations: Any, memory: Mapping[str, bytes] = {}, now: datetime = NOW) -> Reading:
    return read(envelope(*locations), memory, now)


def told(found: Reading) -> list[tuple[str, str, str]]:
    return [(fact.subject, fact.data["status"], fact.time.isoformat()) for fact in found.facts]


def known(found: Reading) -> dict[str, bytes]:
    return {key: value for key, value in found.memory.items() if value is not None}


def test_a_charge_point_says_its_state() -> None:
    found = said(location(EVSE))
    (fact,) = found.facts
    assert fact.data == {"charge_point": "E1", "status": "AVAILABLE"}
    assert (fact.subject, fact.key) == ("E1", ("E1", "2026-11-20T07:00:00+00:00"))
    assert fact.time == datetime(2026, 11, 20, 7, tzinfo=UTC)
    assert fact.path == "data[0].evses[0]"
    assert (found.cursor, found.as_of) == ("2026-11-20T07:10:00Z", datetime(2026, 11, 20, 7, 59, 59, tzinfo=UTC))


@pytest.mark.parametrize(
    "status",
    ["AVAILABLE", "BLOCKED", "CHARGING", "INOPERATIVE", "OUTOFORDER", "PLANNED", "REMOVED", "RESERVED", "UNKNOWN"],
)
def test_all_states_of_ocpi(status: str) -> None:
    assert told(said(location(EVSE | {"status": status})))[0][1] == status


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-20T07:00:00", "2026-11-20T07:00:00+00:00"),
        ("2026-11-20T08:00:00+01:00", "2026-11-20T07:00:00+00:00"),
        ("2026-11-20T07:00:00.25Z", "2026-11-20T07:00:00.250000+00:00"),
    ],
)
def test_an_instant_without_offset_is_utc(written: str, meant: str) -> None:
    assert told(said(location(EVSE | {"last_updated": written})))[0][2] == meant


def test_parts_of_objects_are_enough() -> None:
    part = {"uid": "E1", "status": "CHARGING"}
    assert told(said({"evses": [part], "last_updated": "2026-11-20T07:20:00Z"})) == [
        ("E1", "CHARGING", "2026-11-20T07:20:00+00:00")
    ]
    found = said(location({"uid": "E1", "last_updated": "2026-11-20T07:20:00Z"}), {"id": "L2", "name": "Markt"})
    assert (told(found), found.rejects, found.noted) == ([], [], {"no_status": 1})


def test_last_updated_orders_what_an_answer_and_the_next_say() -> None:
    later = EVSE | {"status": "CHARGING", "last_updated": "2026-11-20T07:30:00Z"}
    found = said(location(later), location(EVSE), location(later))
    assert [status for _, status, _ in told(found)] == ["AVAILABLE", "CHARGING"]
    assert found.noted == {"repeated": 1}
    again = said(location(EVSE), location(later), memory=known(found))
    assert (told(again), again.noted) == ([], {"outdated": 1, "repeated": 1})


def test_the_same_state_said_anew_is_told_anew() -> None:
    found = said(location(EVSE))
    anew = EVSE | {"last_updated": "2026-11-20T07:30:00Z"}
    assert len(told(said(location(anew), memory=known(found)))) == 1


def test_a_state_that_stands_is_confirmed_once_in_each_hour_that_asks_for_all() -> None:
    first = read(envelope(location(EVSE)), {}, NOW, NOW)
    assert told(first) == [("E1", "AVAILABLE", "2026-11-20T07:00:00+00:00")]
    younger = EVSE | {"uid": "E2", "last_updated": "2026-11-20T08:00:00Z"}
    older = EVSE | {"last_updated": "2026-11-20T06:00:00Z", "status": "CHARGING"}
    memory = known(first) | known(said(location(younger)))
    found = read(envelope(location(older, EVSE, younger), location(EVSE)), memory, NOW + timedelta(minutes=9), NOW)
    (fact,) = found.facts
    assert (fact.subject, fact.data["status"], fact.time) == ("E1", "AVAILABLE", NOW)
    assert fact.key == ("E1", "2026-11-20T07:00:00+00:00", "2026-11-20T08:00:00+00:00")
    assert found.noted == {"repeated": 2, "outdated": 1}
    memory |= known(found)
    assert told(read(envelope(location(EVSE)), memory, NOW, NOW)) == []
    assert told(read(envelope(location(EVSE)), memory, NOW)) == []
    later = NOW + timedelta(hours=1)
    assert told(read(envelope(location(EVSE)), memory, later, later)) == [
        ("E1", "AVAILABLE", "2026-11-20T09:00:00+00:00")
    ]


def test_what_lies_ahead_hides_nothing_and_is_told_when_its_time_has_come() -> None:
    ahead = EVSE | {"status": "BLOCKED", "last_updated": "2026-11-20T09:00:00Z"}
    found = said(location(ahead, last_updated="2026-11-20T09:00:00Z"), location(EVSE))
    assert [status for _, status, _ in told(found)] == ["AVAILABLE", "BLOCKED"]
    assert found.cursor == "2026-11-20T07:10:00Z"
    again = said(location(ahead), memory=known(found))
    assert (told(again), again.noted) == ([], {"repeated": 1})
    assert len(told(said(location(ahead), memory=known(found), now=NOW + timedelta(hours=1)))) == 1


@pytest.mark.parametrize(
    ("evse", "path"),
    [
        (EVSE | {"status": "Available"}, "data[0].evses[0].status"),
        (EVSE | {"status": "FREE"}, "data[0].evses[0].status"),
        (EVSE | {"uid": ""}, "data[0].evses[0].uid"),
        (EVSE | {"last_updated": "gestern"}, "data[0].evses[0].last_updated"),
        ("E1", "data[0].evses[0]"),
    ],
)
def test_what_is_refused_costs_no_other(evse: Any, path: str) -> None:
    other = EVSE | {"uid": "E2"}
    found = said(location(evse, other), "no location", location(EVSE | {"uid": "E3"}))
    assert rejects(found) == [("schema", "data[1]"), ("schema", path)]
    assert [subject for subject, _, _ in told(found)] == ["E2", "E3"]


def test_a_state_without_a_time_is_refused() -> None:
    found = said({"evses": [{"uid": "E1", "status": "AVAILABLE"}]})
    assert (rejects(found), found.cursor) == ([("schema", "data[0].evses[0]")], None)


def test_a_time_that_utc_cannot_say_is_no_cursor() -> None:
    found = said({"evses": [EVSE | {"last_updated": "0001-01-01T00:00:00+05:00"}]})
    assert found.cursor is None


@pytest.mark.parametrize(
    ("body", "reason", "words"),
    [
        (envelope(status_code=2001, status_message="Invalid"), "partner_error", "2001: 'Invalid'"),
        (envelope(status_code=3000), "partner_error", "3000"),
        (envelope(data=None), "parse", "without data"),
        (envelope(status_code=0), "parse", "status_code"),
        (b"[]", "parse", "no|not an answer of OCPI"),
    ],
)
def test_answers_that_are_none(body: bytes, reason: str, words: str) -> None:
    with pytest.raises(FeedFault, match=words) as fault:
        read(body, {}, NOW)
    assert fault.value.reason == reason


class Platform:
    """Two pages, then what is new: remembers what it was asked."""

    def __init__(self, link: str = "", etag: str = "") -> None:
        self.asked: list[httpx.Request] = []
        self._link = link
        self._etag = etag

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if self._etag and request.headers.get("if-none-match") == self._etag:
            return httpx.Response(304)
        headers = {"content-type": "application/json"} | ({"etag": self._etag} if self._etag else {})
        if self._link and "offset" not in request.url.params:
            headers["link"] = f'<{self._link}>; rel="next"'
        return httpx.Response(200, headers=headers, stream=httpx.ByteStream(envelope(location(EVSE))))


async def asked(platform: Platform, times: int, secret: str = "") -> list[Reading]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(platform)) as http:
        link = Link(url="https://ocpi.example/cpo/2.2.1", synthetic=False, secret=secret)
        adapter = connect(link, Tools(http=http, clock=lambda: NOW, pseudonyms=PSEUDONYMS))
        cursor, found = "", []
        for _ in range(times):
            found.append(await adapter.ask(Known(cursor, {})))
            cursor = found[-1].cursor if found[-1].cursor is not None else cursor
        return found


async def test_pages_are_asked_for_as_the_partner_says_but_where_we_know_it() -> None:
    platform = Platform("https://evil.example/steal?offset=50&limit=50&date_from=2026-11-01T00:00:00Z&token=x")
    first, second, third = await asked(platform, 3)
    assert [(one.more, one.as_of is None) for one in (first, second, third)] == [
        (True, True),
        (False, False),
        (True, True),
    ]
    assert {f"{one.url.host}{one.url.path}" for one in platform.asked} == {"ocpi.example/cpo/2.2.1/locations"}
    assert [dict(one.url.params) for one in platform.asked] == [
        {"limit": "500"},
        {"offset": "50", "limit": "50", "date_from": "2026-11-01T00:00:00Z"},
        {"limit": "500", "date_from": "2026-11-20T07:10:00Z"},
    ]


@pytest.mark.parametrize("link", ["https://[", "?limit=500", f"?offset={'9' * 99}", "?" + "a=b&" * 99])
async def test_a_next_page_that_is_none_ends_the_pages(link: str) -> None:
    (found,) = await asked(Platform(link), 1)
    assert not found.more


async def test_the_token_goes_as_ocpi_wants_it_and_is_never_told() -> None:
    platform = Platform()
    found = await asked(platform, 1, secret="geheim")
    assert platform.asked[0].headers["authorization"] == f"Token {base64.b64encode(b'geheim').decode()}"
    assert "geheim" not in everything(found[0])


async def test_an_answer_that_has_not_changed_is_not_read_again() -> None:
    platform = Platform(etag='"1"')
    found = await asked(platform, 3)
    assert [len(one.facts) for one in found] == [1, 1, 0]
    assert [one.headers.get("if-none-match") for one in platform.asked] == [None, None, '"1"']
    assert found[2].as_of == NOW


async def test_in_each_hour_all_there_are_is_asked_for_once_to_its_last_page() -> None:
    platform = Platform("?offset=50&limit=50", etag='"same"')
    times = [timedelta(minutes=minutes) for minutes in (0, 1, 2, 61, 62, 63)]
    moments = iter([NOW + time for time in times])
    async with httpx.AsyncClient(transport=httpx.MockTransport(platform)) as http:
        link = Link(url="https://ocpi.example/cpo/2.2.1", synthetic=False)
        adapter = connect(link, Tools(http=http, clock=lambda: next(moments), pseudonyms=PSEUDONYMS))
        cursor, memory, facts = "", dict[str, bytes](), []
        for _ in times:
            found = await adapter.ask(Known(cursor, memory))
            cursor, memory = found.cursor or cursor, memory | known(found)
            facts += told(found)
    paged, since = {"offset": "50", "limit": "50"}, {"limit": "500", "date_from": "2026-11-20T07:10:00Z"}
    assert [dict(one.url.params) for one in platform.asked] == [
        {"limit": "500"},
        paged,
        since,
        paged,
        {"limit": "500"},
        paged,
    ]
    assert facts == [("E1", "AVAILABLE", "2026-11-20T07:00:00+00:00"), ("E1", "AVAILABLE", "2026-11-20T09:00:00+00:00")]
