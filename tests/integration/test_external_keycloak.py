"""An external Keycloak: prepared by the commands of docs/helm.md, then administered a little by the hub's client."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from keycloak import KeycloakAdmin
from keycloak.exceptions import KeycloakError
from typer.testing import CliRunner

from cityhub.hub import cli
from cityhub.hub.errors import Misconfigured, ServiceMissing
from cityhub.hub.identity import partners, provision
from cityhub.hub.identity.administration import administration
from cityhub.hub.identity.tenant_keys import RealmKeys
from cityhub.hub.secrets import load
from cityhub.hub.settings import Settings, parse
from tests.integration.servers import Kafka, Keycloak

SECTION = (Path(__file__).parents[2] / "docs" / "helm.md").read_text("utf-8").partition("\n## Keycloak\n")[2]
WEB = "http://cityhub-web.cityhub"
FORBIDDEN = httpx.codes.FORBIDDEN


class Outside:
    """The session's Keycloak, as a hub finds it that it does not belong to."""

    def __init__(self, keycloak: Keycloak, folder: Path) -> None:
        inner = keycloak.installation.settings
        self.keycloak, self.folder = keycloak, folder
        ports = {name: getattr(inner, name) for name in ("kafka_port", "kafka_controller_port", "kafka_partner_port")}
        self.env = {
            **{f"CITYHUB_{name.upper()}": str(port) for name, port in ports.items()},
            "CITYHUB_DATA": str(inner.data),
            "CITYHUB_PUBLIC_URL": inner.public_url,
            "CITYHUB_KEYCLOAK_URL": keycloak.origin,
            "CITYHUB_KEYCLOAK_ADMIN_SECRET_FILE": str(folder / "hub-admin"),
        }

    @property
    def settings(self) -> Settings:
        return parse(self.env)

    @property
    def own(self) -> KeycloakAdmin:
        """The realm as the hub's client may see and change it, without the hub's restraint."""
        with administration(self.settings, self.keycloak.installation.secrets) as admin:
            return admin

    def said(self, *arguments: str) -> str:
        done = CliRunner().invoke(cli.app, [*arguments], env=self.env)
        assert done.exit_code == 0, done.output or repr(done.exception)
        return done.output

    def token(self, client: str, secret: str) -> Mapping[str, Any]:
        """Claims of an access token; {} = Keycloak gives none."""
        form = {"client_id": client, "client_secret": secret, "grant_type": "client_credentials"}
        answer = httpx.post(self.keycloak.endpoints.token, data=form, timeout=60, trust_env=False)
        if not answer.is_success:
            return {}
        claims: Mapping[str, Any] = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
        return claims


@pytest.fixture(scope="module")
def outside(keycloak: Keycloak, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    """Prepared as the documentation says."""
    made = Outside(keycloak, tmp_path_factory.mktemp("outside"))
    block = re.search(r"^```sh\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)
    assert block, "docs/helm.md, Keycloak: the commands"
    script = block[1].replace("https://hub.example", made.env["CITYHUB_PUBLIC_URL"])
    script = script.replace("https://keycloak.example", keycloak.origin)
    kubectl = made.folder / "kubectl"
    kubectl.write_text(f'#!/bin/sh\necho "$@" > {made.folder}/asked\n')
    kubectl.chmod(0o700)
    (made.folder / "secrets.json").symlink_to(keycloak.installation.settings.data / "secrets.json")
    others = {name: value for name, value in os.environ.items() if not name.startswith("CITYHUB_")}
    path = f"{made.folder}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["/bin/sh", "-ec", script],
        cwd=made.folder,
        env={**others, "PATH": path},
        input=keycloak.installation.secrets.keycloak_admin_password + "\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    yield made
    keycloak.reconcile()


def test_the_realm_is_prepared_and_nothing_secret_is_said(outside: Outside) -> None:
    admin = outside.keycloak.admin
    found = admin.get_client(admin.get_client_id("cityhub-web"))
    assert found["attributes"]["backchannel.logout.url"] == f"{WEB}/login/backchannel"
    assert found["redirectUris"] == [f"{outside.settings.public_url}/login/callback"]
    assert outside.keycloak.machine_token("ingest-wbd")
    assert "--from-file=secret=hub-admin" in (outside.folder / "asked").read_text()
    assert (outside.folder / "hub-admin").stat().st_mode & 0o077 == 0
    assert outside.token("hub-admin", (outside.folder / "hub-admin").read_text().strip())


def test_the_hubs_client_may_what_it_needs_and_nothing_else(outside: Outside) -> None:
    claims = outside.token("hub-admin", (outside.folder / "hub-admin").read_text().strip())
    (held,) = claims["resource_access"].values()
    assert set(held["roles"]) == {"manage-clients", "manage-users", "view-realm"}
    assert claims["aud"] == "realm-management", "no door of the hub takes it"
    assert "realm_access" not in claims
    own, admin = outside.own, outside.keycloak.admin
    account = admin.get_client_service_account_user(admin.get_client_id("hub-admin"))["id"]
    management = admin.get_client_id("realm-management")
    more = admin.get_client_role(management, "realm-admin")
    tried: list[Callable[[], object]] = [
        lambda: own.assign_client_role(account, management, [more]),
        lambda: own.update_realm("cityhub", {"accessTokenLifespan": 86_400}),
        lambda: own.create_realm_role({"name": "more"}),
        own.get_events,
    ]
    for attempt in tried:
        with pytest.raises(KeycloakError) as refused:
            attempt()
        assert refused.value.response_code == FORBIDDEN
    own.connection.realm_name = "master"
    with pytest.raises(KeycloakError):
        own.get_clients()


def test_a_partner_and_its_people_are_let_in_and_out_again(outside: Outside, kafka: Kafka) -> None:
    admin = outside.keycloak.admin
    try:
        made = json.loads(outside.said("partner", "onboard", "gebag", "--person", "anna.gebag", "--json"))
        assert (made["person"], len(made["password"]) > 10) == ("anna.gebag", True)
        claims = outside.token("ingest-gebag", made["secret"])
        assert (claims["organisation"], claims["realm_access"]["roles"]) == ("gebag", ["partner-publisher"])
        assert "anna.gebag" in outside.said("partner", "list")
        another = outside.said("partner", "secret", "gebag", "--rotate").strip()
        assert (outside.token("ingest-gebag", made["secret"]), bool(outside.token("ingest-gebag", another))) == (
            {},
            True,
        )
        assert outside.said("token", "--client", "ingest-gebag").count(".") == 2
        assert "anna.gebag" in outside.said("partner", "revoke", "gebag")
        partners.mend(outside.settings, outside.keycloak.installation.secrets)
        assert outside.token("ingest-gebag", another) == {}
    finally:
        admin.delete_user(admin.get_user_id("anna.gebag"))
        admin.delete_client(admin.get_client_id("ingest-gebag"))


def test_a_tenant_gets_a_key_another_one_and_none(outside: Outside) -> None:
    keys = RealmKeys(outside.settings, outside.keycloak.installation.secrets)
    first = keys.issue("outside", "startup-demo", kafka=False)
    claims = outside.token(first.client, first.secret)
    assert (claims["organisation"], claims["tenant"]) == ("startup-demo", "outside")
    second = keys.issue("outside", "startup-demo", kafka=False)
    assert (outside.token(first.client, first.secret), bool(outside.token(second.client, second.secret))) == ({}, True)
    for _ in range(2):
        keys.withdraw("outside")
        assert outside.token(second.client, second.secret) == {}
    assert outside.keycloak.admin.get_client_id(first.client) is None


def test_another_secret_is_refused_with_what_to_do(outside: Outside, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("another")
    settings = parse({**outside.env, "CITYHUB_KEYCLOAK_ADMIN_SECRET_FILE": str(tmp_path / "other")})
    with pytest.raises(Misconfigured, match=r"does not accept hub-admin .*: `cityhub realm prepare` gives hub-admin"):
        partners.grants(settings, load(settings.data))


@pytest.mark.parametrize("web", ["", "cityhub-web", "ftp://web", 'http://web/a"b', "http://web/login"])
def test_an_address_of_the_web_that_is_none_is_refused(outside: Outside, web: str) -> None:
    with pytest.raises(Misconfigured, match=r"--web .*: write it as http://host:port, without a path"):
        provision.prepare(outside.settings, outside.keycloak.installation.secrets, "admin", "", web)


@pytest.mark.parametrize(
    ("change", "password", "words"),
    [
        ({"CITYHUB_PUBLIC_URL": "https://other.example"}, "", "start it with --hostname=https://other.example/auth"),
        ({"CITYHUB_KEYCLOAK_URL": ""}, "", "is empty: the embedded Keycloak's realm is made by `cityhub up`"),
        ({}, "wrong", "does not accept the password of admin, an administrator of the realm master"),
    ],
)
def test_what_cannot_be_prepared_is_told_before_anything_is_made(
    outside: Outside, change: dict[str, str], password: str, words: str
) -> None:
    settings, before = parse({**outside.env, **change}), outside.keycloak.admin.get_clients()
    with pytest.raises(Misconfigured, match=re.escape(words)):
        provision.prepare(settings, load(settings.data), "admin", password, WEB)
    assert outside.keycloak.admin.get_clients() == before


def test_an_address_that_is_no_keycloak_is_named(outside: Outside) -> None:
    settings = outside.settings.model_copy(update={"keycloak_url": "http://127.0.0.1:1"})
    with pytest.raises(ServiceMissing, match=r"cannot be read: .*; is Keycloak there, with --http-relative-path=/auth"):
        provision.prepare(settings, load(settings.data), "admin", "", WEB)
