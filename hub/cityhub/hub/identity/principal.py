"""Who is acting: made here from verified claims, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from cityhub.hub.identity.errors import TokenRefused
from cityhub.sdk.principal import Principal

ROLES = frozenset(
    {"leadership", "controller", "partner-publisher", "partner-admin", "startup", "hub-operator", "kiosk"}
)
_ORGANISATION = re.compile(r"[a-z0-9-]{0,40}")
_LONGEST_TEXT = 255
_acting: ContextVar[Principal | None] = ContextVar("cityhub_principal", default=None)


def principal_of_claims(claims: Mapping[str, Any]) -> Principal:
    """The principal of a verified access token; roles that the hub does not know are left out.

    Raises:
        TokenRefused: a claim has another shape than the realm gives it.
    """
    access = claims.get("realm_access", {})
    roles = access.get("roles", []) if isinstance(access, dict) else None
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise TokenRefused("claims", "claim realm_access is not the realm's list of roles")
    subject, organisation, tenant = (_text(claims, name) for name in ("sub", "organisation", "tenant"))
    if not subject:
        raise TokenRefused("claims", "the token has no claim sub")
    if not _ORGANISATION.fullmatch(organisation) or not _ORGANISATION.fullmatch(tenant):
        raise TokenRefused(
            "claims", "claim organisation or tenant is not the short name of a partner, startup or tenant"
        )
    return Principal(
        subject=subject,
        organisation=organisation,
        roles=ROLES.intersection(roles),
        scopes=frozenset(_text(claims, "scope").split()),
        name=_text(claims, "name") or _text(claims, "preferred_username"),
        expires_at=claims["exp"],
        tenant=tenant,
    )


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name, "")
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise TokenRefused("claims", f"claim {name} is not a text of at most {_LONGEST_TEXT} characters")
    return value


def current_principal() -> Principal | None:
    """Who sent the request that is being answered; None for an anonymous one and outside of requests."""
    return _acting.get()


@contextmanager
def acting(principal: Principal | None) -> Iterator[None]:
    """Within the block `current_principal` gives this one, also in tasks and threads started by it."""
    token = _acting.set(principal)
    try:
        yield
    finally:
        _acting.reset(token)
