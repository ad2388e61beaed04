"""The realm as Keycloak has it."""

from __future__ import annotations

import jwt

from tests.integration.servers import Keycloak


def _claims(token: str) -> dict[str, object]:
    claims: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_person(keycloak: Keycloak) -> None:
    t=keycloak.user_tokens("leitung"); print(_claims(t["access_token"])); print(t.keys(), t["refresh_expires_in"]); print(_claims(t["id_token"]))
    t=keycloak.user_tokens("betrieb"); print(_claims(t["access_token"]))
    assert 0
