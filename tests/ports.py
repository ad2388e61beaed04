"""Ports for servers that are started later."""

from __future__ import annotations

import secrets
import socket
from contextlib import ExitStack, suppress

RANGE = range(18_000, 32_000)
"""Below those that systems give to whoever asks for any port or connects (Linux 32768, others 49152): what another test
does meanwhile takes none of them."""


def free_ports(count: int) -> list[int]:
    """Distinct ports of 127.0.0.1 that nothing listens on at this moment."""
    found: list[int] = []
    with ExitStack() as held:
        while len(found) < count:
            port = secrets.choice(RANGE)
            with suppress(OSError):  # somebody's
                held.enter_context(socket.create_server(("127.0.0.1", port)))
                found.append(port)
    return found
