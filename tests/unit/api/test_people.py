"""Numbers about people through the API: what is withheld says so, and what is behind it is for controllers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NoReturn

import pytest
from msgspec.structs import replace

from cityhub.adapters.kit.status import FeedStatus
from cityhub.kpi.audited import Audit, AuditState, Difference
from cityhub.kpi.guard import told
from cityhub.kpi.proof.explain import Contribution, Origin, Page
from cityhub.kpi.proof.service import Number
from tests.unit.api.world import World, feed
from tests.unit.kpi.people.town import LEAST, TOPIC, TYPE, Town

OPEN = '{ kpi(id: "V01") { ... on Kpi { %s } } }'
EVENTS = "contributions { counted events { id subject source adds { name } } }"
RECEIPT = "receipt { id }"
SHOWN = """{ kpi(id: "V01") { ... on Kpi {
  values(last: 12) { value n suppressed roundedTo digest }
  series(from: "2026-01-01T00:00:00Z", to: "2027-01-01T00:00:00Z") { value suppressed }
  breakdown(dimension: "channel") { value suppressed }
} } }"""
AT = datetime(2026, 11, 5, tzinfo=UTC)


class Opened:
    """One event behind every number."""

    def page(
        self, wanted: Number, *, first: int = 0, size: int = 100, excluded: bool = False, subject: str = ""
    ) -> Page:
        origin = Origin("id", TYPE, "gebag", "//gebag/desk", "person 7", AT, TOPIC, 0, 0, "v1", "", True)
        return Page(1, 0, {}, (Contribution(origin, 1, {"numerator": 1}),), ())

    def receipt(self, wanted: Number) -> NoReturn:
        raise AssertionError("nobody may come here")

    def audits(self) -> list[AuditState]:
        return []

    def public_key(self) -> str:
        return ""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    found = Town(tmp_path_factory.mktemp("town"), 11)
    for _ in found.live():
        pass
    return found


@pytest.fixture
def world(town: Town) -> World:
    return World(known=town.catalogue, reader=town.reader, proofs=Opened())


@pytest.mark.parametrize("who", ["startup", "leadership", "hub-operator", "partner-publisher@gebag", "kiosk"])
@pytest.mark.parametrize("what", [EVENTS, RECEIPT])
async def test_what_is_behind_a_number_is_for_controllers(world: World, who: str, what: str) -> None:
    assert await world.codes(OPEN % what, who) == ["WITHHELD"]


@pytest.mark.parametrize("who", ["controller", "startup"])
async def test_what_was_known_when_is_for_nobody(world: World, who: str) -> None:
    assert await world.codes(OPEN % 'asOf(at: "2026-11-03T12:00:00Z") { value }', who) == ["WITHHELD"]


async def test_controllers_get_ids_and_the_owners_fields_besides(world: World) -> None:
    for who, subject, adds in (("controller", None, []), ("controller@gebag", "person 7", [{"name": "numerator"}])):
        (event,) = (await world.data(OPEN % EVENTS, who))["kpi"]["contributions"]["events"]
        assert (event["id"], event["subject"], event["adds"]) == ("id", subject, adds)
        assert (event["source"] is None) == (subject is None)


async def test_what_is_withheld_says_so_everywhere(world: World, town: Town) -> None:
    found = (await world.data(SHOWN))["kpi"]
    assert len(found["values"]) == len(found["series"]["suppressed"]) > 1
    assert [one["suppressed"] for one in found["values"]] == found["series"]["suppressed"]
    every = [*found["values"], *found["breakdown"]]
    assert {one["suppressed"] for one in every} == {True, False}
    assert all((one["value"] is None) == one["suppressed"] for one in every)
    assert all(int(one["n"]) % LEAST == 0 == len(one["digest"]) for one in found["values"])
    assert {one["roundedTo"] for one in found["values"]} == {LEAST}


async def test_counts_of_events_are_rounded(world: World) -> None:
    status: FeedStatus = feed()
    world.feeds = [replace(status, accepted={TYPE: 13, "other": 13})]
    (found,) = (await world.data("{ dataState { feeds { accepted { name count } } } }", "leadership"))["dataState"][
        "feeds"
    ]
    assert {one["name"]: int(one["count"]) for one in found["accepted"]} == {TYPE: 15, "other": 13}


def test_an_audit_tells_its_verdict_only(town: Town) -> None:
    bad = Difference("", 0, "STB01", (), "n", "3", "4")
    state = AuditState(
        AT, None, Audit(kpi="V01", version=1, hash="", buckets=7, events=13, mismatches=1, differences=(bad,))
    )
    audit = told(state, town.catalogue["V01"]).audit
    assert (audit.buckets, audit.events, audit.mismatches, audit.differences) == (5, 15, 1, ())
