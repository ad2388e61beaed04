"""Whose side of the hub a request is about, and who may change something there."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from msgspec import Struct

from cityhub.adapters.doors.http import PUBLISHER, Refused
from cityhub.api.access import OPERATOR
from cityhub.bus.topics import PARTNERS
from cityhub.sdk.contract_check import near
from cityhub.sdk.principal import Principal

ADMIN = "partner-admin"


class Whose(Struct, frozen=True, forbid_unknown_fields=True):
    """A query that says no more than whose things are meant. Attribute: partner = only for operators."""

    partner: str = ""


def partner_of(principal: Principal | None, wanted: str = "") -> str:
    """Whose letters, ledger and traces a caller may see: its own; an operator's request has to name a partner.

    Args:
        wanted: what the request says; only an operator may name another than its own.

    Raises:
        Refused: 401, 403 or 400, with what to do.
    """
    principal = _known(principal)
    if OPERATOR in principal.roles:
        if wanted not in PARTNERS:
            text = f"partner={wanted[:40]!r}: name one{near(wanted[:40], PARTNERS)}; there are {', '.join(PARTNERS)}"
            raise Refused(HTTPStatus.BAD_REQUEST, text)
        return wanted
    if not {PUBLISHER, ADMIN} & principal.roles:
        text = f"this account has neither of the roles {PUBLISHER} and {ADMIN}; ask the hub's operator"
        raise Refused(HTTPStatus.FORBIDDEN, text)
    if principal.organisation not in PARTNERS:
        text = "this account belongs to no partner: its token has no claim organisation; ask the hub's operator"
        raise Refused(HTTPStatus.FORBIDDEN, text)
    if wanted not in {"", principal.organisation}:
        text = f"this account is of {principal.organisation} and sees nothing of others: leave partner out"
        raise Refused(HTTPStatus.FORBIDDEN, text)
    return principal.organisation


def partners_of(principal: Principal | None) -> Sequence[str]:
    """Every partner whose side a caller may see: all for an operator, else its own, or none."""
    if principal is not None and OPERATOR in principal.roles:
        return PARTNERS
    try:
        return (partner_of(principal),)
    except Refused:
        return ()


def changing(principal: Principal | None) -> Principal:
    """The caller, who may do more than look.

    Raises:
        Refused: 401 or 403.
    """
    principal = _known(principal)
    if not {ADMIN, OPERATOR} & principal.roles:
        text = f"driving letters in again needs the role {ADMIN}, which this account lacks; ask the hub's operator"
        raise Refused(HTTPStatus.FORBIDDEN, text)
    return principal


def _known(principal: Principal | None) -> Principal:
    if principal is None:
        text = "this needs a token of your organisation, as 'Authorization: Bearer …', or a log-in"
        raise Refused(HTTPStatus.UNAUTHORIZED, text, {"WWW-Authenticate": "Bearer"})
    return principal
