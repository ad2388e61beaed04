"""Who is acting. Only `cityhub.hub.identity` makes a principal, and only from a verified token."""

from __future__ import annotations

from msgspec import Struct


class Principal(Struct, frozen=True, kw_only=True):
    """A verified person or machine.

    Attributes:
        subject: the identity provider's stable id.
        organisation: partner or startup the token was issued to; empty for the hub's own staff.
        roles: realm roles, e.g. `leadership`, `startup`.
        scopes: OAuth scopes of the token.
        name: what to show, never used for decisions.
        expires_at: end of the token's life, seconds since the epoch.
        tenant: of the sandbox, the only one that the token is for; empty = all of the organisation's.
    """

    subject: str
    organisation: str = ""
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    name: str = ""
    expires_at: int = 0
    tenant: str = ""
