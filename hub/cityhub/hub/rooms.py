"""How the hub's processes find the rooms of the sandbox, and what they say there."""

from __future__ import annotations

import hmac
from hashlib import sha256
from pathlib import Path
from typing import Literal

import httpx
import msgspec
import yaml

from cityhub.hub.errors import Misconfigured
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings
from cityhub.sandbox.room.archived import faults_of_release
from cityhub.sandbox.rooms.client import SandboxClient
from cityhub.sdk import plain_yaml
from cityhub.sdk.contract import load_contracts

DEMO, DEMO_ORGANISATION = "demo", "startup-demo"
"""A tenant that every installation with the simulated city has; its startup's client is in the realm."""


def released(file: str) -> dict[str, tuple[str, ...]]:
    """Event types whose owners let startups replay real events, with the fields that they released, () = all.

    Raises:
        Misconfigured: every problem of the file at once.
    """
    if not file:
        return {}
    try:
        tree = plain_yaml.load(Path(file).read_text("utf-8")) or {}
        found = msgspec.convert(tree, dict[str, Literal["all"] | tuple[str, ...]])
    except (OSError, UnicodeDecodeError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise Misconfigured(f"CITYHUB_RELEASES = {file}: {error}; write TYPE: all, or TYPE: [field, …]") from error
    fields = {type_: () if said == "all" else said for type_, said in found.items()}
    faults = [fault for type_, some in fields.items() for fault in faults_of_release(type_, some, load_contracts())]
    if faults:
        raise Misconfigured("\n".join([f"CITYHUB_RELEASES = {file}:", *(f"  {fault}" for fault in faults)]))
    return fields


def word(secrets: Secrets) -> str:
    """What the rooms want to hear: it follows from the installation's own secret and is not that."""
    return hmac.new(secrets.session_key.encode(), b"rooms", sha256).hexdigest()


def client(http: httpx.AsyncClient, settings: Settings, secrets: Secrets) -> SandboxClient:
    """Speaks with the rooms."""
    return SandboxClient(http, settings.rooms_url, word(secrets))
