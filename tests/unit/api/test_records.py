"""`/v1/partner/ledger` and `/v1/partner/trace/<id>`: what is answered to whom, and what is said of bad requests."""

from __future__ import annotations

from datetime import date

import httpx
import pytest
from starlette.applications import Starlette

from cityhub.api.partner.records import RecordRoutes
from cityhub.bus.errors import BusUnavailable
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.ledger.balance import Balance
from cityhub.kpi.ledger.trace import Sighting, Trace
from cityhub.sdk.principal import Principal

LEDGER, TRACE = "/v1/partner/ledger", "/v1/partner/trace/"


class Records:
    """Ledger and finder that repeat what they were asked. Attribute: trouble = raised instead."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.trouble: Exception | None = None

    def balance(self, partner: str, since: date | None = None, until: date | None = None) -> Balance:
        self._note(partner, since, until)
        return Balance(partner=partner, difference=0, days=[], senders=[])

    async def trace(self, partner: str, id_: str) -> Trace:
        self._note(partner, id_)
        return Trace(id_, partner, [Sighting(status="unread", topic="t", partition=0, offset=1)])

    def _note(self, *asked: object) -> None:
        self.asked.append(asked)
        if self.trouble is not None:
            raise self.trouble


def principal(*roles: str, organisation: str = "wbd") -> Principal:
    return Principal(subject="anna", organisation=organisation, roles=frozenset(roles))


PUBLISHER, OPERATOR = principal("partner-publisher"), principal("hub-operator", organisation="")


async def ask(records: Records, caller: Principal | None, address: str) -> httpx.Response:
    async def principal_of(_: object) -> Principal | None:
        return caller

    app = Starlette(routes=list(RecordRoutes(records, records, principal_of).routes()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub") as client:
        return await client.get(address)


async def test_a_partner_sees_its_own() -> None:
    records = Records()
    answer = await ask(records, PUBLISHER, f"{LEDGER}?since=2026-11-01&until=2026-11-25")
    assert answer.json() == {"partner": "wbd", "difference": 0, "days": [], "senders": []}
    told = (await ask(records, PUBLISHER, f"{TRACE}a/b%20c")).json()
    assert told["sightings"] == [{"status": "unread", "topic": "t", "partition": 0, "offset": 1}]
    assert records.asked == [("wbd", date(2026, 11, 1), date(2026, 11, 25)), ("wbd", "a/b c")]


async def test_an_operator_names_whose() -> None:
    records = Records()
    assert (await ask(records, OPERATOR, f"{LEDGER}?partner=dvv")).json()["partner"] == "dvv"
    assert (await ask(records, OPERATOR, f"{TRACE}x?partner=dvv")).json()["partner"] == "dvv"
    assert (await ask(records, OPERATOR, LEDGER)).status_code == 400


@pytest.mark.parametrize("address", [LEDGER, f"{TRACE}x"])
@pytest.mark.parametrize(
    ("caller", "query", "status"),
    [
        (None, "", 401),
        (principal("leadership", organisation="city"), "", 403),
        (principal("startup"), "", 403),
        (principal("partner-publisher", organisation=""), "", 403),
        (PUBLISHER, "?partner=dvv", 403),
        (OPERATOR, "?partner=nobody", 400),
    ],
)
async def test_nobody_sees_anothers(address: str, caller: Principal | None, query: str, status: int) -> None:
    records = Records()
    answer = await ask(records, caller, address + query)
    assert (answer.status_code, records.asked) == (status, [])
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (f"{LEDGER}?since=yesterday", "not understood"),
        (f"{LEDGER}?since=2026-11-01&since=2026-11-02", "given twice"),
        (f"{LEDGER}?form=1", "not understood"),
        (f"{TRACE}{'x' * 257}", "this one has 257"),
        (f"{TRACE}x?since=2026-11-01", "not understood"),
    ],
)
async def test_what_is_wrong_with_a_request_is_said(address: str, words: str) -> None:
    answer = await ask(Records(), PUBLISHER, address)
    assert answer.status_code == 400
    assert words in answer.json()["detail"]


@pytest.mark.parametrize("trouble", [StoreUnavailable("the store is away"), BusUnavailable("Kafka is away")])
async def test_what_is_away_comes_back(trouble: Exception) -> None:
    records = Records()
    records.trouble = trouble
    answer = await ask(records, PUBLISHER, f"{TRACE}x")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "is away" in answer.json()["detail"]
