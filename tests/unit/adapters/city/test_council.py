"""Papers of a council over OParl, as the examples of its specification look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from cityhub.adapters.city.council.client import connect
from cityhub.adapters.city.council.mapping import HISTORY, read, walk_of
from cityhub.adapters.city.council.source import PUBLISHED
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.fact import Reading
from tests.unit.adapters.asked import NOW, Asked
from tests.unit.adapters.conformance.spoiling import spoilers

HOST = "oparl.example.org"
BASE = f"https://{HOST}"
URL = f"{BASE}/system?key=1"
IDS = "https://ids.example"
AT = '["{kind}","/x",0,"2025-10-22T12:00:00+00:00","2026-11-25T12:00:00+00:00",[]]'
PAPERS = AT.replace("{kind}", "papers")


def thing(kind: str, id_: str, version: str = "1.1", **more: Any) -> dict[str, Any]:
    head = {"id": f"{IDS}/{kind.lower()}/{id_}", "type": f"https://schema.oparl.org/{version}/{kind}"}
    instants = {"created": "2026-11-18T12:05:27+01:00", "modified": "2026-11-18T12:05:27+01:00"}
    return {name: value for name, value in (head | instants | more).items() if value is not None}


def consultation(organization: object, *, decides: bool = False) -> dict[str, Any]:
    return thing("Consultation", "1", organization=organization, authoritative=decides, meeting=f"{IDS}/meeting/243")


def paper(id_: str = "749", **more: Any) -> dict[str, Any]:
    said = {
        "name": "Anfrage von Erika Mustermann",
        "reference": "26-1234",
        "date": "2026-11-16",
        "paperType": "Beantwortung einer Anfrage",
        "originatorPerson": [f"{IDS}/person/2000"],
        "underDirectionOf": [f"{IDS}/organization/9"],
        "mainFile": thing("File", "57737", name="Anlage Mustermann"),
        "consultation": [
            consultation([f"{IDS}/organization/96"], decides=True),
            consultation([f"{IDS}/organization/97"]),
        ],
    }
    return thing("Paper", id_, **(said | more))


class Council:
    """Attributes: papers, committees: what it has. at_once: objects of a page."""

    def __init__(self, *papers: dict[str, Any], at_once: int = 2) -> None:
        self.papers = list(papers)
        self.committees = [
            thing("Organization", "96", name="Rat der Stadt"),
            thing("Organization", "97", shortName="HA"),
        ]
        self.at_once = at_once

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path, asked = request.url.path, request.url.params
        if path == "/system":
            assert asked["key"] == "1"
            return httpx.Response(200, json=thing("System", "0", body=f"{BASE}/bodies"))
        lists = {
            "organization": f"{BASE}/organizations?of=0",
            "paper": f"{BASE}/papers?of=0",
            "person": f"{BASE}/persons",
        }
        found = {
            "/bodies": [thing("Body", "0", **lists), thing("Body", "1", deleted=True)],
            "/organizations": self.committees,
            "/papers": [one for one in self.papers if one["modified"] >= asked.get("modified_since", "")],
        }[path]
        assert path == "/bodies" or asked["of"] == "0"
        page = int(asked.get("page", "1"))
        rest = found[page * self.at_once :]
        links = {"next": str(request.url.copy_merge_params({"page": page + 1}))} if rest else {}
        data = found[(page - 1) * self.at_once :][: self.at_once]
        return httpx.Response(200, json={"data": data, "pagination": {"totalElements": len(found)}, "links": links})


def told(*papers: dict[str, Any], memory: dict[str, bytes] | None = None, now: datetime = NOW) -> Reading:
    return read(HOST, PAPERS, msgspec.json.encode({"data": papers, "links": {}}), memory or {}, now)


async def test_a_paper_is_told_with_its_committee_and_nobody_is_in_it() -> None:
    asked = Asked(connect, URL, Council(paper()))
    readings = await asked.round()
    (fact,) = [fact for reading in readings for fact in reading.facts]
    assert (fact.type, fact.subject) == (PUBLISHED, f"{IDS}/paper/749")
    assert (fact.time, fact.version) == (datetime(2026, 11, 15, 23, tzinfo=UTC), "2026-11-18T11:05:27Z")
    assert fact.data == {
        "paper": f"{IDS}/paper/749",
        "modified_at": "2026-11-18T11:05:27Z",
        "reference": "26-1234",
        "kind": "Beantwortung einer Anfrage",
        "dated_at": "2026-11-15T23:00:00Z",
        "committee": "Rat der Stadt",
    }
    said = repr(readings) + repr(asked.memory)
    assert not [word for word in ("Mustermann", "person", "Anlage", "meeting") if word in said]
    assert [url.path for url in asked.urls] == ["/system", "/bodies", "/organizations", "/papers"]


@pytest.mark.parametrize(
    ("consultations", "committee"),
    [
        ([consultation([f"{IDS}/organization/96"]), consultation([f"{IDS}/organization/97"])], "HA"),
        ([consultation(f"{IDS}/organization/96")], "Rat der Stadt"),
        ([consultation([f"{IDS}/organization/96"]), consultation([])], "Rat der Stadt"),
        ([consultation([f"{IDS}/organization/96"]), consultation([None]), None], "Rat der Stadt"),
        ([f"{IDS}/consultation/1", consultation([f"{IDS}/organization/96"])], "Rat der Stadt"),
        ([consultation([f"{IDS}/organization/unbekannt"])], None),
        ([], None),
    ],
)
async def test_the_committee_is_the_one_that_decides_else_the_last(
    consultations: list[Any], committee: str | None
) -> None:
    readings = await Asked(connect, URL, Council(paper(consultation=consultations))).round()
    (fact,) = readings[-1].facts
    assert fact.data.get("committee") == committee
    assert readings[-1].noted["unknown_committee"] == ("unbekannt" in repr(consultations))


async def test_pages_are_walked_and_the_next_round_asks_for_what_was_modified() -> None:
    council = Council(*(paper(str(number)) for number in range(5)))
    asked = Asked(connect, URL, council)
    assert len(await asked.facts()) == 5
    first = [url for url in asked.urls if url.path == "/papers"]
    assert first[0].params["modified_since"] == f"{(NOW - HISTORY).isoformat()}"
    assert [url.params.get("page") for url in first] == [None, "2", "3"]
    assert [url.params["omit_internal"] for url in first] == ["true"] * 3
    asked.urls.clear()
    asked.now = NOW + timedelta(days=2)
    council.papers[3] = paper("3", modified="2026-11-27T10:00:00+01:00", reference="26-1234-1")
    (fact,) = await asked.facts()
    assert (fact.data["reference"], fact.version) == ("26-1234-1", "2026-11-27T09:00:00Z")
    (url,) = [url for url in asked.urls if url.path == "/papers"]
    assert url.params["modified_since"] == (NOW - timedelta(days=1)).isoformat()


async def test_a_paper_that_is_taken_back_is_told_once_and_only_where_it_was_told() -> None:
    council = Council(paper("1"), paper("2"))
    asked = Asked(connect, URL, council)
    await asked.round()
    gone = {"modified": "2026-11-26T12:00:00+01:00", "deleted": True}
    council.papers = [thing("Paper", "1", **gone), thing("Paper", "3", **gone)]
    readings = await asked.round()
    (fact,) = [fact for reading in readings for fact in reading.facts]
    assert fact.data == {"paper": f"{IDS}/paper/1", "modified_at": "2026-11-26T11:00:00Z", "deleted": True}
    assert fact.time == datetime(2026, 11, 15, 23, tzinfo=UTC)
    assert readings[-1].noted == {"deleted_unknown": 1}
    council.papers[0]["modified"] = "2026-11-26T12:30:00+01:00"
    assert await asked.facts() == []


async def test_the_address_may_be_that_of_a_body_of_version_1_0() -> None:
    council = Council(paper(type="https://schema.oparl.org/1.0/Paper"))

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/body/0":
            lists = {"paper": f"http://{HOST}/papers?of=0", "organization": f"{BASE}/organizations?of=0"}
            return httpx.Response(200, json=thing("Body", "0", "1.0", system=BASE, **lists))
        return council(request)

    asked = Asked(connect, f"{BASE}/body/0", answer)
    (fact,) = await asked.facts()
    assert fact.data["committee"] == "Rat der Stadt"
    assert {url.scheme for url in asked.urls} == {"https"}


@pytest.mark.parametrize(
    ("change", "time"),
    [
        ({"date": "2026-11-18"}, datetime(2026, 11, 17, 23, tzinfo=UTC)),
        ({"date": "2026-11-18T00:00:00+01:00"}, datetime(2026, 11, 17, 23, tzinfo=UTC)),
        ({"date": "2026-12-24"}, datetime(2026, 11, 18, 11, 5, 27, tzinfo=UTC)),
        ({"date": None}, datetime(2026, 11, 18, 11, 5, 27, tzinfo=UTC)),
        ({"date": None, "created": None, "modified": "2026-11-20T00:00:00Z"}, datetime(2026, 11, 20, tzinfo=UTC)),
    ],
)
def test_a_paper_is_of_its_date_unless_that_lies_ahead(change: dict[str, Any], time: datetime) -> None:
    (fact,) = told(paper(**change)).facts
    assert fact.time.astimezone(UTC) == time


def test_a_bad_paper_costs_no_other_and_the_rest_is_counted() -> None:
    reading = told(
        paper("1", modified="gestern"),
        paper("2", date="16.11.2026"),
        paper("3", reference="x" * 251),
        paper("4", modified="2026-11-29T00:00:00Z"),
        paper("5", date="2024-01-01"),
        thing("Meeting", "6"),
        paper("7"),
        paper("7"),
    )
    assert [(one.reason, one.path) for one in reading.rejects] == [
        ("schema", "paper[0].modified"),
        ("schema", "paper[2].reference"),
        ("value", "paper[1]"),
        ("time_in_future", "paper[3]"),
    ]
    assert "'16.11.2026' is no date of ISO 8601" in reading.rejects[2].detail
    assert [fact.subject for fact in reading.facts] == [f"{IDS}/paper/7"]
    assert reading.noted == {"long_ago": 1, "no_paper": 1, "told_before": 1, "unknown_committee": 1}


def test_what_nobody_would_believe_any_more_is_forgotten() -> None:
    memory = {key: body for key, body in told(paper()).memory.items() if body}
    later = told(memory=memory, now=NOW + HISTORY)
    assert [key for key, body in later.memory.items() if body is None] == [f"paper\x1f{IDS}/paper/749"]


LISTS = {"paper": f"{BASE}/papers"}


@pytest.mark.parametrize(
    ("cursor", "answer", "said"),
    [
        ("", {"id": "x"}, "is not a System or a Body of OParl"),
        ("", thing("Paper", "1"), "the address must be that of an OParl System or Body"),
        ("", thing("System", "0"), "names no list of bodies"),
        ("", thing("Body", "0"), "names no list of papers"),
        ("", thing("System", "0", body="https://elsewhere.example/bodies"), "leads to another server"),
        ("", thing("System", "0", body=f"https://{HOST}.example/bodies"), "leads to another server"),
        ("", thing("System", "0", body=f"https://user@{HOST}/bodies"), "leads to another server"),
        ("", thing("System", "0", body=f"https://{HOST}:8443/bodies"), "leads to another server"),
        ("", thing("System", "0", body="/bodies"), "leads to another server"),
        ("", thing("System", "0", body="https://[/bodies"), "is no address: Invalid IPv6 URL"),
        ("", thing("System", "0", body=f"{BASE}/b\x00"), "holds characters that must be escaped"),
        ("", thing("System", "0", body=f"{BASE}/körper"), "holds characters that must be escaped"),
        ("", thing("System", "0", body=f"file://{HOST}/etc/passwd"), "leads to another server"),
        (AT.replace("{kind}", "bodies"), {"data": []}, "none whose papers could be asked for"),
        (AT.replace("{kind}", "bodies"), {"data": [thing("Body", "0")]}, "names no list of papers"),
        (PAPERS, {"data": {}}, "is not a list of OParl"),
        (PAPERS, {"data": [], "links": {"next": f"{BASE}/x"}}, "it must be another one"),
        (PAPERS, {"data": [], "links": {"next": "http://169.254.169.254/"}}, "leads to another server"),
        (PAPERS.replace(",0,", ",5000,"), {"data": [], "links": {"next": f"{BASE}/y"}}, "of 5000 at most"),
    ],
)
def test_answers_that_cannot_be_used_are_faults(cursor: str, answer: object, said: str) -> None:
    with pytest.raises(FeedFault, match=said) as caught:
        read(HOST, cursor, msgspec.json.encode(answer), {}, NOW)
    assert caught.value.reason == "parse"


@pytest.mark.parametrize("links", [[], None, {}, {"next": None}])
def test_the_last_page_says_so_in_many_ways(links: object) -> None:
    body = msgspec.json.encode({"data": [paper(type="https://schema.oparl.org/1.1/Paper/")], "links": links})
    reading = read(HOST, PAPERS, body, {}, NOW)
    assert (len(reading.facts), reading.more, reading.cursor) == (1, False, "")


def test_bodies_may_come_in_pages_and_share_lists() -> None:
    body = thing("Body", "0", **LISTS)
    answer = {"data": [body, body], "links": {"next": f"{BASE}/y?page=2"}}
    after = walk_of(read(HOST, AT.replace("{kind}", "bodies"), msgspec.json.encode(answer), {}, NOW).cursor or "")
    assert (after.kind, after.address, after.page, after.waiting) == (
        "bodies",
        "/y?page=2",
        1,
        (("papers", "/papers"),),
    )


async def test_a_position_that_the_server_has_forgotten_begins_anew() -> None:
    asked = Asked(connect, URL, Council(paper()))
    await asked.ask()
    await asked.ask()
    asked.forget()
    assert len(await asked.facts()) == 1


def test_spoilt_answers_are_faults_or_rejects_and_never_more() -> None:
    good = msgspec.json.encode({"data": [paper(str(number)) for number in range(5)], "links": {}})
    outcomes: list[str] = []
    for spoil in spoilers():
        try:
            outcomes.append("rejects" if read(HOST, PAPERS, spoil(good), {}, NOW).rejects else "read")
        except FeedFault as fault:
            outcomes.append(fault.reason)
    assert len(outcomes) == len(spoilers())
    assert outcomes.count("read") < len(outcomes) // 2
