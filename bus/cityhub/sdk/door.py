"""What a door says of a partner's event, in one set of words: HTTP, Kafka and a partner's own check beforehand.

Source of the rules: docs/events.md, docs/contracts.md, docs/doors.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from cityhub.sdk import codec
from cityhub.sdk.conformance import violations
from cityhub.sdk.contract import Contract, Contracts, Field
from cityhub.sdk.contract_check import near
from cityhub.sdk.errors import RejectedEvent
from cityhub.sdk.event import MAX_TEXT, Event, check_not_future, is_short_text

_NAMES = frozenset(field.name for field in msgspec.structs.fields(Event))
_LIKE_AN_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d[\d:.,+ Zz-]{0,30}", re.ASCII)
HUB = "hub"
"""Whose types tell what the hub itself has seen: no door is open for it."""
UNNAMED = "unnamed_field"
"""A field that no contract names was sent: nobody knows what it holds, so it is stored nowhere."""


class Outcome(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one event of a request.

    Attributes:
        status: `accepted`, `valid` (only judged) or `rejected`. partition, offset: where it stands in `topic`.
        reason, pointer (JSON pointer into the event), contract, detail: of a refusal; docs/events.md says what to do.
    """

    index: int
    status: str
    id: str | UnsetType = UNSET
    topic: str | UnsetType = UNSET
    partition: int | UnsetType = UNSET
    offset: int | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    pointer: str | UnsetType = UNSET
    contract: str | UnsetType = UNSET
    detail: str | UnsetType = UNSET


def judged(event: Event, contracts: Contracts, partner: str, received_at: datetime) -> Event:
    """The event as it may go into its topic: keyed as its contract says, without what only the hub may stamp.

    Args:
        partner: whose door it came through; events of others are refused.

    Raises:
        RejectedEvent: `foreign_partner`, `unknown_type`, `unnamed_field`, `contract` or `time_in_future`; the message
            has a line per problem, the attribute is that of the first.
    """
    if event.partner == HUB:
        text = f"type {event.type} tells what the hub itself has seen, and no door takes it; send types of your own"
        raise RejectedEvent("foreign_partner", text, "type")
    if event.partner != partner:
        raise RejectedEvent(
            "foreign_partner",
            f"type {event.type} is of {event.partner}, this door is open for {partner}; send it with {event.partner}'s "
            "own access",
            "type",
        )
    contract = contract_of(event.type, contracts, partner)
    if contract.status == "retired":
        own = [one.type for one in contracts.values() if one.partner == partner and one.status == "active"]
        text = f"the contract of {event.type} is retired{near(event.type, own)}; events of it are not taken any more"
        raise RejectedEvent("unknown_type", text, "type")
    _closed(event.data, contract)
    if found := violations(contract, event.data):
        raise RejectedEvent("contract", "\n".join(found), found[0].partition(":")[0])
    check_not_future(event, received_at)
    return replace(event, partitionkey=key_of(event, contract), borough=UNSET, registerversion=UNSET)


def judged_bytes(body: bytes, contracts: Contracts, partner: str, received_at: datetime) -> Event:
    """As `judged`, for an event in structured mode.

    Raises:
        RejectedEvent: `parse`, `size` and `envelope`, too.
    """
    return judged(codec.decode(body), contracts, partner, received_at)


def contract_of(type_: str, contracts: Contracts, partner: str) -> Contract:
    """The contract of a type.

    Raises:
        RejectedEvent: `unknown_type`, naming what was probably meant.
    """
    if type_ not in contracts:
        own = [one.type for one in contracts.values() if one.partner == partner]
        raise RejectedEvent("unknown_type", f"no contract for event type {type_}{near(type_, own)}", "type")
    return contracts[type_]


def key_of(event: Event, contract: Contract) -> str:
    """The partition key that a contract wants: events of one entity, and both halves of a join, stand together.

    Raises:
        RejectedEvent: `contract`, the field's value cannot be one.
    """
    if contract.key == "@subject":
        return event.subject
    field = contract.key.removeprefix("$")
    key = str(event.data[field])
    if not is_short_text(key):
        text = f"data.{field}: is the partition key, which must be 1 to {MAX_TEXT} printable characters"
        raise RejectedEvent("contract", text, f"data.{field}")
    return key


def may_be_kept(body: bytes, contracts: Contracts) -> bool:
    """Whether the bytes of a refused event may be stored: only those that hold nothing but what a contract names.

    Bytes that cannot be read, types that nobody knows, fields that nobody named, values of another kind than their
    field's and names that are said twice (readers see one value, the bytes hold both) may hold personal data.
    """
    event = _loosely(body)
    contract = contracts.get(str(event.get("type"))) if event.keys() <= _NAMES else None
    data = event.pop("data", None)
    if contract is None or not isinstance(data, dict) or any(isinstance(one, dict | list) for one in event.values()):
        return False
    instants = (event.get(name, "") for name in ("time", "recordedtime"))
    kinds = (name in contract.fields and _is_of_kind(contract.fields[name], value) for name, value in data.items())
    return all(map(_is_like_an_instant, instants)) and all(kinds) and _says_names_once(body)


def may_be_named(attribute: str, contracts: Contracts) -> str:
    """The attribute of a refusal as it may be stored: what a sender called a field of its own can name a person."""
    whole, _, field = attribute.partition(".")
    named = not field or any(field in contract.fields for contract in contracts.values())
    return attribute if named else whole


def texts_of(body: bytes, names: Sequence[str]) -> dict[str, str]:
    """Text attributes of a refused event, those that can be read and are of a sane length."""
    found = _loosely(body)
    values = {name: found.get(name) for name in names}
    return {name: one for name, one in values.items() if isinstance(one, str) and 0 < len(one) <= MAX_TEXT}


def refusal(index: int, body: bytes, why: RejectedEvent, contracts: Contracts) -> Outcome:
    """What a sender is told of an event that is refused. Args: index = of the event in its request."""
    said = texts_of(body, ("id", "type"))
    return Outcome(
        index=index,
        status="rejected",
        id=said.get("id", UNSET),
        reason=why.reason,
        pointer="/" + why.attribute.replace(".", "/") if why.attribute else "",
        contract=said["type"] if said.get("type") in contracts else UNSET,
        detail=str(why),
    )


def _closed(data: Mapping[str, Any], contract: Contract) -> None:
    unnamed = sorted(data.keys() - contract.fields.keys())
    if unnamed:
        lines = [f"data.{name}: no field of {contract.type}{near(name, contract.fields)}" for name in unnamed]
        raise RejectedEvent(UNNAMED, "\n".join(lines), f"data.{unnamed[0]}")


def _is_of_kind(field: Field, value: Any) -> bool:
    match field.type:
        case "integer" | "decimal":
            return value is None or isinstance(value, int | float)
        case "boolean":
            return value is None or isinstance(value, bool)
        case "instant":
            return value is None or _is_like_an_instant(value)
    return value is None or isinstance(value, str)


def _is_like_an_instant(value: Any) -> bool:
    """An instant, or one that lacks something such as its offset."""
    return isinstance(value, str) and (not value or _LIKE_AN_INSTANT.fullmatch(value) is not None)


def _says_names_once(body: bytes) -> bool:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise ValueError("a name is said twice")
        return found

    try:
        json.loads(body, object_pairs_hook=once)
    except (ValueError, RecursionError):
        return False
    return True


def _loosely(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}
