"""Where the realm is: the address that browsers and tokens name, and the one the hub itself calls."""

from __future__ import annotations

from msgspec import Struct

REALM_PATH = "/auth/realms/cityhub"
WEB_CLIENT = "cityhub-web"
API_AUDIENCE = "cityhub-api"


class RealmEndpoints(Struct, frozen=True):
    """Addresses of the realm.

    Attributes:
        public_url: origin of the web app, which passes `/auth` on to Keycloak.
        keycloak_url: Keycloak's own origin, reached without a proxy in between.
    """

    public_url: str
    keycloak_url: str

    @property
    def issuer(self) -> str:
        """`iss` of every token."""
        return self.public_url + REALM_PATH

    @property
    def authorize(self) -> str:
        """Where a browser is sent to log in."""
        return f"{self.issuer}/protocol/openid-connect/auth"

    @property
    def token(self) -> str:
        """Back channel: exchange a code or a refresh token."""
        return self._back("token")

    @property
    def end_session(self) -> str:
        """Back channel: end a log-in session by its refresh token."""
        return self._back("logout")

    @property
    def certs(self) -> str:
        """Back channel: the keys that tokens are signed with."""
        return self._back("certs")

    def _back(self, name: str) -> str:
        return f"{self.keycloak_url}{REALM_PATH}/protocol/openid-connect/{name}"
