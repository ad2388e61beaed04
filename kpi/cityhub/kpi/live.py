"""Values as they are published, fanned out to any number of readers without ever waiting for one of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Protocol, Self

import msgspec
from structlog import get_logger

from cityhub.bus.errors import BusError
from cityhub.kpi.values import KpiValue

log = get_logger()

_decode = msgspec.json.Decoder(KpiValue).decode
_RETRY_S = 2.0
MAX_PENDING = 5_000
"""Windows a slow reader may fall behind; beyond that it loses the oldest and reads them again from the store."""


class ValueSource(Protocol):
    """Where published values come from, as bytes; `cityhub.bus.tail.Tail` is the real one."""

    def values(self) -> AsyncIterator[bytes]: ...


class LiveValues:
    """Use as an async context manager around the process's life."""

    def __init__(self, source: ValueSource) -> None:
        self._source = source
        self._readers: set[_Reader] = set()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        for reader in self._readers:
            reader.close()

    async def subscribe(self, kpi_id: str | None = None) -> AsyncIterator[KpiValue]:
        """Values published from now on, newest revision per window; ends when the process stops.

        Args:
            kpi_id: only this KPI; None = all.
        """
        reader = _Reader(kpi_id)
        self._readers.add(reader)
        try:
            while (value := await reader.next()) is not None:
                yield value
        finally:
            self._readers.discard(reader)

    async def _follow(self) -> None:
        while True:
            try:
                async for payload in self._source.values():
                    self._hand_out(payload)
            except BusError as error:
                log.warning("live_values_interrupted", error=str(error), retry_s=_RETRY_S)
            await asyncio.sleep(_RETRY_S)

    def _hand_out(self, payload: bytes) -> None:
        try:
            value = _decode(payload)
        except msgspec.MsgspecError as error:
            log.warning("foreign_record_in_value_topic", error=str(error))
            return
        for reader in self._readers:
            reader.offer(value)


class _Reader:
    """One subscriber's pending values: the newest revision per window, oldest window first."""

    def __init__(self, kpi_id: str | None) -> None:
        self._kpi_id = kpi_id
        self._pending: dict[tuple[object, ...], KpiValue] = {}
        self._wake = asyncio.Event()
        self._closed = False

    def offer(self, value: KpiValue) -> None:
        if self._kpi_id is not None and value.kpi_id != self._kpi_id:
            return
        key = (value.kpi_id, value.window, value.end, value.scope, *sorted(value.dimensions.items()))
        waiting = self._pending.get(key)
        if waiting is not None and waiting.revision > value.revision:
            return
        self._pending[key] = value
        if len(self._pending) > MAX_PENDING:
            del self._pending[next(iter(self._pending))]
        self._wake.set()

    async def next(self) -> KpiValue | None:
        while not self._pending and not self._closed:
            self._wake.clear()
            await self._wake.wait()
        if not self._pending:
            return None
        return self._pending.pop(next(iter(self._pending)))

    def close(self) -> None:
        self._closed = True
        self._wake.set()
