"""Who may read which KPI, as a rule and through every field that names one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from cityhub.api.access import may_diagnose, may_read
from tests.unit.api.world import World, catalogue, feed, principal

STAFF = ("leadership", "controller", "hub-operator")
OUTSIDE = ("startup", "partner-publisher", "partner-admin", "kiosk", "", "unheard-of")

READABLE = [
    *((role, "", ["C01", "M01"]) for role in ("leadership", "controller")),
    ("hub-operator", "", ["C01", "M01", "O01"]),
    *((role, "", ["M01"]) for role in OUTSIDE),
    ("partner-publisher", "wbd", ["M01", "O01"]),
    ("partner-admin", "gebag", ["M01"]),
    ("controller", "wbd", ["C01", "M01", "O01"]),
]


@pytest.mark.parametrize(("role", "organisation", "ids"), READABLE)
def test_each_role_reads_what_its_audience_is(role: str, organisation: str, ids: list[str]) -> None:
    caller = principal(role, organisation)
    assert [item.id for item in catalogue() if may_read(caller, item)] == ids


def test_anonymous_visitors_read_public_kpis_only() -> None:
    assert [item.id for item in catalogue() if may_read(None, item)] == ["M01"]


@pytest.mark.parametrize(("role", "organisation", "ids"), READABLE)
async def test_lists_and_single_kpis_follow_the_rule(
    world: World, role: str, organisation: str, ids: list[str]
) -> None:
    who = f"{role}@{organisation}"
    data = await world.data(
        "{ kpis { id } fields { kpis { id } } "
        + " ".join(f'{kpi.lower()}: kpi(id: "{kpi}") {{ __typename }}' for kpi in ("C01", "M01", "O01"))
        + "}",
        who,
    )
    assert [item["id"] for item in data["kpis"]] == ids
    assert sorted(item["id"] for field in data["fields"] for item in field["kpis"]) == ids
    assert [kpi for kpi in ("C01", "M01", "O01") if data[kpi.lower()]["__typename"] == "Kpi"] == ids


async def test_a_hidden_kpi_looks_like_one_that_does_not_exist(world: World) -> None:
    query = "query($id: ID!) { kpi(id: $id) { ... on UnknownKpi { message known } } }"
    hidden = (await world.data(query, id="O01"))["kpi"]
    absent = (await world.data(query, id="X99"))["kpi"]
    assert hidden["known"] == absent["known"] == ["M01"]
    assert hidden["message"].replace("O01", "X99") == absent["message"]


async def test_why_a_feed_fails_is_for_staff_and_the_partner_itself(world: World) -> None:
    query = "{ dataState { feeds { failing problem } } }"
    for who, shown in [
        ("startup", False),
        ("partner-admin@wbd", False),
        ("partner-admin@dvv", True),
        ("leadership", True),
    ]:
        found = (await world.data(query, who))["dataState"]["feeds"][0]
        assert found["failing"]
        assert (found["problem"] is not None) is shown, who
    assert not may_diagnose(None, "dvv")


async def test_a_feed_whose_adapter_nobody_hears_of_fails(world: World) -> None:
    well = replace(feed(), error="", seen_at=world.now - timedelta(seconds=30))
    world.feeds = [well, replace(well, seen_at=world.now - timedelta(seconds=31))]
    found = (await world.data("{ dataState { feeds { seenAt failing problem } } }", "leadership"))["dataState"]["feeds"]
    assert [(one["seenAt"], one["failing"]) for one in found] == [
        ("2026-11-03T14:04:30Z", False),
        ("2026-11-03T14:04:29Z", True),
    ]
    assert found[1]["problem"] == "nothing is heard of its adapter since 2026-11-03T14:04:29Z"
