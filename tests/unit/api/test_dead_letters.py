"""`/v1/partner/dead-letters`: who may see and do what, what is answered, and what is said of bad requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import msgspec
import pytest
from starlette.applications import Starlette

from cityhub.api.partner.letters import PATH, LetterRoutes
from cityhub.bus.errors import BusUnavailable
from cityhub.bus.log_span import Span
from cityhub.hub.web.guard import RequestGuard
from cityhub.sdk import codec
from cityhub.sdk.principal import Principal
from tests.unit.adapters.doors.desk import Desk
from tests.unit.adapters.doors.world import LEVEL, event

ONE = {"letters": [{"part": 0, "offset": 0}], "dry_run": False, "edit": {"merge": {"fill": 0.5}}}


def principal(*roles: str, organisation: str = "wbd") -> Principal:
    return Principal(subject="anna", organisation=organisation, roles=frozenset(roles))


READER, ADMIN = principal("partner-publisher"), principal("partner-admin")
OPERATOR = principal("hub-operator", organisation="")


class Api:
    """The routes over a desk, behind the guard of the hub. Attribute: caller = whose token a request has."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.caller: Principal | None = ADMIN

        async def principal_of(_: object) -> Principal | None:
            return self.caller

        routes = LetterRoutes(self.desk.box, self.desk.redrive, principal_of).routes()
        self.app = RequestGuard(Starlette(routes=list(routes)), public_url="http://hub", cookie="session")

    async def ask(self, method: str, path: str = "", json: object = None, **more: Any) -> httpx.Response:
        content = None if json is None else msgspec.json.encode(json)
        headers = {"content-type": "application/json", **more.pop("headers", {})}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://hub") as client:
            return await client.request(method, PATH + path, content=content, headers=headers, **more)


@pytest.fixture
async def api() -> Api:
    """Three letters of WBD: two too full bins, and one whose bytes were not kept."""
    api = Api()
    for one in (event(1, fill=1.5), event(2, fill=1.5), event(3, fill=0.5, plate="secret")):
        await api.desk.post(codec.encode(one))
    return api


async def test_letters_are_listed_newest_first_and_counted(api: Api) -> None:
    answer = await api.ask("GET")
    told = answer.json()
    assert (answer.status_code, told["partner"], told["counts"], told["more"]) == (200, "wbd", {"open": 3}, False)
    assert told["histogram"] == [
        {"stream": "", "reason": "unnamed_field", "day": "2026-11-25", "count": 1},
        {"stream": LEVEL, "reason": "contract", "day": "2026-11-25", "count": 2},
    ]
    assert [(one["offset"], one["kept"], one["state"]) for one in told["letters"]] == [
        (2, False, "open"),
        (1, True, "open"),
        (0, True, "open"),
    ]
    assert told["letters"][2] | {"consumer": "cityhub-http-door"} == told["letters"][2]
    assert "secret" not in answer.text
    assert not any("body" in one or "event" in one for one in told["letters"])


async def test_a_list_is_narrowed_and_paged(api: Api) -> None:
    page = (await api.ask("GET", params={"first": 1, "reason": "contract"})).json()
    assert ([one["offset"] for one in page["letters"]], page["more"], page["counts"]) == ([1], True, {"open": 2})
    rest = (await api.ask("GET", params={"first": 1, "reason": "contract", "before": 1})).json()
    assert ([one["offset"] for one in rest["letters"]], rest["more"]) == ([0], False)
    since = {"since": "2026-11-25T13:00:01+01:00", "until": "2026-11-25T12:00:02Z", "type": LEVEL}
    assert [one["offset"] for one in (await api.ask("GET", params=since)).json()["letters"]] == [1]


async def test_one_letter_is_shown_with_its_event_and_the_verdict_of_today(api: Api) -> None:
    told = (await api.ask("GET", "/0/0")).json()
    assert told["event"]["data"] == {"fill": 1.5}
    assert (told["reason"], told["today"]["reason"], told["deed"]) == ("contract", "contract", None)
    assert "body" not in told
    assert (await api.ask("GET", "/0/2")).json()["today"]["reason"] == "not_kept"
    for path in ("/0/3", "/1/0", f"/0/{10**30}"):
        missing = await api.ask("GET", path)
        assert (missing.status_code, "are kept 35 days" in missing.json()["detail"]) == (404, True)


async def test_bytes_that_are_no_json_are_shown_as_they_are(api: Api) -> None:
    api.desk.bury(b"\xff{", reason="parse")
    assert (await api.ask("GET", "/0/3")).json()["body"] == "/3s="


async def test_a_letter_is_mended_and_driven_in(api: Api) -> None:
    dry = (await api.ask("POST", "/redrive", ONE | {"dry_run": True})).json()
    assert (dry["counts"], dry["request"], api.desk.trail.deeds) == ({"would_redrive": 1}, "", [])
    done = (await api.ask("POST", "/redrive", ONE)).json()
    (result,) = done["results"]
    assert (result["status"], result["topic"], result["id"]) == ("redriven", "du.evt.wbd.bin.v1", event(1).id)
    told = (await api.ask("GET", "/0/0")).json()
    assert (told["state"], told["deed"]["request"], told["deed"]["subject"]) == ("redriven", done["request"], "anna")
    assert (await api.ask("POST", "/redrive", ONE)).json()["counts"] == {"already": 1}


@pytest.mark.parametrize(
    ("caller", "query", "look", "drive"),
    [
        (None, {}, 401, 401),
        (READER, {}, 200, 403),
        (READER, {"partner": "wbd"}, 200, 403),
        (READER, {"partner": "dvv"}, 403, 403),
        (ADMIN, {}, 200, 200),
        (ADMIN, {"partner": "dvv"}, 403, 403),
        (principal("partner-publisher", "partner-admin", organisation="startup-demo"), {}, 403, 403),
        (principal("partner-admin", organisation=""), {}, 403, 403),
        (principal("startup"), {}, 403, 403),
        (principal("leadership", "controller", organisation="city"), {}, 403, 403),
        (OPERATOR, {"partner": "wbd"}, 200, 200),
        (OPERATOR, {}, 400, 400),
        (OPERATOR, {"partner": "wdb"}, 400, 400),
        (principal("hub-operator", organisation="dvv"), {"partner": "wbd"}, 200, 200),
    ],
)
async def test_who_may(api: Api, caller: Principal | None, query: Mapping[str, str], look: int, drive: int) -> None:
    api.caller = caller
    answers = [await api.ask("GET", path, params=query) for path in ("", "/0/0")]
    assert [one.status_code for one in answers] == [look, look]
    driven = await api.ask("POST", "/redrive", ONE, params=query)
    assert driven.status_code == drive
    for one in (*answers, driven):
        if one.status_code != 200:
            assert one.headers["content-type"] == "application/problem+json"
            assert "fill" not in one.text
    assert ("du.evt.wbd.bin.v1" in api.desk.broker.topics) == (drive == 200)


async def test_nobody_sees_another_partners_letters(api: Api) -> None:
    api.caller = principal("partner-admin", organisation="dvv")
    told = (await api.ask("GET")).json()
    assert (told["partner"], told["letters"]) == ("dvv", [])
    assert (await api.ask("GET", "/0/0")).status_code == 404
    assert (await api.ask("POST", "/redrive", ONE)).json()["reasons"] == {"no_letter": 1}


async def test_a_foreign_page_drives_nothing_in_with_somebodys_session(api: Api) -> None:
    headers = {"origin": "https://evil.example", "cookie": "session=x"}
    assert (await api.ask("POST", "/redrive", ONE, headers=headers)).status_code == 403
    assert (await api.ask("POST", "/redrive", ONE, headers={"origin": "http://hub"})).status_code == 200


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "missing required field `dry_run`"),
        ({"dry_run": False}, "name letters, or describe them by since, until, reason or type"),
        ({"dry_run": "no", "reason": "contract"}, "Expected `bool`"),
        ({"dry_run": True, "reason": "contract", "max": 0}, "`int` >= 1"),
        ({"dry_run": True, "reason": "contract", "max": 1001}, "`int` <= 1000"),
        ({"dry_run": True, "letters": [{"part": 0, "offset": -1}]}, "`int` >= 0"),
        ({"dry_run": True, "letters": [{"part": 0, "offset": 0}] * 1001}, "length <= 1000"),
        ({"dry_run": True, "since": "2026-11-25T08:00:00"}, "timezone"),
        ({"dry_run": True, "reason": "contract", "edit": {}}, "an edit is for one letter, 0 are named"),
        (ONE | {"edit": {"id": "x"}}, "unknown field `id`"),
        (ONE | {"partner": "dvv"}, "unknown field `partner`"),
        ([], "Expected `object`"),
    ],
)
async def test_bad_bodies_are_named(api: Api, body: object, words: str) -> None:
    answer = await api.ask("POST", "/redrive", body)
    assert (answer.status_code, words in answer.json()["detail"]) == (400, True), answer.text
    assert api.desk.trail.deeds == []


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"edit":' * 5_000, b"[" * 100_000])
async def test_no_json_is_no_crash(api: Api, body: bytes) -> None:
    answer = await api.ask("POST", "/redrive", json=msgspec.Raw(body))
    assert (answer.status_code, "the body is not understood" in answer.json()["detail"]) == (400, True)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("first=0", "`int` >= 1"),
        ("first=501", "`int` <= 500"),
        ("first=1&first=2", "given twice"),
        ("since=yesterday", "RFC3339"),
        ("before=-1", "`int` >= 0"),
        ("surprise=1", "unknown field `surprise`"),
    ],
)
async def test_bad_addresses_are_named(api: Api, query: str, words: str) -> None:
    answer = await api.ask("GET", f"?{query}")
    assert (answer.status_code, words in answer.json()["detail"]) == (400, True), answer.text


async def test_other_media_types_are_refused(api: Api) -> None:
    answer = await api.ask("POST", "/redrive", ONE, headers={"content-type": "text/plain"})
    assert answer.status_code == 415
    assert (await api.ask("GET", "/redrive")).status_code == 405


async def test_when_kafka_does_not_answer_the_same_may_be_asked_again(api: Api) -> None:
    api.desk.broker.trouble = BusUnavailable("gone")
    answer = await api.ask("POST", "/redrive", ONE)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "what was driven in counts once" in answer.json()["detail"]
    assert (await api.ask("POST", "/redrive", ONE)).json()["counts"] == {"redriven": 1}
    async with api.desk.box.opened("wbd", Span()) as pile:
        assert len([one async for one in pile.letters]) == 3
