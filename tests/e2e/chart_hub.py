"""The hub as the chart runs it: every pod of the example `external`, with servers that are somebody else's."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import parse
from tests.e2e.hub import Hub
from tests.integration.broker import ExternalKafka
from tests.integration.cluster.cluster import Cluster
from tests.integration.cluster.outside import KEYCLOAK_SECRET, outside
from tests.integration.postgres import Postgres
from tests.integration.servers import Installation, Keycloak


class ChartHub(Hub):
    """All pods, two of web, worker and publisher, behind one address without affinity.

    Args:
        transit: URL of the partner's control centre.

    Attributes:
        broker, keycloak, postgres: the servers. cluster: the pods.
    """

    def __init__(self, folder: Path, postgres: Postgres, transit: str) -> None:
        installation = Installation(folder / "outside")
        self.broker, self.keycloak, self.postgres = ExternalKafka(installation), Keycloak(installation), postgres
        self.store = postgres.create()
        self._folder = folder
        named = outside(installation, self.broker, self.keycloak, self.store, transit)
        self.cluster = Cluster(folder, named, installation.settings.port)
        self.installation = installation
        self.settings = parse(self.cluster.environment("web"))
        self.rooms = parse(self.cluster.environment("rooms")).data

    @property
    def secrets(self) -> Secrets:
        return self.installation.secrets

    def start(self) -> None:
        with ThreadPoolExecutor(2) as pool:
            for one in [pool.submit(self.broker.start), pool.submit(self.keycloak.start)]:
                one.result()
        self.broker.let_the_hub_in()
        self._prepare_the_realm()
        self.cluster.install()

    def environment_of(self, command: str) -> Mapping[str, str]:
        """`kubectl exec` in a pod of web; what writes in the realm, in that of realm."""
        return self.cluster.environment("realm" if command == "partner" else "web")

    def _prepare_the_realm(self) -> None:
        """By the command of docs/helm.md, with a secret of the hub that nothing here knows; people are there."""
        file = self._folder / "hub-admin"
        file.write_text(KEYCLOAK_SECRET)
        given = {
            "CITYHUB_PUBLIC_URL": self.url,
            "CITYHUB_KEYCLOAK_URL": self.keycloak.origin,
            "CITYHUB_KEYCLOAK_ADMIN_SECRET_FILE": str(file),
        }
        data = str(self.installation.settings.data)
        password = f"{self.secrets.keycloak_admin_password}\n"
        done = self._run(
            given, "realm", "prepare", "--data", data, "--admin", "admin", "--web", self.url, said=password
        )
        assert done.returncode == 0, done.stderr

    def stop(self) -> None:
        try:
            forced = self.cluster.stop()
        finally:
            self.keycloak.stop()
            self.broker.stop()
        assert not forced, f"SIGTERM was not enough for {forced}: {self.tail()}"

    def wait_until_ready(self) -> None:
        self.cluster.wait_until_ready()

    def kill(self, process: str) -> None:
        self.cluster.kill(process)

    def crash(self) -> None:
        """Every pod; the servers are on other machines."""
        for component, pods in self.cluster.pods.items():
            for number in range(len(pods)):
                self.cluster.kill(component, number)

    def ended(self) -> str:
        return ""

    def tail(self) -> str:
        return self.cluster.tail()

    def partners_kafka(self, printed: str) -> str:
        return self.broker.partner_bootstrap
