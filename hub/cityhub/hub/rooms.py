"""How the hub's processes find the rooms of the sandbox, and what they say there."""

from __future__ import annotations

import hmac
from hashlib import sha256

import httpx

from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings
from cityhub.sandbox.rooms.client import SandboxClient

DEMO, DEMO_ORGANISATION = "demo", "startup-demo"
"""A tenant that every installation with the simulated city has; its startup's client is in the realm."""


def word(secrets: Secrets) -> str:
    """What the rooms want to hear: it follows from the installation's own secret and is not that."""
    return hmac.new(secrets.session_key.encode(), b"rooms", sha256).hexdigest()


def client(http: httpx.AsyncClient, settings: Settings, secrets: Secrets) -> SandboxClient:
    """Speaks with the rooms."""
    return SandboxClient(http, settings.rooms_url, word(secrets))
