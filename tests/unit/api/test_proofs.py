"""Numbers that open, through the API: events, receipts, audits, versions; over a real store and a real archive."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NoReturn

import pytest
from msgspec.structs import replace

from cityhub.bus.archive.reader import Archive
from cityhub.bus.archive.storage import storage_of
from cityhub.bus.errors import ArchiveDamaged, BusRefused, BusUnavailable
from cityhub.kpi.audited import Audit, Difference, EventAt
from cityhub.kpi.definition import Catalogue
from cityhub.kpi.errors import BatchError, StoreUnavailable
from cityhub.kpi.proof.audit import audit
from cityhub.kpi.proof.receipt import parse
from cityhub.kpi.proof.stored import snapshot
from cityhub.kpi.proof.verify import verify
from cityhub.kpi.store.audits import write_audit
from cityhub.kpi.store.decisions import begin
from cityhub.kpi.store.sql_reader import SqlReader
from tests.unit.api.test_cost import leaves
from tests.unit.api.world import World
from tests.unit.kpi.proof.world import World as Week

EVENTS = """
query ($excluded: Boolean!, $after: Int!) { kpi(id: "M01") { ... on Kpi {
  latest { n numerator start }
  contributions(excluded: $excluded, after: $after, first: 50) {
    counted excluded reasons { reason count }
    events { id partner source subject topic partition offset contract n adds { name amount } reason }
  }
} } }
"""


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Week:
    found = Week(tmp_path_factory.mktemp("proofs"), per_type=300)
    with found.engine.database.begin() as connection:
        begin(connection, found.catalogue, 0)
    found.count()
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


async def test_an_opened_number_is_never_larger_than_its_cost(world: World) -> None:
    answer = await world.ask(EVENTS, excluded=False, after=0)
    assert leaves(answer["data"]) - 1 <= answer["extensions"]["cost"]["requested"]


async def test_what_does_not_count_has_a_reason(world: World) -> None:
    kpi = (await world.data(EVENTS, excluded=True, after=0))["kpi"]
    told = kpi["contributions"]
    assert int(told["excluded"]) == sum(int(one["count"]) for one in told["reasons"])
    assert all(event["reason"] and event["n"] == 0 for event in told["events"])


async def test_a_receipt_from_the_api_verifies_offline(world: World, week: Week) -> None:
    fields = (
        "kpi version definitionHash engine tzdata window start end scope clock issued label revision unit root json"
    )
    lists = "dimensions { name } references { name } excluded { reason count } cursor { topic partition offset }"
    query = f"latest {{ value n digest }} receipt {{ id value n events digest key {fields} {lists} }}"
    kpi = (await world.data(f'{{ kpi(id: "M01") {{ ... on Kpi {{ {query} }} }} }}'))["kpi"]
    receipt = parse(kpi["receipt"]["json"].encode())
    archive = Archive(storage_of(Path(week.folder)), week.catalogue.contracts)

    assert verify(receipt, archive, week.catalogue).differences == []
    assert {name: kpi["receipt"][name] for name in kpi["latest"]} == kpi["latest"]
    assert (kpi["receipt"]["id"], kpi["receipt"]["root"]) == (receipt.id, receipt.root)
    assert receipt.signature is not None
    assert kpi["receipt"]["key"] == receipt.signature.key
    told = {(one["topic"], one["partition"]): one["offset"] for one in kpi["receipt"]["cursor"]}
    assert told == {(topic, part): off for topic, parts in receipt.cursor.items() for part, off in parts.items()}
    assert {one["reason"]: one["count"] for one in kpi["receipt"]["excluded"]} == receipt.excluded


async def test_audits_and_versions_are_told(world: World, week: Week) -> None:
    query = """{ kpi(id: "M01") { ... on Kpi {
      audit { at cleanAt clean buckets mismatches differences { start scope dimensions column stored recomputed } }
      versions { version state who detail }
    } } }"""
    assert (await world.data(query))["kpi"]["audit"] is None
    cut = snapshot(week.engine.database, week.plans.values(), week.engine.job)
    with week.engine.database.begin() as connection:
        write_audit(connection, audit(week.plans["M01"], cut, week.archive), int(time.time() * 1000))
    kpi = (await world.data(query))["kpi"]
    assert kpi["audit"]["clean"] is True
    assert int(kpi["audit"]["buckets"]) > 0
    assert kpi["audit"]["at"] == kpi["audit"]["cleanAt"]
    assert kpi["versions"] == [{"version": 1, "state": "initial", "who": None, "detail": ""}]
    kpi = (await world.data(query, "controller"))["kpi"]
    assert kpi["versions"] == [{"version": 1, "state": "initial", "who": "cityhub", "detail": ""}]


async def test_a_difference_is_told_with_its_events(world: World, week: Week) -> None:
    at = EventAt("du.evt.dvv.transit.v1", 0, 7, "an-id")
    wrong = Difference("", 1_792_620_000, "city", ("901",), "n", "3", "2", (at,))
    found = Audit(kpi="M01", version=1, hash="", mismatches=1, differences=(wrong,))
    with week.engine.database.begin() as connection:
        write_audit(connection, found, int(time.time() * 1000))
    told = "differences { start scope dimensions column stored recomputed events }"
    query = f'{{ kpi(id: "M01") {{ ... on Kpi {{ audit {{ clean mismatches {told} }} }} }} }}'
    kpi = (await world.data(query))["kpi"]
    place = {"start": "2026-10-21T22:00:00Z", "scope": "city", "dimensions": ["901"], "column": "n"}
    said = {**place, "stored": "3", "recomputed": "2", "events": ["an-id"]}
    assert kpi["audit"] == {"clean": False, "mismatches": 1, "differences": [said]}


@pytest.mark.parametrize(
    ("who", "told"),
    [("controller", True), ("ingest@dvv", True), ("partner-admin@wbd", False), ("startup", False)],
)
async def test_what_names_things_inside_a_partner_is_for_the_city_and_that_partner(
    world: World, who: str, *, told: bool
) -> None:
    answer = await world.ask(EVENTS, who, excluded=False, after=0)
    events = answer["data"]["kpi"]["contributions"]["events"]
    assert {event["source"] for event in events} == ({"//dvv/simulation"} if told else {None})
    assert all((event["subject"] or "").startswith("transit-") is told for event in events)


async def test_a_kpi_that_is_not_for_the_caller_opens_to_nobody(week: Week) -> None:
    hidden = replace(week.catalogue["M01"], audience="owner", owner="wbd")
    known = Catalogue({one.id: hidden if one.id == "M01" else one for one in week.catalogue})
    world = World(known=known, reader=SqlReader(week.store, known), proofs=week.proofs)
    query = """{ kpi(id: "M01") { __typename ... on Kpi { receipt { json } contributions { events { id } } } } }"""
    assert (await world.data(query))["kpi"] == {"__typename": "UnknownKpi"}
    assert (await world.ask(query, "partner-admin@wbd"))["data"]["kpi"]["__typename"] == "Kpi"


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ("window: minute", "M01 has no 'minute'"),
        ('scope: "STB01"', "M01 has no 'STB01'"),
        ('dimensions: [{name: "lamp", value: "1"}]', "M01 has no 'lamp'"),
        ('dimensions: [{name: "line", value: "1"}, {name: "line", value: "2"}]', "named twice"),
    ],
)
async def test_numbers_that_do_not_exist_are_refused(world: World, arguments: str, part: str) -> None:
    for opened in (f"contributions({arguments}) {{ counted }}", f"receipt({arguments}) {{ id }}"):
        answer = await world.ask(f'{{ kpi(id: "M01") {{ ... on Kpi {{ {opened} }} }} }}')
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["INVALID_ARGUMENT"]
        assert part in answer["errors"][0]["message"]


@pytest.mark.parametrize("arguments", ["first: 0", "first: 101", "after: -1"])
async def test_pages_that_cannot_be_are_refused(world: World, arguments: str) -> None:
    query = f'{{ kpi(id: "M01") {{ ... on Kpi {{ contributions({arguments}) {{ counted }} }} }} }}'
    assert await world.codes(query) == ["INVALID_ARGUMENT"]


class Failing:
    """A proof service in trouble."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def _fail(self, *_: object, **__: object) -> NoReturn:
        raise self._error

    page = receipt = audits = public_key = _fail


OPEN = '{ kpi(id: "M01") { ... on Kpi { contributions { counted } } } }'


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (ArchiveDamaged("t.parquet was changed"), "ARCHIVE_DAMAGED", "t.parquet was changed"),
        (BatchError("a sum is too large"), "PROOF_UNAVAILABLE", "a sum is too large"),
        (BusUnavailable("10.1.2.3:9092 is silent"), "UNAVAILABLE", "try again in some seconds"),
        (StoreUnavailable("/var/store.db is locked"), "UNAVAILABLE", "try again in some seconds"),
        (BusRefused("no rights at 10.1.2.3"), "INTERNAL", "tell its operators this request id"),
    ],
)
async def test_trouble_has_its_code_and_names_no_machine(week: Week, error: Exception, code: str, words: str) -> None:
    world = World(known=week.catalogue, reader=week.reader, proofs=Failing(error))
    (told,) = (await world.ask(OPEN))["errors"]
    assert told["extensions"]["code"] == code
    assert words in told["message"]
    assert "10.1.2.3" not in told["message"]


async def test_what_is_not_archived_is_said(week: Week, tmp_path: Path) -> None:
    proofs = week.proofs
    proofs._archive = tmp_path / "elsewhere"
    assert await World(known=week.catalogue, reader=week.reader).codes(OPEN) == ["PROOF_UNAVAILABLE"]
    (told,) = (await World(known=week.catalogue, reader=week.reader, proofs=proofs).ask(OPEN))["errors"]
    assert told["extensions"]["code"] == "ARCHIVE_MISSING"
    assert "is archived up to offset -1" in told["message"]
