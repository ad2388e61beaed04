"""Who asks, and for whom: organisation and tenant come from the verified token, never from a request."""

from __future__ import annotations

from http import HTTPStatus

from msgspec import Struct

from cityhub.adapters.doors.http import Refused
from cityhub.api.access import OPERATOR
from cityhub.sdk.principal import Principal

STARTUP = "startup"


class Caller(Struct, frozen=True):
    """Attributes:
    organisation: whose tenants are meant, None = an operator's, who may all.
    tenant: the only one that the token is for, "" = all of the organisation.
    """

    organisation: str | None
    tenant: str

    def check(self, tenant: str) -> str:
        """The tenant, where the token is for it.

        Raises:
            Refused: 404, as for one that does not exist.
        """
        if self.tenant not in {"", tenant}:
            raise Refused(HTTPStatus.NOT_FOUND, f"no tenant {tenant[:40]!r}; this key is of {self.tenant}")
        return tenant

    def managing(self) -> Caller:
        """The same, where it may make and delete tenants.

        Raises:
            Refused: 403, keys of tenants may not.
        """
        if self.tenant:
            text = (
                f"this key is of the tenant {self.tenant} and makes or deletes none: use a token of the startup itself"
            )
            raise Refused(HTTPStatus.FORBIDDEN, text)
        return self


def caller_of(principal: Principal | None) -> Caller:
    """Who asks.

    Raises:
        Refused: 401 or 403, with what to do.
    """
    if principal is None:
        text = "the sandbox needs a token as 'Authorization: Bearer …', or a log-in; docs/sandbox.md shows both"
        raise Refused(HTTPStatus.UNAUTHORIZED, text, {"WWW-Authenticate": "Bearer"})
    if OPERATOR in principal.roles:
        return Caller(None, "")
    if STARTUP not in principal.roles or not principal.organisation:
        text = f"this account lacks the role {STARTUP} or belongs to no organisation; ask the hub's operator"
        raise Refused(HTTPStatus.FORBIDDEN, text)
    return Caller(principal.organisation, principal.tenant)
