"""What every answer says of its tenant's quota, and what the sandbox process is told of answers.

Source of the rules: draft-ietf-httpapi-ratelimit-headers (`RateLimit-Policy`, `RateLimit`), RFC 9110 §10.2.3.
"""

from __future__ import annotations

import asyncio

import structlog

from cityhub.sandbox.errors import SandboxError
from cityhub.sandbox.rooms.client import SandboxClient
from cityhub.sandbox.rooms.limits import QUOTA, WINDOW_S, Note, Share
from cityhub.sandbox.rooms.service import Wish

_log = structlog.get_logger()


def headers(share: Share) -> dict[str, str]:
    """What every answer says."""
    return {
        "RateLimit-Policy": f'"requests";q={QUOTA};w={WINDOW_S}',
        "RateLimit": f'"requests";r={share.left};t={share.ends_s}',
    }


class Notes:
    """Requests that were answered, told afterwards: nobody waits for it. Those that come meanwhile go together."""

    def __init__(self, client: SandboxClient) -> None:
        self._client = client
        self._waiting: list[Note] = []
        self._telling: asyncio.Task[None] | None = None

    def add(self, note: Note) -> None:
        """Tell it soon."""
        self._waiting.append(note)
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell())

    async def told(self) -> None:
        """Wait until all are told that came before."""
        if self._telling is not None:
            await asyncio.shield(self._telling)

    async def _tell(self) -> None:
        while self._waiting:
            some, self._waiting = self._waiting, []
            try:
                await self._client.wish(Wish(do="note", organisation=None, notes=tuple(some)))
            except SandboxError as error:
                _log.warning("requests_not_noted", reason=str(error), lost=len(some))
