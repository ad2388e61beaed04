"""Where the hub is, and who a client is there."""

from __future__ import annotations

import os
from collections.abc import Mapping

from msgspec import Struct

from cityhub.sdk.errors import NotConfigured

URL, CLIENT, SECRET, TOKEN_URL = "CITYHUB_URL", "CITYHUB_CLIENT", "CITYHUB_SECRET", "CITYHUB_TOKEN_URL"
_REALM = "/auth/realms/cityhub/protocol/openid-connect/token"
_PREFIX = "ingest-"


class Account(Struct, frozen=True, kw_only=True):
    """What `cityhub partner onboard` printed.

    Attributes:
        url: public address of the hub, without a slash at its end.
        client: `ingest-<partner>`. secret: is never shown.
        token_url: where tokens come from; "" = the hub's own realm.
    """

    url: str
    client: str
    secret: str
    token_url: str = ""

    def __post_init__(self) -> None:
        for name, value in (("address of the hub", self.url), ("address of tokens", self.token_url or self.url)):
            if not value.startswith(("https://", "http://")):
                raise NotConfigured(f"{name} {value!r}: write it with https:// or http://")

    def __repr__(self) -> str:
        return f"Account(url={self.url!r}, client={self.client!r})"

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] = os.environ) -> Account:
        """From `CITYHUB_URL`, `CITYHUB_CLIENT`, `CITYHUB_SECRET` and, if set, `CITYHUB_TOKEN_URL`.

        Raises:
            NotConfigured: names all that are missing, or the address that is none.
        """
        missing = [name for name in (URL, CLIENT, SECRET) if not environment.get(name)]
        if missing:
            told = "set what `cityhub partner onboard` printed as url, client and secret"
            raise NotConfigured(f"not set in the environment: {', '.join(missing)}; {told}")
        return cls(
            url=environment[URL].rstrip("/"),
            client=environment[CLIENT],
            secret=environment[SECRET],
            token_url=environment.get(TOKEN_URL, ""),
        )

    @property
    def partner(self) -> str:
        """Whose client it is; "" when its name does not say."""
        return partner_of(self.client)

    @property
    def tokens_at(self) -> str:
        """Where tokens come from."""
        return self.token_url or f"{self.url}{_REALM}"


def partner_of(client: str) -> str:
    """The partner that a client's name says; "" when it says none."""
    return client.removeprefix(_PREFIX) if client.startswith(_PREFIX) else ""
