"""Real servers for the integration tests: started once per session, on free ports, in a temporary data directory.

The downloaded files are shared with the product (its default cache), so they are fetched once per machine.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from keycloak import KeycloakAdmin

from cityhub.bus.access import KafkaAccess
from cityhub.hub.embedded import kafka, keycloak
from cityhub.hub.identity import provision
from cityhub.hub.identity.endpoints import REALM_PATH, WEB_CLIENT, RealmEndpoints
from cityhub.hub.process import ProcessSpec
from cityhub.hub.secrets import Secrets, load_or_create
from cityhub.hub.settings import Settings, parse
from tests.ports import free_ports

LIMIT_S = 600.0
"""A loaded machine may need minutes for a first start."""
VERIFIER = "a-verifier-of-the-tests-with-more-than-43-characters"


class Installation:
    """A data directory with its settings and secrets; nothing runs yet."""

    def __init__(self, data: Path) -> None:
        city, kafka = (
            ("city_port", "city_mqtt_port", "city_ais_port"),
            ("kafka_port", "kafka_controller_port", "kafka_partner_port"),
        )
        names = ("port", *city, *kafka, "keycloak_port", "rooms_port")
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        shared = {name: os.environ[name] for name in ("XDG_CACHE_HOME", "CITYHUB_CACHE") if name in os.environ}
        self.settings: Settings = parse(shared, {"data": str(data), **ports})
        self.secrets: Secrets = load_or_create(data)


class Server:
    """One process of the hub, run as the supervisor would run it."""

    def __init__(self, spec: ProcessSpec, log: Path) -> None:
        self.spec = spec
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.spec.name} was not started"
        return self._process.pid

    def start(self) -> None:
        """Start and wait until the probe is content."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.spec.argv, env={**os.environ, **self.spec.env}, stdout=log, stderr=subprocess.STDOUT
            )
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        assert self._process is not None
        end = time.monotonic() + LIMIT_S
        while (reason := self.spec.probe()) is not None:
            if self._process.poll() is not None:
                raise AssertionError(f"{self.spec.name} ended with {self._process.returncode}:\n{self.tail()}")
            if time.monotonic() > end:
                raise AssertionError(f"{self.spec.name} is not ready after {LIMIT_S:.0f} s: {reason}\n{self.tail()}")
            time.sleep(0.25)

    def kill9(self) -> None:
        """The process dies at once, as on a crash."""
        os.kill(self.pid, signal.SIGKILL)
        assert self._process is not None
        self._process.wait()

    def stop(self) -> None:
        """As Ctrl-C: SIGTERM, then SIGKILL. Does nothing where it does not run."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(max(60.0, self.spec.stop_s))
        except subprocess.TimeoutExpired:
            self.kill9()

    def restart(self) -> None:
        """Start again after `kill9` or, orderly, while it runs."""
        self.stop()
        self.start()

    def tail(self, lines: int = 60) -> str:
        """The end of the server's log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""


class Kafka(Server):
    """The embedded broker."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        settings = installation.settings
        spec = kafka.prepare(settings, installation.secrets, issuer=f"{settings.public_url}{REALM_PATH}", say=print)
        super().__init__(spec, settings.data / "kafka.log")
        self.access: KafkaAccess = kafka.access(settings, installation.secrets)
        self.partner_bootstrap = f"127.0.0.1:{settings.kafka_partner_port}"
        self.controller_bootstrap = f"127.0.0.1:{settings.kafka_controller_port}"


class Keycloak(Server):
    """The embedded Keycloak with the hub's realm."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        settings = installation.settings
        super().__init__(keycloak.prepare(settings, installation.secrets, say=print), settings.data / "keycloak.log")
        self.origin = keycloak.url(settings)
        self.endpoints = RealmEndpoints(settings.public_url, self.origin)
        self.issuer = self.endpoints.issuer

    def start(self) -> None:
        super().start()
        self.reconcile()

    def reconcile(self) -> None:
        """Bring the realm up to date, as at every start of the hub."""
        provision.reconcile(self.installation.settings, self.installation.secrets)

    @property
    def admin(self) -> KeycloakAdmin:
        """The realm's administration, with the installation's administrator."""
        return KeycloakAdmin(
            server_url=f"{self.origin}/auth/",
            username=keycloak.ADMIN,
            password=self.installation.secrets.keycloak_admin_password,
            realm_name="cityhub",
            user_realm_name="master",
            timeout=300,
        )

    def ask_token(self, client: str, **form: str) -> httpx.Response:
        """The token endpoint's answer to a client of the realm with its secret; a public client has none."""
        secrets = self.installation.secrets
        secret = {**secrets.client_secrets, WEB_CLIENT: secrets.web_client_secret}.get(client)
        login = {"client_id": client} | ({"client_secret": secret} if secret else {})
        return httpx.post(self.endpoints.token, data={**login, **form}, timeout=60, trust_env=False)

    def machine_token(self, client: str) -> str:
        """An access token of a machine client, by client credentials."""
        answer = self.ask_token(client, grant_type="client_credentials")
        return str(answer.raise_for_status().json()["access_token"])

    def log_in_form(self, browser: httpx.Client, **changes: str | None) -> httpx.Response:
        """The answer to a browser that the web app sends to log in, or to one that asks in another way."""
        query = {
            "client_id": WEB_CLIENT,
            "response_type": "code",
            "scope": "openid",
            "redirect_uri": f"{self.installation.settings.public_url}/login/callback",
            "code_challenge": urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            **changes,
        }
        asked = {name: value for name, value in query.items() if value is not None}
        form = browser.get(self._reachable(self.endpoints.authorize), params=asked)
        for cookie in browser.cookies.jar:
            cookie.secure = False  # as browsers on loopback do: they send secure cookies there without TLS
        return form

    def user_tokens(self, username: str, password: str = "") -> dict[str, Any]:
        """The token endpoint's answer for a person who logs in with a browser (code and PKCE)."""
        with httpx.Client(timeout=60, trust_env=False) as browser:
            form = self.log_in_form(browser).raise_for_status()
            found = re.search(r'action="([^"]+)"', form.text)
            assert found, form.text
            known = self.installation.secrets.user_passwords.get(username, "")
            login = {"username": username, "password": password or known}
            sent = browser.post(self._reachable(unescape(found[1])), data=login)
        assert sent.status_code == httpx.codes.FOUND, sent.text
        code = parse_qs(urlsplit(sent.headers["location"]).query)["code"][0]
        callback = f"{self.installation.settings.public_url}/login/callback"
        answer = self.ask_token(
            WEB_CLIENT, grant_type="authorization_code", code=code, redirect_uri=callback, code_verifier=VERIFIER
        )
        tokens: dict[str, Any] = answer.raise_for_status().json()
        return tokens

    @contextmanager
    def new_signing_key(self) -> Iterator[None]:
        """The realm signs with a new key and still publishes the old one; undone at the end."""
        provider = {
            "name": "rotated",
            "providerId": "rsa-generated",
            "providerType": "org.keycloak.keys.KeyProvider",
            "config": {"priority": ["900"], "enabled": ["true"], "active": ["true"], "algorithm": ["RS256"]},
        }
        key = self.admin.create_component(provider)
        try:
            yield
        finally:
            self.admin.delete_component(key)

    def _reachable(self, address: str) -> str:
        """The same address without the web app in between, which does not run here."""
        return address.replace(self.installation.settings.public_url, self.origin, 1)
