"""Numbers that open, through the API: events, receipts, audits, versions; over a real store and a real archive."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from cityhub.bus.archive.reader import Archive
from cityhub.bus.archive.storage import storage_of
from cityhub.kpi.proof.audit import audit
from cityhub.kpi.proof.receipt import parse
from cityhub.kpi.proof.stored import snapshot
from cityhub.kpi.proof.verify import verify
from cityhub.kpi.store.audits import write_audit
from cityhub.kpi.store.decisions import begin
from tests.unit.api.world import World
from tests.unit.kpi.proof.world import World as Week

EVENTS = """
query ($excluded: Boolean!, $after: Int!) { kpi(id: "M01") { ... on Kpi {
  latest { n numerator start }
  contributions(excluded: $excluded, after: $after, first: 50) {
    counted excluded reasons { reason count }
    events { id partner topic partition offset contract n adds { name amount } reason }
  }
} } }
"""


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Week:
    found = Week(tmp_path_factory.mktemp("proofs"), per_type=300)
    found.count()
    with found.engine.database.begin() as connection:
        begin(connection, found.catalogue, 0)
    found.engine.publish()
    return found


@pytest.fixture
def world(week: Week) -> World:
    return World(known=week.catalogue, reader=week.reader, proofs=week.proofs)


async def test_every_counted_event_is_handed_out_once(world: World) -> None:
    found = []
    while True:
        kpi = (await world.data(EVENTS, excluded=False, after=len(found)))["kpi"]
        found += kpi["contributions"]["events"]
        if len(found) >= int(kpi["contributions"]["counted"]):
            break
    assert len({event["id"] for event in found}) == len(found)
    assert sum(event["n"] for event in found) == int(kpi["latest"]["n"])
    added = sum(int(part["amount"]) for event in found for part in event["adds"] if part["name"] == "numerator")
    assert added == int(kpi["latest"]["numerator"])
    assert {event["partner"] for event in found} == {"dvv"}


async def test_what_does_not_count_has_a_reason(world: World) -> None:
    kpi = (await world.data(EVENTS, excluded=True, after=0))["kpi"]
    told = kpi["contributions"]
    assert int(told["excluded"]) == sum(int(one["count"]) for one in told["reasons"])
    assert all(event["reason"] and event["n"] == 0 for event in told["events"])


async def test_a_receipt_from_the_api_verifies_offline(world: World, week: Week) -> None:
    query = """{ kpi(id: "M01") { ... on Kpi { latest { value digest } receipt { id value events signed json } } } }"""
    kpi = (await world.data(query))["kpi"]
    receipt = parse(kpi["receipt"]["json"].encode())
    archive = Archive(storage_of(Path(week.folder)), week.catalogue.contracts)

    assert verify(receipt, archive, week.catalogue).differences == []
    assert (receipt.id, receipt.digest) == (kpi["receipt"]["id"], kpi["latest"]["digest"])
    assert kpi["receipt"]["value"] == kpi["latest"]["value"]
    assert kpi["receipt"]["signed"] is True


async def test_audits_and_versions_are_told(world: World, week: Week) -> None:
    query = (
        """{ kpi(id: "M01") { ... on Kpi { audit { clean buckets mismatches } versions { version state who } } } }"""
    )
    assert (await world.data(query))["kpi"]["audit"] is None
    cut = snapshot(week.engine.database, week.plans.values(), week.engine.job)
    with week.engine.database.begin() as connection:
        write_audit(connection, audit(week.plans["M01"], cut, week.archive), int(time.time() * 1000))
    kpi = (await world.data(query))["kpi"]
    assert kpi["audit"]["clean"] is True
    assert int(kpi["audit"]["buckets"]) > 0
    assert kpi["versions"] == [{"version": 1, "state": "initial", "who": "cityhub"}]


@pytest.mark.parametrize("arguments", ["first: 0", "first: 101", "after: -1"])
async def test_pages_that_cannot_be_are_refused(world: World, arguments: str) -> None:
    query = f'{{ kpi(id: "M01") {{ ... on Kpi {{ contributions({arguments}) {{ counted }} }} }} }}'
    assert await world.codes(query) == ["INVALID_ARGUMENT"]


async def test_why_a_number_cannot_be_opened_is_said(week: Week, tmp_path: Path) -> None:
    proofs = week.proofs
    proofs._archive = tmp_path / "elsewhere"
    query = '{ kpi(id: "M01") { ... on Kpi { contributions { counted } } } }'
    assert await World(known=week.catalogue, reader=week.reader).codes(query) == ["PROOF_UNAVAILABLE"]
    answer = await World(known=week.catalogue, reader=week.reader, proofs=proofs).ask(query)
    assert "is archived up to offset -1" in answer["errors"][0]["message"]
