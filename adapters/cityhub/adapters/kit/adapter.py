"""What every adapter is: somebody to ask, and what it is given to do so."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeAlias

import httpx
from msgspec import Struct

from cityhub.adapters.kit.fact import Reading
from cityhub.adapters.kit.pseudonym import Pseudonyms
from cityhub.adapters.kit.source import Source


class Link(Struct, frozen=True, kw_only=True):
    """Where the partner's system is.

    Attributes:
        url: without trailing slash: `http(s)://`, `mqtt(s)://`, `file:///` of a folder, `tcp://host:port`.
        synthetic: it is the simulated city's.
        secret: token or password, "" for none. It is never part of a message.
        also: further addresses of a source that can have several, see `several`.
    """

    url: str
    synthetic: bool
    secret: str = ""
    also: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Link({self.url!r}, synthetic={self.synthetic}, secret={'…' if self.secret else '-'})"


class Tools(Struct, frozen=True, kw_only=True):
    """What adapters share.

    Attributes:
        http: one client for all.
        clock: the present, aware.
        pseudonyms: made with this hub's key.
    """

    http: httpx.AsyncClient
    clock: Callable[[], datetime]
    pseudonyms: Pseudonyms


class Known(Struct, frozen=True):
    """What an adapter goes on with; empty at its first start or at another address.

    Attributes:
        cursor: of the last reading. memory: what the readings have left there, never to be changed.
    """

    cursor: str
    memory: Mapping[str, bytes]


class Adapter(ABC):
    """One source of one partner; `feed.SourceFeed` runs it.

    Whatever it is asked, it may be asked again after a crash: a reading only counts once it is kept.
    """

    @property
    @abstractmethod
    def source(self) -> Source:
        """Its declaration."""

    @abstractmethod
    async def ask(self, known: Known) -> Reading:
        """Ask once.

        Raises:
            FeedFault: the answer was unusable. CursorExpired: so is the cursor; the next question has an empty one.
        """

    async def kept(self) -> None:  # noqa: B027 - most need not know
        """The last reading is on disk: a partner that pushes may be told that it arrived."""

    async def close(self) -> None:  # noqa: B027 - most have none
        """Let go of connections."""


Connect: TypeAlias = Callable[[Link, Tools], Adapter]
"""How a source's package makes its adapter."""
