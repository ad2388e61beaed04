"""The realm as Keycloak has it after the hub made it: its flags, its tokens, and that it stays as its file says."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest

from cityhub.hub.identity import provision
from cityhub.hub.identity.principal import ROLES
from tests.integration.servers import Installation, Keycloak

CLIENTS = ("cityhub-web", "cityhub-cli", "hub-admin", "ingest-dvv", "ingest-wbd", "startup-demo")
MACHINES = CLIENTS[2:]


def claims(token: str) -> dict[str, Any]:
    content: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return content


def client(keycloak: Keycloak, name: str) -> dict[str, Any]:
    admin = keycloak.admin
    found: dict[str, Any] = admin.get_client(admin.get_client_id(name))
    return found


def test_realm_flags(keycloak: Keycloak) -> None:
    wanted = {
        "registrationAllowed": False,
        "resetPasswordAllowed": False,
        "rememberMe": False,
        "editUsernameAllowed": False,
        "bruteForceProtected": True,
        "permanentLockout": False,
        "sslRequired": "external",
        "accessTokenLifespan": 300,
        "revokeRefreshToken": True,
        "refreshTokenMaxReuse": 0,
        "accessCodeLifespan": 60,
        "ssoSessionIdleTimeout": 1800,
        "defaultSignatureAlgorithm": "RS256",
        "internationalizationEnabled": True,
        "defaultLocale": "de",
    }
    found = keycloak.admin.get_realm("cityhub")
    assert {name: found.get(name) for name in wanted} == wanted
    assert set(found["supportedLocales"]) == {"de", "en"}
    assert found["failureFactor"] <= 10
    assert "length(12)" in found["passwordPolicy"]


@pytest.mark.parametrize("name", CLIENTS)
def test_no_client_has_more_than_it_needs(keycloak: Keycloak, name: str) -> None:
    found = client(keycloak, name)
    flows = {
        "standardFlowEnabled": name == "cityhub-web",
        "serviceAccountsEnabled": name in MACHINES,
        "implicitFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "fullScopeAllowed": False,
        "publicClient": name == "cityhub-cli",
    }
    assert {flow: found[flow] for flow in flows} == flows
    device = found["attributes"].get("oauth2.device.authorization.grant.enabled", "false")
    assert device == ("true" if name == "cityhub-cli" else "false")
    assert found["optionalClientScopes"] == [], "offline access and the like"
    assert found["webOrigins"] == []


def test_addresses_of_the_web_client_are_exact(keycloak: Keycloak) -> None:
    settings = keycloak.installation.settings
    found = client(keycloak, "cityhub-web")
    assert found["redirectUris"] == [f"{settings.public_url}/login/callback"]
    assert found["attributes"]["post.logout.redirect.uris"] == f"{settings.public_url}/"
    assert found["attributes"]["backchannel.logout.url"] == f"http://127.0.0.1:{settings.port}/login/backchannel"
    assert found["attributes"]["backchannel.logout.session.required"] == "true"
    assert found["attributes"]["pkce.code.challenge.method"] == "S256"
    assert [client(keycloak, name)["redirectUris"] for name in CLIENTS[1:]] == [[]] * 5


def test_built_in_clients_are_off_and_their_pages_gone(keycloak: Keycloak) -> None:
    left = {found["clientId"] for found in keycloak.admin.get_clients() if found["enabled"]}
    assert left == {*CLIENTS, "realm-management"}
    pages = ("/auth/realms/cityhub/account", "/auth/admin/", "/auth/admin/cityhub/console/")
    assert {httpx.get(keycloak.origin + page, trust_env=False).status_code for page in pages} == {404}


# -- log-in


@pytest.mark.parametrize(
    "change",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"response_type": "token"},
        {"response_type": "id_token", "nonce": "x"},
    ],
    ids=str,
)
def test_log_in_needs_a_code_and_pkce(keycloak: Keycloak, change: dict[str, str | None]) -> None:
    with httpx.Client(timeout=60, trust_env=False) as browser:
        answer = keycloak.log_in_form(browser, **change)
    assert answer.status_code in {302, 303, 400}
    where = urlsplit(answer.headers.get("location", ""))
    assert answer.status_code == 400 or "error" in parse_qs(where.query or where.fragment)


@pytest.mark.parametrize(
    "path", ["/login/callback/", "/login/callback?x=1", "/", "/login/callback/../../x", "@evil.example/"]
)
def test_log_in_leads_nowhere_else(keycloak: Keycloak, path: str) -> None:
    address = keycloak.installation.settings.public_url + path
    with httpx.Client(timeout=60, trust_env=False) as browser:
        assert keycloak.log_in_form(browser, redirect_uri=address).status_code == 400


@pytest.mark.parametrize("name", [*CLIENTS, "admin-cli", "account", "broker"])
def test_nobody_logs_in_with_a_password_at_the_token_endpoint(keycloak: Keycloak, name: str) -> None:
    password = keycloak.installation.secrets.user_passwords["leitung"]
    answer = keycloak.ask_token(name, grant_type="password", username="leitung", password=password)
    assert answer.status_code in {400, 401}
    assert "access_token" not in answer.json()


@pytest.mark.parametrize(("asked", "title"), [(None, "anmelden"), ("de", "anmelden"), ("en", "Sign in")])
def test_log_in_form_speaks_german_and_english(keycloak: Keycloak, asked: str | None, title: str) -> None:
    with httpx.Client(timeout=60, trust_env=False) as browser:
        page = keycloak.log_in_form(browser, ui_locales=asked).text
    assert title.lower() in page.lower()
    assert f'lang="{asked or "de"}"' in page


def test_wrong_passwords_are_counted(keycloak: Keycloak) -> None:
    admin = keycloak.admin
    user = admin.get_user_id("betrieb")
    with pytest.raises(AssertionError):
        keycloak.user_tokens("betrieb", "wrong password")
    try:
        assert admin.get_bruteforce_detection_status(user)["numFailures"] == 1
    finally:
        admin.clear_bruteforce_attempts_for_user(user)


# -- tokens


@pytest.mark.parametrize(
    ("user", "role", "organisation"),
    [("leitung", "leadership", "city"), ("controlling", "controller", "city"), ("betrieb", "hub-operator", None)],
)
def test_token_of_a_person(keycloak: Keycloak, user: str, role: str, organisation: str | None) -> None:
    found = claims(keycloak.user_tokens(user)["access_token"])
    assert found["iss"] == f"{keycloak.installation.settings.public_url}/auth/realms/cityhub"
    assert (found["aud"], found["azp"], found["typ"]) == ("cityhub-api", "cityhub-web", "Bearer")
    assert found["realm_access"]["roles"] == [role]
    assert found.get("organisation") == organisation
    assert found["exp"] - found["iat"] == 300
    assert "resource_access" not in found
    assert "client_id" not in found, "Kafka must not take it for a partner's"


@pytest.mark.parametrize(
    ("name", "role", "audience", "organisation"),
    [
        ("ingest-dvv", "partner-publisher", {"cityhub-api", "cityhub-kafka"}, "dvv"),
        ("ingest-wbd", "partner-publisher", {"cityhub-api", "cityhub-kafka"}, "wbd"),
        ("startup-demo", "startup", {"cityhub-api"}, "startup-demo"),
    ],
)
def test_token_of_a_machine(keycloak: Keycloak, name: str, role: str, audience: set[str], organisation: str) -> None:
    found = claims(keycloak.machine_token(name))
    assert ({found["aud"]} if isinstance(found["aud"], str) else set(found["aud"])) == audience
    assert found["realm_access"]["roles"] == [role]
    assert (found["azp"], found["organisation"]) == (name, organisation)
    assert found["exp"] - found["iat"] == 300
    assert ("client_id" in found) == ("cityhub-kafka" in audience)


def test_refresh_token_serves_once(keycloak: Keycloak) -> None:
    first = keycloak.user_tokens("controlling")["refresh_token"]
    form = {"grant_type": "refresh_token"}
    second = keycloak.ask_token("cityhub-web", **form, refresh_token=first).raise_for_status().json()["refresh_token"]
    assert keycloak.ask_token("cityhub-web", **form, refresh_token=first).status_code == 400
    assert second != first


def test_machine_gets_no_refresh_token_and_no_offline_access(keycloak: Keycloak) -> None:
    assert "refresh_token" not in keycloak.ask_token("ingest-dvv", grant_type="client_credentials").json()
    refused = keycloak.ask_token("ingest-dvv", grant_type="client_credentials", scope="offline_access")
    assert refused.json()["error"] == "invalid_scope"


# -- reconciliation


def _ids(keycloak: Keycloak) -> dict[str, Any]:
    admin = keycloak.admin
    clients = {found["clientId"]: found for found in admin.get_clients()}
    return {
        "users": {user["username"]: user["id"] for user in admin.get_users()},
        "clients": {name: found["id"] for name, found in clients.items()},
        "mappers": {mapper["id"] for found in clients.values() for mapper in found.get("protocolMappers", [])},
        "scopes": {scope["id"]: scope.get("protocolMappers") for scope in admin.get_client_scopes()},
        "passwords": {user["username"]: admin.get_credentials(user["id"]) for user in admin.get_users()},
    }


def test_second_time_changes_nothing(keycloak: Keycloak) -> None:
    before = _ids(keycloak)
    keycloak.reconcile()
    assert _ids(keycloak) == before


def test_what_differs_from_the_file_is_corrected(keycloak: Keycloak) -> None:
    admin = keycloak.admin
    web, people = admin.get_client_id("cityhub-web"), _ids(keycloak)["users"]
    admin.update_realm("cityhub", {"accessTokenLifespan": 86_400, "bruteForceProtected": False})
    admin.update_client(
        web,
        {"redirectUris": ["*"], "directAccessGrantsEnabled": True, "attributes": {"pkce.code.challenge.method": ""}},
    )
    grant_all = {"included.custom.audience": "cityhub-kafka", "access.token.claim": "true"}
    admin.add_mapper_to_client(
        web,
        {
            "name": "more",
            "protocol": "openid-connect",
            "protocolMapper": "oidc-audience-mapper",
            "config": grant_all,
        },
    )
    admin.assign_realm_roles_to_client_scope(web, [admin.get_realm_role("offline_access")])

    keycloak.reconcile()

    test_realm_flags(keycloak)
    test_no_client_has_more_than_it_needs(keycloak, "cityhub-web")
    test_addresses_of_the_web_client_are_exact(keycloak)
    assert admin.get_mappers_from_client(web) == []
    roles = {role["name"] for role in admin.get_realm_roles_of_client_scope(web)}
    assert roles == ROLES
    assert _ids(keycloak)["users"] == people


def test_another_public_address_moves_the_web_client(keycloak: Keycloak) -> None:
    settings, secrets = keycloak.installation.settings, keycloak.installation.secrets
    try:
        provision.reconcile(settings.model_copy(update={"public_url": "https://hub.example"}), secrets)
        assert client(keycloak, "cityhub-web")["redirectUris"] == ["https://hub.example/login/callback"]
    finally:
        keycloak.reconcile()


def test_what_the_operator_added_stays(keycloak: Keycloak) -> None:
    admin = keycloak.admin
    user = admin.create_user({"username": "neu", "enabled": True})
    own = admin.create_client({"clientId": "ingest-gebag", "enabled": True})
    try:
        keycloak.reconcile()
        assert admin.get_user(user)["username"] == "neu"
        assert admin.get_client(own)["clientId"] == "ingest-gebag"
    finally:
        admin.delete_user(user)
        admin.delete_client(own)


def test_a_password_changed_later_than_the_secrets_stands(keycloak: Keycloak) -> None:
    admin = keycloak.admin
    user = admin.get_user_id("startup")
    admin.set_user_password(user, "changed-by-the-operator", temporary=False)
    keycloak.reconcile()
    assert keycloak.user_tokens("startup", "changed-by-the-operator")

    secrets = keycloak.installation.settings.data / "secrets.json"
    secrets.write_bytes(secrets.read_bytes())  # written anew: now it is the later one
    keycloak.reconcile()
    assert keycloak.user_tokens("startup")


def test_it_survives_a_kill(keycloak: Keycloak) -> None:
    before = _ids(keycloak)["users"]
    keycloak.kill9()
    keycloak.restart()
    assert _ids(keycloak)["users"] == before
    assert keycloak.machine_token("ingest-dvv")


def test_file_has_no_secret(installation: Installation) -> None:
    assert _names(provision.realm(installation.settings)) & {"secret", "credentials", "password", "privateKey"} == set()


def _names(content: object) -> set[str]:
    if isinstance(content, dict):
        return {*content, *(name for value in content.values() for name in _names(value))}
    return {name for item in content for name in _names(item)} if isinstance(content, list) else set()
