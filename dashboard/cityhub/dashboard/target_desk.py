"""Setting targets from the screen: who may, and that what was done stands in the audit trail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol
from uuid import uuid4

import msgspec
import structlog
from msgspec.structs import replace

from cityhub.api.context import Clock
from cityhub.bus.audit_trail import ASKED, DONE, Setting
from cityhub.bus.errors import BusError
from cityhub.kpi.definition import KpiDefinition, Target
from cityhub.kpi.targets import TargetRecord
from cityhub.sdk.principal import Principal

_log = structlog.get_logger()


class Book(Protocol):
    """`kpi.store.targets.TargetBook`."""

    def record(self, definition: KpiDefinition, target: Target, *, who: str, why: str) -> TargetRecord: ...
    def retract(self, definition: KpiDefinition, number: int, *, who: str, why: str) -> TargetRecord: ...


class Trail(Protocol):
    """`bus.audit_trail.AuditTrail`."""

    async def note(self, setting: Setting) -> None: ...


class TargetDesk:
    """Writes a target into the audit trail as asked for, then into the store, then into the trail as done."""

    def __init__(self, book: Book, trail: Trail, clock: Clock) -> None:
        self._book = book
        self._trail = trail
        self._clock = clock

    async def record(self, who: Principal, definition: KpiDefinition, target: Target, why: str) -> TargetRecord:
        """Set a target.

        Raises:
            TargetRefused: see `TargetBook.record`. BusError, StoreUnavailable: nothing was set.
        """
        asked = self._asked(who, definition, why, target=msgspec.to_builtins(target))
        return await self._done(asked, lambda name: self._book.record(definition, target, who=name, why=why), who)

    async def retract(self, who: Principal, definition: KpiDefinition, number: int, why: str) -> TargetRecord:
        """Take a record back. Errors as `record`."""
        asked = self._asked(who, definition, why, retracts=number)
        return await self._done(asked, lambda name: self._book.retract(definition, number, who=name, why=why), who)

    def _asked(self, who: Principal, definition: KpiDefinition, why: str, **more: Any) -> Setting:
        return Setting(
            at=self._clock(),
            request=uuid4().hex,
            what=ASKED,
            subject=who.subject,
            organisation=who.organisation,
            kpi=definition.id,
            why=why,
            **more,
        )

    async def _done(self, asked: Setting, do: Callable[[str], TargetRecord], who: Principal) -> TargetRecord:
        await self._trail.note(asked)
        found = await asyncio.to_thread(do, who.name or who.subject)
        try:
            await self._trail.note(replace(asked, what=DONE, at=self._clock(), number=found.number))
        except BusError as error:  # it is set, and its own record in the store says by whom
            _log.warning("target_not_noted", kpi=asked.kpi, number=found.number, error=str(error))
        return found
