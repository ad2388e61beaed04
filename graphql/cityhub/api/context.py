"""What resolvers get: the caller, the read services and the clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeAlias

import strawberry
from strawberry.fastapi import BaseContext

from cityhub.adapters.kit.status import FeedStatus
from cityhub.api.access import may_read
from cityhub.api.errors import TokenExpired
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.proof.service import ProofReader
from cityhub.kpi.reader import KpiReader
from cityhub.kpi.values import KpiValue
from cityhub.sdk.principal import Principal

Clock: TypeAlias = Callable[[], datetime]
"""Now, aware, UTC."""

Feeds: TypeAlias = Callable[[], Sequence[FeedStatus]]
"""What the adapters last reported of their partners."""

LAST_WORD_S = 2.0
"""Service ends that long before the token does: after that the web server lets nothing out, not even the reason."""


class LiveSource(Protocol):
    """Published values as they come; `cityhub.kpi.live.LiveValues` is one."""

    def subscribe(self, kpi_id: str | None) -> AsyncIterator[KpiValue]:
        """Values of one KPI (None: all), newest state only; ends when iterated no more."""
        ...


class Context(BaseContext):
    """One request or one WebSocket.

    Attributes:
        principal: the verified caller; None only until the route has refused the request.
        request_id: repeated in every error and in the log.
        streams: the transport can carry more than one answer.
        proofs: opens numbers; None where nothing is archived.
    """

    def __init__(
        self,
        *,
        principal: Principal | None,
        reader: KpiReader,
        live: LiveSource,
        feeds: Feeds,
        clock: Clock,
        request_id: str,
        streams: bool,
        proofs: ProofReader | None = None,
    ) -> None:
        super().__init__()
        self.principal = principal
        self.reader = reader
        self.live = live
        self.feeds = feeds
        self.clock = clock
        self.request_id = request_id
        self.streams = streams
        self.proofs = proofs

    def readable(self) -> Sequence[KpiDefinition]:
        """The definitions this caller may see, in id order."""
        return [item for item in self.reader.catalogue if may_read(self.principal, item)]

    def find(self, kpi_id: str) -> KpiDefinition | None:
        """A definition by id; None when it does not exist or is not for this caller, who cannot tell which."""
        return next((item for item in self.readable() if item.id == kpi_id), None)

    def remaining_s(self) -> float:
        """Seconds for which the caller may still be served.

        Raises:
            TokenExpired: none are left.
        """
        expires_at = self.principal.expires_at if self.principal else 0
        remaining = expires_at - LAST_WORD_S - self.clock().timestamp()
        if remaining <= 0:
            raise TokenExpired("the token has expired; get a new one and connect again")
        return remaining


Info: TypeAlias = strawberry.Info[Context, None]
