"""The realm's public signing keys as a file that Kafka checks partners' tokens with.

Where Kafka has to fetch the keys over HTTP it exits at its start when nobody answers; a file it reads again whenever
its time stamp changes. So the hub mirrors Keycloak's keys into a file, and each server starts without the other
(docs/decisions/0002-kafka-listeners-and-partner-tokens.md).
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import msgspec
import structlog

from cityhub.hub.secrets import private_folder, write_private

EMPTY = '{"keys":[]}'
EVERY_S = 15.0

log = structlog.get_logger(__name__)


class _Key(msgspec.Struct):
    kid: str
    kty: str


class _KeySet(msgspec.Struct):
    keys: list[_Key]


def store(document: bytes, path: Path) -> bool:
    """Put a key set (RFC 7517) at the path where it differs from what is there.

    Returns:
        Whether the file was written.

    Raises:
        ValueError: the document is not a key set or holds no key; the file stays as it is.
    """
    try:
        found = msgspec.json.decode(document, type=_KeySet)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ValueError(f"not a key set: {error}") from error
    if not found.keys:
        raise ValueError("the key set holds no key")
    if path.exists() and path.read_bytes() == document:
        return False
    private_folder(path.parent)
    write_private(path, document.decode())
    return True


async def mirror(url: str, path: Path, *, every_s: float = EVERY_S) -> None:
    """Keep the file equal to the realm's keys until cancelled.

    While Keycloak does not answer the last keys stay; Kafka knows a new signing key after at most `every_s` seconds.

    Args:
        url: the realm's `protocol/openid-connect/certs`, on its back-channel address.
    """
    async with httpx.AsyncClient(timeout=10.0, trust_env=False) as client:
        while True:
            try:
                answer = (await client.get(url)).raise_for_status()
                if store(answer.content, path):
                    log.info("partner_keys_renewed", path=str(path))
            except (httpx.HTTPError, ValueError) as error:
                log.info("partner_keys_kept", reason=str(error) or type(error).__name__)
            await asyncio.sleep(every_s)
