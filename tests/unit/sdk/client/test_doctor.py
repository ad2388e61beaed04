"""The doctor stops at the first thing that is wrong, and says what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from cityhub.sdk.client.account import Account
from cityhub.sdk.client.cli import main
from cityhub.sdk.client.doctor import PATIENCE, Check, Doctor
from cityhub.sdk.client.session import Session
from cityhub.sdk.client.wire import Blocking
from cityhub.sdk.contract import Contracts
from tests.unit.adapters.doors.world import CONTRACTS, NOW
from tests.unit.sdk.client.local_hub import CLIENT, SECRET, LocalHub, Time

ORDER = ["address", "token", "role", "clock", "door", "contracts"]


def examined(
    hub: LocalHub, account: Account | None = None, contracts: Contracts = CONTRACTS, **more: Any
) -> list[Check]:
    with httpx.Client() as http:
        time = Time()
        session = Session(account or hub.account(), PATIENCE, clock=time.clock)
        doctor = Doctor(session, Blocking(http, time.pause), contracts, lambda: NOW, **more)
        return list(doctor.checks())


def test_a_healthy_client_passes_all(hub: LocalHub) -> None:
    found = examined(hub)
    assert [(check.name, check.ok, check.remedy) for check in found] == [(name, True, "") for name in ORDER]
    own = sum(contract.partner == "wbd" for contract in CONTRACTS.values())
    assert found[-1].detail == f"{own} types, the hub reads them as this package does"
    assert (hub.written(), hub.world.broker.letters()) == ([], [])


def _nobody(hub: LocalHub) -> None:
    hub.away = True


def _no_token(hub: LocalHub) -> None:
    hub.token_faults.extend(["403"])


def _no_role(hub: LocalHub) -> None:
    hub.claims["realm_access"] = {"roles": ["startup"]}


def _no_organisation(hub: LocalHub) -> None:
    del hub.claims["organisation"]


def _other_organisation(hub: LocalHub) -> None:
    hub.claims["organisation"] = "gebag"


def _ahead(hub: LocalHub) -> None:
    hub.date = NOW - timedelta(seconds=90)


def _behind(hub: LocalHub) -> None:
    hub.date = NOW + timedelta(hours=1)


def _closed(hub: LocalHub) -> None:
    hub.faults.extend(["403"])


def _without_kafka(hub: LocalHub) -> None:
    hub.faults.extend(["503"] * 20)


@pytest.mark.parametrize(
    ("ill", "at", "detail", "remedy"),
    [
        (_nobody, "address", "/livez: ", "check CITYHUB_URL, then name resolution"),
        (_no_token, "token", "no tokens are given there", "cityhub partner list"),
        (_no_role, "role", "has not the role partner-publisher", "ask the hub's operator to onboard wbd"),
        (_no_organisation, "role", "has no claim organisation", "ask the hub's operator"),
        (_other_organisation, "role", "client ingest-wbd speaks for gebag", "ask the hub's operator"),
        (_ahead, "clock", "this clock is 90 s ahead of the hub's", "set it by NTP"),
        (_behind, "clock", "this clock is 3600 s behind the hub's", "set it by NTP"),
        (_closed, "door", "answered 403: a fault of the test", "show this to the hub's operator"),
        (_without_kafka, "door", "a fault of the test: 503", "show this to the hub's operator"),
    ],
)
def test_the_first_thing_that_is_wrong_is_the_last_that_is_said(
    hub: LocalHub, ill: Callable[[LocalHub], None], at: str, detail: str, remedy: str
) -> None:
    ill(hub)
    found = examined(hub)
    assert [check.name for check in found] == ORDER[: ORDER.index(at) + 1]
    assert [check.ok for check in found[:-1]] == [True] * (len(found) - 1)
    assert not found[-1].ok
    assert detail in found[-1].detail
    assert remedy in found[-1].remedy


def test_a_wrong_secret_and_a_revoked_client_look_alike(hub: LocalHub) -> None:
    found = examined(hub, hub.account("wrong"))[-1]
    assert (found.name, found.ok) == ("token", False)
    assert "check CITYHUB_CLIENT and CITYHUB_SECRET, or whether it was revoked" in found.detail


def test_a_contract_that_the_hub_reads_otherwise_is_named(hub: LocalHub) -> None:
    level = CONTRACTS["de.duisburg.wbd.bin.level-observed.v1"]
    wider = replace(level, fields={"fill": replace(level.fields["fill"], min=3, max=10)})
    found = examined(hub, contracts=Contracts([wider]))[-1]
    assert (found.name, found.ok) == ("contracts", False)
    assert "level-observed.v1: the hub says contract: data.fill: 3 is more than 1" in found.detail
    assert "install the current cityhub-sdk" in found.remedy
    unknown = examined(hub, types=["de.duisburg.wbd.bin.painted.v1"])[-1]
    assert unknown.detail == "this package has no contract for de.duisburg.wbd.bin.painted.v1"
    none = examined(hub, contracts=Contracts([CONTRACTS["de.duisburg.gebag.flat.status-changed.v1"]]))[-1]
    assert none.detail == "this package has no contract of wbd"


def test_on_the_command_line_it_ends_with_1(hub: LocalHub, capsys: pytest.CaptureFixture[str]) -> None:
    environment = {"CITYHUB_URL": hub.url, "CITYHUB_CLIENT": CLIENT, "CITYHUB_SECRET": SECRET}
    assert main(["doctor"], environment) == 1  # the test's hub lives in another time
    said = capsys.readouterr().out.splitlines()
    assert [line[:4] for line in said] == ["ok  ", "ok  ", "ok  ", "FAIL", "    "]
    assert main(["doctor", "--json"], environment) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], [check["ok"] for check in told["checks"]]) == (False, [True, True, True, False])
