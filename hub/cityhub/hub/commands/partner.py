"""`cityhub partner`: letting a partner in, so that it can send events, and out again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

import msgspec

from cityhub.bus.topics import PARTNERS
from cityhub.hub.commands import quickstart
from cityhub.hub.commands.narrator import show
from cityhub.hub.commands.text import table
from cityhub.hub.errors import Misconfigured
from cityhub.hub.identity import partners, people
from cityhub.hub.identity.grants import Grant
from cityhub.hub.secrets import load
from cityhub.hub.settings import Settings
from cityhub.sdk.contract import Contract, load_contracts
from cityhub.sdk.contract_check import near

_STREAM = re.compile(r"[a-z][a-z0-9-]{0,39}")


def onboard(
    settings: Settings,
    partner: str,
    pattern: str,
    streams: Sequence[str],
    *,
    may_redrive: bool | None,
    person: str,
    new_password: bool,
    as_json: bool,
) -> int:
    """Make what is missing and print the partner's own quickstart.

    Args:
        pattern: of the event types it will send, `*` for anything; "" = all of its own.
        streams: further topics of its own, beside those of its contracts.
        may_redrive: the person, or without one the client, may drive dead letters in again; None = as it was.
        person: user name of somebody who gets an account, "" = nobody. new_password: they get another one.
    """
    wanted, secrets = asked_for(partner, pattern, streams), load(settings.data)
    if person:
        people.check_name(person)
    elif new_password:
        raise Misconfigured("--new-password: whose? name somebody with --person NAME")
    grant, made, secret = partners.onboard(settings, secrets, wanted, may_redrive=None if person else may_redrive)
    password = (
        partners.invite(settings, secrets, partner, person, may_redrive=may_redrive, new_password=new_password)
        if person
        else ""
    )
    start = quickstart.of(settings, grant, secret)
    if as_json:
        account = {"person": person, **({"password": password} if password else {})} if person else {}
        show(_json({**start.as_json(), "made": made, **account}))
    else:
        show(start.text())
        show(f"\nnew topics: {', '.join(made) or 'none'}")
        if person:
            show(_account(settings, person, password))
    return 0


def listing(settings: Settings, *, as_json: bool) -> int:
    """Partner, client, streams, since when, whether it was revoked, and its people."""
    secrets = load(settings.data)
    found, names = partners.grants(settings, secrets), dict[str, list[str]]()
    for somebody in partners.everybody(settings, secrets):
        if somebody.enabled:
            names.setdefault(somebody.partner, []).append(somebody.name)
    if as_json:
        more = [{"client": grant.client, "people": names.get(grant.partner, [])} for grant in found]
        show(_json([msgspec.to_builtins(grant) | one for grant, one in zip(found, more, strict=True)]))
        return 0
    rows = [
        (
            one.partner,
            one.client,
            " ".join(one.streams) or "–",
            one.since or "from the beginning",
            one.revoked or "–",
            " ".join(names.get(one.partner, [])) or "–",
        )
        for one in found
    ]
    show(table(("PARTNER", "CLIENT", "STREAMS", "SINCE", "REVOKED", "PEOPLE"), rows))
    return 0


def revoke(settings: Settings, partner: str) -> int:
    """End a partner's access."""
    check_name(partner)
    grant, names = partners.revoke(settings, load(settings.data), partner)
    show(
        f"{grant.client} gets no new tokens, and Kafka refuses its records. Tokens that it holds end within 5 minutes; "
        f"until then the API takes them. Topics and data stay; `cityhub partner onboard {partner}` lets it in again."
    )
    if names:
        show(
            f"People who cannot log in any more: {', '.join(names)}; open log-ins end within 5 minutes. "
            f"`cityhub partner onboard {partner} --person NAME` lets somebody in again."
        )
    return 0


def secret(settings: Settings, partner: str, *, rotate: bool) -> int:
    """Print the secret of the partner's client and nothing else."""
    check_name(partner)
    show(partners.secret(settings, load(settings.data), partner, rotate=rotate))
    return 0


def asked_for(partner: str, pattern: str, streams: Sequence[str]) -> Grant:
    """What is to be granted.

    Raises:
        Misconfigured: no such partner, no contract of it matches, one of another partner does, or a stream's name
            cannot be part of a topic's.
    """
    check_name(partner)
    for name in streams:
        if not _STREAM.fullmatch(name):
            raise Misconfigured(f"--stream {name!r}: give a letter, then letters, digits or -, all small, at most 40")
    chosen = _chosen(partner, pattern or f"de.duisburg.{partner}.*")
    own = sorted({*(contract.topic.split(".")[3] for contract in chosen), *streams})
    return Grant(partner=partner, types=tuple(contract.type for contract in chosen), streams=tuple(own))


def _chosen(partner: str, pattern: str) -> list[Contract]:
    known = load_contracts().values()
    chosen = [contract for contract in known if fnmatchcase(contract.type, pattern) and contract.status == "active"]
    for contract in chosen:
        if contract.partner != partner:
            raise Misconfigured(
                f"--contracts {pattern!r} matches {contract.type}, which is of {contract.partner}, not of {partner}: "
                f"begin the pattern with de.duisburg.{partner}."
            )
    if not chosen:
        own = [contract.type for contract in known if contract.partner == partner]
        there_are = near(pattern, own) if own else f"; {partner} has none yet, write one first (docs/contracts.md)"
        raise Misconfigured(f"--contracts {pattern!r} matches no active contract{there_are}")
    return chosen


def check_name(partner: str) -> None:
    if partner not in PARTNERS:
        raise Misconfigured(f"no partner {partner!r}{near(partner, PARTNERS)}; there are {', '.join(PARTNERS)}")


def _account(settings: Settings, person: str, password: str) -> str:
    shown = f"{password}, shown only now; it is changed at the first log-in"
    return "\n".join(
        [
            f"\nperson   {person}, who sees {settings.public_url}/partner",
            f"password {shown if password else 'as it was; --new-password makes another one'}",
        ]
    )


def _json(answer: object) -> str:
    return msgspec.json.format(msgspec.json.encode(answer)).decode()
