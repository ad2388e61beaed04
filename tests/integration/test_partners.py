"""`cityhub partner` with the real servers: who is let in can send its own events, who is out cannot."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest
from kafka.errors import TopicAuthorizationFailedError
from kafka.protocol.admin import DescribeClientQuotasRequest
from typer.testing import CliRunner

from cityhub.bus import topics
from cityhub.bus.admin import administration
from cityhub.hub import acl, cli
from cityhub.hub.identity.grants import Grant
from cityhub.hub.identity.principal import ROLES
from cityhub.hub.run import realm as realm_process
from tests.integration.partner_clients import partner_producer
from tests.integration.servers import Kafka, Keycloak

PORTS = ("port", "kafka_port", "kafka_controller_port", "kafka_partner_port", "keycloak_port")
OWN, OF_WBD, OF_DVV = "du.in.gebag.flat", topics.quarantine("wbd", "probe"), topics.quarantine("dvv", "probe")
DENIED = (httpx.codes.BAD_REQUEST, httpx.codes.UNAUTHORIZED)


class Hub:
    """The command line beside the two servers, and a partner with the secret that it was shown."""

    def __init__(self, kafka: Kafka, keycloak: Keycloak) -> None:
        self.kafka, self.keycloak = kafka, keycloak
        settings = keycloak.installation.settings
        self.env = {f"CITYHUB_{name.upper()}": str(getattr(settings, name)) for name in PORTS}
        self.env["CITYHUB_DATA"] = str(settings.data)
        self.secret: str = json.loads(self.said("onboard", "gebag", "--stream", "extra", "--json"))["secret"]

    def said(self, *arguments: str) -> str:
        """What a command of `cityhub partner` prints."""
        result = CliRunner().invoke(cli.app, ["partner", *arguments], env=self.env)
        assert result.exit_code == 0, result.output or repr(result.exception)
        return result.output

    def asks_token(self, secret: str) -> httpx.Response:
        form = {"client_id": "ingest-gebag", "client_secret": secret, "grant_type": "client_credentials"}
        return httpx.post(self.keycloak.endpoints.token, data=form, timeout=60, trust_env=False)

    def token(self, secret: str = "") -> str:
        return str(self.asks_token(secret or self.secret).raise_for_status().json()["access_token"])

    def sends(self, topic: str, token: str) -> int:
        """Offset of the record."""
        with contextlib.closing(partner_producer(self.kafka.partner_bootstrap, token)) as producer:
            return int(producer.send(topic, b"x", partition=0).get(120).offset)

    def refuses(self, topic: str, token: str) -> bool:
        try:
            self.sends(topic, token)
        except TopicAuthorizationFailedError:
            return True
        return False

    def client(self) -> dict[str, Any]:
        admin = self.keycloak.admin
        found: dict[str, Any] = admin.get_client(admin.get_client_id("ingest-gebag"))
        return found

    def roles(self, user: str) -> set[str]:
        """Of a person, without those that everybody has."""
        return {role["name"] for role in self.keycloak.admin.get_realm_roles_of_user(user)} & ROLES

    def quotas(self) -> dict[str, float]:
        """Bytes a second that the partner may write and read."""
        component = DescribeClientQuotasRequest.ComponentData(entity_type="user", match_type=0, match="ingest-gebag")
        with administration(self.kafka.access, "test") as admin:
            request = DescribeClientQuotasRequest(components=[component], strict=True)
            entries = admin._manager.run(admin._manager.send, request).entries
        return {value.key: value.value for entry in entries for value in entry.values}

    def starts_again(self) -> None:
        """What the process `realm` does at its start."""
        self.keycloak.reconcile()
        installation = self.keycloak.installation
        realm_process.rights(installation.settings, installation.secrets)


@pytest.fixture(scope="module")
def hub(kafka: Kafka, keycloak: Keycloak) -> Iterator[Hub]:
    """GEBAG, onboarded; each test leaves it so."""
    topics.ensure(kafka.access, [OF_WBD, OF_DVV])
    made = Hub(kafka, keycloak)
    made.starts_again()
    yield made
    made.said("revoke", "gebag")
    keycloak.admin.delete_client(keycloak.admin.get_client_id("ingest-gebag"))


def test_token_names_the_partner_and_nothing_more(hub: Hub) -> None:
    claims = jwt.decode(hub.token(), options={"verify_signature": False})
    assert (claims["organisation"], claims["client_id"]) == ("gebag", "ingest-gebag")
    assert claims["realm_access"]["roles"] == ["partner-publisher"]
    assert set(claims["aud"]) == {"cityhub-kafka", "cityhub-api"}
    assert claims["exp"] - claims["iat"] == 300
    assert not hub.client()["fullScopeAllowed"]


def test_it_drives_dead_letters_in_only_where_that_was_granted(hub: Hub) -> None:
    def roles() -> set[str]:
        return set(jwt.decode(hub.token(), options={"verify_signature": False})["realm_access"]["roles"])

    hub.said("onboard", "gebag", "--stream", "extra", "--may-redrive")
    hub.said("onboard", "gebag", "--stream", "extra")
    hub.starts_again()
    assert roles() == {"partner-publisher", "partner-admin"}
    hub.said("onboard", "gebag", "--stream", "extra", "--may-not-redrive")
    assert roles() == {"partner-publisher"}
    hub.starts_again()
    assert roles() == {"partner-publisher"}


def test_it_writes_its_own_topics_only(hub: Hub) -> None:
    token = hub.token()
    assert hub.sends(OWN, token) >= 0
    assert hub.sends("du.in.gebag.extra", token) >= 0
    assert [hub.refuses(topic, token) for topic in (OF_WBD.name, "du.evt.gebag.flat.v1", "du.dlq.gebag")] == [True] * 3
    assert hub.quotas() == {"producer_byte_rate": acl.BYTES_PER_S}


def test_second_time_changes_nothing(hub: Hub) -> None:
    before = hub.client()
    again = json.loads(hub.said("onboard", "gebag", "--stream", "extra", "--json"))
    assert hub.client() == before
    assert (again["made"], "secret" in again) == ([], False)
    assert hub.said("secret", "gebag").strip() == hub.secret


def test_next_start_keeps_it_and_mends_what_was_changed(hub: Hub) -> None:
    before = hub.client()
    acl.withdraw(hub.kafka.access, ["ingest-gebag"])
    hub.keycloak.admin.update_client(before["id"], {"fullScopeAllowed": True})
    hub.starts_again()
    assert hub.client() == before
    assert hub.sends(OWN, hub.token()) >= 0


def test_revoked_is_out_until_it_is_onboarded_again(hub: Hub) -> None:
    token = hub.token()
    with contextlib.closing(partner_producer(hub.kafka.partner_bootstrap, token)) as connected:
        connected.send(OWN, b"x", partition=0).get(120)
        hub.said("revoke", "gebag")
        with pytest.raises(TopicAuthorizationFailedError):
            connected.send(OWN, b"x", partition=0).get(120)
    revoked = hub.client()
    for _ in range(2):
        assert hub.asks_token(hub.secret).status_code in DENIED
        assert hub.refuses(OWN, token)
        assert hub.quotas() == {}
        hub.said("revoke", "gebag")
        hub.starts_again()
        assert hub.client() == revoked
    listed = {one["partner"]: one for one in json.loads(hub.said("list", "--json"))}
    assert (listed["gebag"]["revoked"] > "", listed["wbd"]["revoked"]) == (True, "")

    assert json.loads(hub.said("onboard", "gebag", "--stream", "extra", "--json"))["made"] == []
    assert hub.sends(OWN, hub.token()) >= 0


def test_another_secret_ends_the_old_one(hub: Hub) -> None:
    old = hub.secret
    hub.secret = hub.said("secret", "gebag", "--rotate").strip()
    assert hub.asks_token(old).status_code in DENIED
    hub.starts_again()
    assert hub.token()
    typed = CliRunner().invoke(cli.app, ["token", "--client", "ingest-gebag"], env=hub.env)
    assert typed.output.count(".") == 2, typed.output


def test_what_every_installation_has_can_be_revoked_and_get_another_secret(hub: Hub) -> None:
    keycloak = hub.keycloak
    token = keycloak.machine_token("ingest-dvv")
    assert hub.sends(OF_DVV.name, token) >= 0
    try:
        hub.said("revoke", "dvv")
        hub.starts_again()
        assert keycloak.ask_token("ingest-dvv", grant_type="client_credentials").status_code in DENIED
        assert hub.refuses(OF_DVV.name, token)

        hub.said("onboard", "dvv")
        assert keycloak.machine_token("ingest-dvv")
        hub.said("secret", "dvv", "--rotate")
        hub.starts_again()
        assert keycloak.ask_token("ingest-dvv", grant_type="client_credentials").status_code in DENIED
    finally:
        admin = keycloak.admin
        untouched = dict.fromkeys(Grant(partner="dvv").attributes(), "")
        admin.update_client(admin.get_client_id("ingest-dvv"), {"attributes": untouched})
        hub.starts_again()
    assert keycloak.machine_token("ingest-dvv")


def test_people_are_let_in_with_a_password_that_is_told_once(hub: Hub) -> None:
    first = json.loads(hub.said("onboard", "gebag", "--person", "anna.gebag", "--json"))
    key = hub.keycloak.admin.get_user_id("anna.gebag")
    user = hub.keycloak.admin.get_user(key)
    assert (user["attributes"], user["requiredActions"]) == ({"organisation": ["gebag"]}, ["UPDATE_PASSWORD"])
    assert hub.roles(key) == {"partner-publisher"}
    again = json.loads(hub.said("onboard", "gebag", "--person", "anna.gebag", "--may-redrive", "--json"))
    assert ("password" in again, hub.roles(key)) == (False, {"partner-publisher", "partner-admin"})
    assert "cityhub.redrive" not in hub.client()["attributes"]
    another = hub.said("onboard", "gebag", "--person", "anna.gebag", "--may-not-redrive", "--new-password")
    assert hub.roles(key) == {"partner-publisher"}
    assert first["password"] not in another
    assert "shown only now" in another

    hub.starts_again()
    assert "anna.gebag" in hub.said("list")
    assert "anna.gebag" in hub.said("revoke", "gebag")
    hub.starts_again()
    assert not hub.keycloak.admin.get_user(key)["enabled"]
    assert "anna.gebag" not in hub.said("list")
    assert "as it was" in hub.said("onboard", "gebag", "--stream", "extra", "--person", "anna.gebag")
    assert hub.keycloak.admin.get_user(key)["enabled"]
    hub.keycloak.admin.delete_user(key)


@pytest.mark.parametrize(
    ("partner", "words"),
    [("gebag", "there is such an account already, of city, leadership"), ("city", "of city, leadership: choose")],
)
def test_nobody_elses_account_is_touched(hub: Hub, partner: str, words: str) -> None:
    admin = hub.keycloak.admin
    before = admin.get_user(admin.get_user_id("leitung")), hub.roles(admin.get_user_id("leitung"))
    result = CliRunner().invoke(cli.app, ["partner", "onboard", partner, "--person", "leitung"], env=hub.env)
    assert words in str(result.exception)
    hub.said("revoke", partner)
    assert (admin.get_user(admin.get_user_id("leitung")), hub.roles(before[0]["id"])) == before
    if partner == "gebag":
        hub.said("onboard", "gebag", "--stream", "extra")
    else:
        admin.delete_client(admin.get_client_id("ingest-city"))
