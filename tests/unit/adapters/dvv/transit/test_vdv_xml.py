"""VDV-454 in XML says what the JSON form says; what is hostile or wrong is a fault or a reject by name."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from cityhub.adapters.dvv.transit import wire
from cityhub.adapters.dvv.transit.mapping import Step
from cityhub.adapters.dvv.transit.vdv_xml import Packet, parse_packet, parse_status, parse_subscribed
from cityhub.adapters.errors import FeedFault
from tests.unit.adapters.conformance.spoiling import spoilers
from tests.unit.adapters.conftest import applied

SAMPLE = Path(__file__).parents[2] / "sample"
AUS, REF_AUS = ((SAMPLE / f"{name}.xml").read_bytes() for name in ("aus", "ref-aus"))


def applied_xml(reported: Packet, referenced: Packet) -> Step:
    """What both led to."""
    return applied(*reported.actual, plan=tuple(referenced.planned), at=reported.created.isoformat())


def test_xml_and_json_of_one_story_give_the_same_bytes(mini_feed: dict[str, bytes]) -> None:
    """3 departures, 1 cancelled trip, 5 predictions: as in the test of the JSON sample."""
    answer = wire.parse_answer(mini_feed["aus"])
    actual, _ = wire.parse_actual(answer.actual)
    planned, _ = wire.parse_planned(wire.parse_answer(mini_feed["ref-aus"]).planned)
    json_step = applied(*actual, plan=tuple(planned), at=answer.confirmation.created.isoformat())
    xml_step = applied_xml(parse_packet(AUS), parse_packet(REF_AUS))
    assert (len(xml_step.events), len(xml_step.predictions), xml_step.rejects) == (4, 5, [])
    encode = msgspec.json.Encoder(order="deterministic").encode
    assert encode([*xml_step.events, *xml_step.predictions]) == encode([*json_step.events, *json_step.predictions])


def test_namespaces_do_not_matter() -> None:
    bare = AUS.replace(b"vdv:", b"").replace(b' xmlns:vdv="vdv453ger"', b"")
    everywhere = AUS.replace(b"vdv:", b"").replace(b"xmlns:vdv", b"xmlns")
    assert parse_packet(bare) == parse_packet(everywhere) == parse_packet(AUS)


def test_further_data_are_announced_by_the_packet() -> None:
    assert not parse_packet(AUS).more
    assert parse_packet(AUS.replace(b">false</WeitereDaten>", b">true</WeitereDaten>")).more
    assert not parse_packet(AUS.replace(b"<WeitereDaten>false</WeitereDaten>", b"")).more


@pytest.mark.parametrize(
    ("good", "bad", "path"),
    [
        (b"06:50:00", b"06:65:00", "IstFahrt[0].Zst"),
        (b"<LinienID>901", b"<LinienID>", "IstFahrt[0]"),
        (b"901-1-001#SIM", b"x" * 121, "IstFahrt[0].FahrtID.FahrtBezeichner"),
        (b"2026-11-20<", b"20.11.2026<", "IstFahrt[0].FahrtID.Betriebstag"),
        (b"<Komplettfahrt>true", b"<Komplettfahrt>ja", "IstFahrt[0].Komplettfahrt"),
        (b"2026-11-20T07:03:00Z</A", b"2026-11-20 07:03</A", "IstFahrt[0].IstHalts[1].Abfahrtszeit"),
    ],
)
def test_a_bad_trip_costs_no_other(good: bytes, bad: bytes, path: str) -> None:
    packet = parse_packet(AUS.replace(good, bad, 1))
    assert len(packet.actual) == 4
    assert [(reject.reason, reject.path) for reject in packet.rejects] == [("schema", path)]


def test_a_bad_planned_trip_costs_no_other() -> None:
    packet = parse_packet(REF_AUS.replace(b"<HaltID>de:05112:SIM9003</HaltID>", b"", 1))
    assert len(packet.planned) == 2
    assert [reject.path for reject in packet.rejects] == ["Linienfahrplan[0].SollFahrt[0].SollHalts[2].HaltID"]


OK = b'<Bestaetigung Zst="2026-11-20T07:30:00Z" Ergebnis="ok"/>'
NOT_OK = OK.replace(b'"ok"', b'"notok" Fehlernummer="303"').replace(
    b"/>", b"><Fehlertext>Abo fehlt</Fehlertext></Bestaetigung>"
)
FAULTS = {
    "other message": (b"<StatusAntwort/>", "parse", "'StatusAntwort', expected DatenAbrufenAntwort"),
    "no confirmation": (b"<DatenAbrufenAntwort/>", "parse", "no Bestaetigung"),
    "confirmation without instant": (
        b"<DatenAbrufenAntwort><Bestaetigung Ergebnis='ok'/></DatenAbrufenAntwort>",
        "parse",
        "Zst",
    ),
    "refusal": (b"<DatenAbrufenAntwort>" + NOT_OK + b"</DatenAbrufenAntwort>", "refused", "'303': Abo fehlt"),
    "crowd": (
        b"<DatenAbrufenAntwort>" + OK + b"<IstFahrt/>" * 20_001 + b"</DatenAbrufenAntwort>",
        "too_many_values",
        "20000",
    ),
    "bomb": (b"<DatenAbrufenAntwort>" + b"<a/>" * 2_000_001 + b"</DatenAbrufenAntwort>", "too_many_values", "values"),
}


@pytest.mark.parametrize(("body", "reason", "why"), FAULTS.values(), ids=FAULTS.keys())
def test_what_is_no_packet_is_a_fault(body: bytes, reason: str, why: str) -> None:
    with pytest.raises(FeedFault, match=why) as fault:
        parse_packet(body)
    assert fault.value.reason == reason


def test_spoilt_packets_are_faults_or_rejects_and_never_more() -> None:
    outcomes: Counter[str] = Counter()
    for spoil in spoilers():
        for body in (AUS, REF_AUS):
            try:
                packet = parse_packet(spoil(body))
                applied_xml(packet, packet)
                outcomes["rejects" if packet.rejects else "read"] += 1
            except FeedFault as fault:
                outcomes[fault.reason] += 1
    assert sum(outcomes.values()) == 2 * len(spoilers())
    assert outcomes["read"] < len(spoilers()), outcomes


def test_status_names_the_start_of_the_service() -> None:
    status = b'<StatusAntwort><Status Zst="2026-11-20T07:30:00Z" Ergebnis="%s"/>%s</StatusAntwort>'
    started = b"<StartDienstZst>2026-11-01T00:00:00Z</StartDienstZst>"
    assert parse_status(status % (b"ok", started)) == "2026-11-01T00:00:00Z"
    assert parse_status(status % (b"ok", b"")) is None
    with pytest.raises(FeedFault, match="'notok'"):
        parse_status(status % (b"notok", started))


def test_every_subscription_must_be_accepted() -> None:
    answer = b"<AboAntwort>%s</AboAntwort>"
    named, refused = (one.replace(b"Bestaetigung", b"BestaetigungMitAboID") for one in (OK, NOT_OK))
    nested, nested_refused = (
        b'<BestaetigungMitAboID AboID="1">' + one + b"</BestaetigungMitAboID>" for one in (OK, NOT_OK)
    )
    for good in (OK, named + named, nested + nested):
        parse_subscribed(answer % good)
    for bad in (NOT_OK, named + refused, OK + refused, nested + nested_refused):
        with pytest.raises(FeedFault, match="Abo fehlt"):
            parse_subscribed(answer % bad)
    with pytest.raises(FeedFault, match="AboAntwort of the answer confirms nothing"):
        parse_subscribed(answer % b"")
