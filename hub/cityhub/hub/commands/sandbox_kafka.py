"""`cityhub sandbox kafka`: a tenant's door to Kafka."""

from __future__ import annotations

import asyncio
import time

import msgspec

from cityhub.hub.commands.narrator import show
from cityhub.hub.commands.sandbox import asked
from cityhub.hub.settings import Settings
from cityhub.sandbox.rooms.client import SandboxClient
from cityhub.sandbox.rooms.service import Wish
from cityhub.sandbox.topics.broker import Door

WAIT_S = 60.0
_LOOK_S = 0.5


def door(settings: Settings, tenant: str, *, wanted: bool, as_json: bool) -> int:
    """Open or close it; 1 when the topics are not there within `WAIT_S`."""

    async def done(sandbox: SandboxClient) -> Door:
        end = time.monotonic() + WAIT_S
        found = await _wished(sandbox, Wish(do="kafka", organisation=None, name=tenant, open=wanted))
        while wanted and not found.ready and time.monotonic() < end:
            await asyncio.sleep(_LOOK_S)
            found = await _wished(sandbox, Wish(do="kafka", organisation=None, name=tenant))
        return found

    found = asked(settings, done)
    show(msgspec.json.format(msgspec.json.encode(found)).decode() if as_json else _text(tenant, found))
    return 0 if found.ready is wanted else 1


async def _wished(sandbox: SandboxClient, wish: Wish) -> Door:
    return msgspec.json.decode(await sandbox.wish(wish), type=Door)


def _text(tenant: str, one: Door) -> str:
    if not one.open:
        return f"{tenant}: closed; topics and rules are being taken away"
    rows = [
        f"{tenant}: {'open' if one.ready else 'not ready yet'}",
        f"client   {one.client}, {one.sasl_mechanism} over {one.security_protocol}, token from {one.token_url}",
        f"servers  {one.bootstrap or 'of the listener for partners; the operator knows them'}",
        f"reads    {', '.join(one.reads.values())}, kept {one.retention_days} days",
        f"writes   {one.writes}",
        f"groups   {one.group_prefix}…",
        f"quotas   {one.reads_b_s >> 10} KiB/s read, {one.writes_b_s >> 10} KiB/s written, per broker",
        *(f"to do    {line}" for line in one.to_do),
    ]
    return "\n".join(rows)
