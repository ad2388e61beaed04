"""What a partner was granted, kept as attributes of its machine client, so that nothing else has to remember it."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from cityhub.bus import topics
from cityhub.bus.topics import TopicSpec
from cityhub.sdk.contract import load_contracts

_PREFIX = "cityhub."
_TEMPLATE = "ingest-wbd"


class Grant(Struct, frozen=True, kw_only=True):
    """A partner with a machine client.

    Attributes:
        types: event types that it was told it may send. streams: of its topics `du.in.<partner>.<stream>`.
        may_redrive: its client may drive dead letters in again, not only look at them.
        since: day on which it was onboarded, `2026-11-25`; "" for the clients that every installation has.
        revoked: day on which that ended; "" = it has not.
    """

    partner: str
    types: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    may_redrive: bool = False
    since: str = ""
    revoked: str = ""

    @property
    def client(self) -> str:
        """Id of the machine client; Kafka's name for it, too."""
        return f"ingest-{self.partner}"

    @property
    def incoming(self) -> list[str]:
        """Topics that its own Kafka client writes."""
        return [topics.quarantine(self.partner, stream).name for stream in self.streams]

    def attributes(self) -> dict[str, str]:
        """As the realm keeps it; Keycloak removes attributes that are empty."""
        return {
            f"{_PREFIX}partner": self.partner,
            f"{_PREFIX}types": " ".join(self.types),
            f"{_PREFIX}streams": " ".join(self.streams),
            f"{_PREFIX}redrive": "yes" if self.may_redrive else "",
            f"{_PREFIX}since": self.since,
            f"{_PREFIX}revoked": self.revoked,
        }

    def topics(self) -> list[TopicSpec]:
        """What it writes, what the gate makes of it, and its dead letters."""
        contracts = load_contracts()
        events = sorted({contracts[type_].topic for type_ in self.types if type_ in contracts})
        own = [topics.quarantine(self.partner, stream) for stream in self.streams]
        return [*own, *map(topics.event_log, events), topics.dead_letters(self.partner)]


def grant_of(client: Mapping[str, Any]) -> Grant | None:
    """Read it from Keycloak's description of a client; None for one that `cityhub partner` has never touched."""
    kept: Mapping[str, str] = client.get("attributes") or {}
    if not (partner := kept.get(f"{_PREFIX}partner")):
        return None
    return Grant(
        partner=partner,
        types=tuple(kept.get(f"{_PREFIX}types", "").split()),
        streams=tuple(kept.get(f"{_PREFIX}streams", "").split()),
        may_redrive=kept.get(f"{_PREFIX}redrive") == "yes",
        since=kept.get(f"{_PREFIX}since", ""),
        revoked=kept.get(f"{_PREFIX}revoked", ""),
    )


def client_of(grant: Grant, clients: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The machine client of a partner: as the realm's file has one, under another name.

    Args:
        clients: of the realm's file.
    """
    wanted = copy.deepcopy(dict(next(one for one in clients if one["clientId"] == _TEMPLATE)))
    wanted["clientId"] = grant.client
    wanted["name"] = f"{grant.partner.upper()}: Ereignisse senden"
    wanted["attributes"] |= grant.attributes()
    for mapper in wanted["protocolMappers"]:
        mapper["config"]["claim.value"] = grant.partner
    return wanted
