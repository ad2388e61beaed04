"""`cityhub partner`: what is granted, what a partner is told, and what is said of bad input."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from keycloak import KeycloakAdmin
from msgspec.structs import replace

from cityhub.hub.commands import quickstart
from cityhub.hub.commands.partner import asked_for
from cityhub.hub.errors import Misconfigured
from cityhub.hub.identity import partners, people
from cityhub.hub.identity.clients import OwnClients
from cityhub.hub.identity.grants import Grant, grant_of
from cityhub.hub.identity.tenant_keys import RealmKeys
from cityhub.hub.secrets import generate, load_or_create
from cityhub.hub.settings import parse
from cityhub.sandbox.errors import RoomUnavailable
from cityhub.sdk import codec
from cityhub.sdk.contract import load_contracts
from cityhub.sdk.door import HUB, judged_bytes
from tests.ports import free_ports
from tests.unit.hub.commands import code_and_words

MAY = Grant(partner="wbd", may_redrive=True)
NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)


def test_streams_are_those_of_the_contracts_and_those_asked_for() -> None:
    grant = asked_for("wbd", "", ["lorawan"])
    assert grant.streams == ("bin", "lorawan", "operation", "roadwork", "sewer")
    assert len(grant.types) == 12
    assert asked_for("wbd", "de.duisburg.wbd.bin.*", []).streams == ("bin",)
    assert {spec.name for spec in asked_for("wbd", "de.duisburg.wbd.bin.*", []).topics()} == {
        "du.in.wbd.bin",
        "du.evt.wbd.bin.v1",
        "du.dlq.wbd",
    }


@pytest.mark.parametrize(
    ("partner", "pattern", "streams", "words"),
    [
        ("wdb", "", [], "no partner 'wdb'; write wbd; there are city"),
        ("WBD", "", [], "no partner 'WBD'"),
        ("", "", [], "no partner ''"),
        ("hub", "", [], "no partner 'hub'"),
        ("wbd.*", "", [], "no partner 'wbd.*'"),
        ("wbd", "de.duisburg.*", [], "which is of city, not of wbd: begin the pattern with de.duisburg.wbd."),
        (
            "wbd",
            "de.duisburg.wbd.bus.*",
            [],
            "matches no active contract; write de.duisburg.wbd.bin.emptied.v1 or",
        ),
        ("ihk", "", [], "ihk has none yet, write one first (docs/contracts.md)"),
        ("wbd", "", ["Bins"], "--stream 'Bins': give a letter"),
        ("wbd", "", ["bin", "x.y"], "--stream 'x.y'"),
        ("wbd", "", ["x" * 41], "at most 40"),
    ],
)
def test_bad_input_is_named(partner: str, pattern: str, streams: list[str], words: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        asked_for(partner, pattern, streams)
    assert words in str(refused.value)


def test_what_was_granted_is_read_from_the_realm_as_it_was_written() -> None:
    for grant in (
        Grant(partner="wbd"),
        Grant(partner="ude", types=("a", "b"), streams=("x",), since="1", revoked="2"),
        MAY,
    ):
        kept = {name: value for name, value in grant.attributes().items() if value}
        assert grant_of({"attributes": kept}) == grant
    assert grant_of({}) is None
    assert grant_of({"attributes": {"other": "x"}}) is None


@pytest.mark.parametrize("type_", [type_ for type_, one in load_contracts().items() if one.partner != HUB])
def test_first_event_passes_the_partners_door(type_: str) -> None:
    contracts = load_contracts()
    first = quickstart.first_event(contracts[type_], NOW)
    assert judged_bytes(codec.encode(first), contracts, contracts[type_].partner, NOW).synthetic


def test_quickstart_holds_all_that_a_partner_needs() -> None:
    settings = parse({}, {"kafka_partner_port": "20001", "public_url": "https://hub.example"})
    start = quickstart.of(settings, asked_for("gebag", "", []), "s3cret")
    text = start.text()
    for part in (
        "ingest-gebag",
        "s3cret",
        "https://hub.example/auth/realms/cityhub/protocol/openid-connect/token",
        "https://hub.example/v1/events?validateOnly=true",
        "de.duisburg.gebag.flat.status-changed.v1",
        "bootstrap.servers=127.0.0.1:20001",
        "du.in.gebag.flat",
    ):
        assert part in text
    external = parse(
        {"CITYHUB_KAFKA_BOOTSTRAP": "k:9093", "CITYHUB_KAFKA_USERNAME": "u", "CITYHUB_KAFKA_PASSWORD": "p"}
    )
    found = (quickstart.of(one, asked_for("gebag", "", []), "").text() for one in (settings, external))
    assert ["security.protocol=SASL_SSL" in one for one in found] == [False, True]
    later = quickstart.of(settings, asked_for("gebag", "", []), "")
    assert "SECRET=$(cityhub partner secret gebag)" in later.text()
    assert "secret" not in later.as_json()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("onboard", "gebag"), "Kafka is needed: nothing answers at 127.0.0.1:"),
        (("revoke", "wbd"), "Kafka is needed"),
        (("list",), "the realm cityhub cannot be read or changed at http://127.0.0.1:"),
        (("secret", "wbd"), "`cityhub status` tells whether Keycloak runs"),
    ],
)
def test_without_its_servers_it_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    load_or_create(tmp_path)
    for name, port in zip(("KAFKA_PORT", "KEYCLOAK_PORT"), free_ports(2), strict=True):
        monkeypatch.setenv(f"CITYHUB_{name}", str(port))
    code, said = code_and_words("partner", *arguments, "--data", str(tmp_path))
    assert (code, words in said) == (3, True), said


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        (
            "",
            None,
            "kept by https://id.example (CITYHUB_KEYCLOAK_URL), and the hub may not administer it: name the file",
        ),
        ("absent", None, "absent': cannot be read: "),
        ("empty", b" \n", "empty': is empty; it holds the secret of hub-admin"),
        ("binary", b"\xff\xfe", "binary': cannot be read: "),
    ],
)
def test_an_external_keycloak_is_administered_only_with_the_secret_of_the_hubs_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, content: bytes | None, words: str
) -> None:
    load_or_create(tmp_path)
    monkeypatch.setenv("CITYHUB_KEYCLOAK_URL", "https://id.example")
    monkeypatch.setenv("CITYHUB_KEYCLOAK_ADMIN_SECRET_FILE", str(tmp_path / file) if file else "")
    if content is not None:
        (tmp_path / file).write_bytes(content)
    code, said = code_and_words("partner", "list", "--data", str(tmp_path))
    assert (code, words in said) == (2, True), said


def test_a_tenant_can_be_deleted_where_the_hub_may_not_administer() -> None:
    keys = RealmKeys(parse({"CITYHUB_KEYCLOAK_URL": "http://127.0.0.1:1"}), generate())
    keys.withdraw("parken")
    with pytest.raises(RoomUnavailable, match="the hub may not administer it: name the file with the secret"):
        keys.issue("parken", "startup-parken", kafka=False)


def test_secrets_of_an_older_version_are_named(tmp_path: Path) -> None:
    older = replace(generate(), admin_client_secret="")
    with pytest.raises(Misconfigured, match=r"secrets.json is of an older version: the next `cityhub up` completes it"):
        partners.grants(parse({}, {"data": str(tmp_path)}), older)


@pytest.mark.parametrize("client", ["hub-admin", "cityhub-web", "realm-management", "startup-demo", "Ingest-wbd", ""])
def test_the_hub_writes_no_client_that_is_not_its_own(client: str) -> None:
    clients = OwnClients(KeycloakAdmin(server_url="http://127.0.0.1:1/", client_secret_key="synthetic"))
    asked: list[Callable[[], object]] = [
        lambda: clients.put({"clientId": client}),
        lambda: clients.secret(client),
        lambda: clients.another_secret(client),
        lambda: clients.delete(client),
    ]
    for ask in asked:
        with pytest.raises(Misconfigured, match="is not the hub's to write: only ingest-… and startup-sbx-… are"):
            ask()


def test_without_an_installation_nothing_is_made(tmp_path: Path) -> None:
    code, said = code_and_words("partner", "onboard", "gebag", "--data", str(tmp_path))
    assert code == 2
    assert "secrets.json does not exist: `cityhub up` makes it" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "ab", "Anna", "9anna", "anna weber", "anna/../leitung", "x" * 41, "änna"])
def test_names_of_people_that_cannot_be(name: str) -> None:
    with pytest.raises(Misconfigured, match="give a letter, then letters"):
        people.check_name(name)
    people.check_name("anna.weber-2")


@pytest.mark.parametrize(
    ("options", "words"), [(["--person", "Anna"], "--person 'Anna': give a"), (["--new-password"], "--person NAME")]
)
def test_a_wrong_person_is_named_before_anything_is_made(tmp_path: Path, options: list[str], words: str) -> None:
    load_or_create(tmp_path)
    code, said = code_and_words("partner", "onboard", "gebag", *options, "--data", str(tmp_path))
    assert (code, words in said) == (2, True), said
