"""Audio alerts on their way into the order office's inbox: each at least once, under a key by which it counts once.

They are read from the log beside its consumers; where the reading stands is kept in a file, written after the inbox has
answered. So an alert that was raised while this process or the inbox was away comes later, as long as it is of use.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import httpx
import msgspec
import structlog
from msgspec import Struct

from cityhub.bus import metrics
from cityhub.bus.errors import BusError, LogBroken
from cityhub.bus.pause import pause
from cityhub.sdk import codec
from cityhub.sdk.errors import RejectedEvent
from cityhub.sdk.event import Event

TOPIC = "du.evt.dvv.lamp.v1"
ALERT = "de.duisburg.dvv.lamp.audio-alert-raised.v1"
OF_USE = timedelta(hours=1)
"""Nobody is sent out for an older sound."""
_RETRY_S = (0.5, 1.0, 2.0, 5.0, 15.0)
_TIMEOUT_S = 5.0
_KNOWN = (httpx.codes.CONFLICT, httpx.codes.ALREADY_REPORTED)
_mark = ALERT.encode()
_log = structlog.get_logger()


class Inbox(Struct, frozen=True):
    """Where alerts go.

    Attributes:
        secret: bearer token, "" = none. simulated: of the simulated city, which alone gets synthetic alerts.
    """

    url: str
    secret: str = ""
    simulated: bool = False


class AlertLog(Protocol):
    """`bus.log_reader.LogReader`."""

    async def partitions(self) -> Mapping[str, Sequence[int]]: ...
    async def bounds(self, topic: str, parts: Sequence[int]) -> Mapping[int, tuple[int, int]]: ...
    async def read_any(self, topic: str, firsts: Mapping[int, int]) -> Mapping[int, Sequence[Any]]: ...


class Dispatcher:
    """Args: file = where the reading stands; at the first start it begins with the next alert."""

    def __init__(
        self, log: AlertLog, http: httpx.AsyncClient, inbox: Inbox, file: Path, clock: Callable[[], datetime]
    ) -> None:
        self._records = log
        self._http = http
        self._inbox = inbox
        self._file = file
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Hand over alerts until `stop` is set; trouble with broker or inbox is retried in place."""
        attempt = 0
        while not stop.is_set():
            try:
                nexts = await self._begin()
                while not stop.is_set():
                    await self._some(nexts, stop)
                    attempt = 0
            except BusError as error:
                wait_s = _RETRY_S[min(attempt, len(_RETRY_S) - 1)]
                _log.warning("alerts_not_read", error=str(error), retry_s=wait_s)
                attempt += 1
                await pause(stop, wait_s)

    async def _begin(self) -> dict[int, int]:
        """By partition, the offset to go on with; what the log has let go of is passed over."""
        parts = (await self._records.partitions()).get(TOPIC, ())
        if not parts:
            raise LogBroken(f"{TOPIC} is not there yet")
        kept = _kept(self._file)
        bounds = await self._records.bounds(TOPIC, parts)
        return {part: max(first, kept.get(part, end)) for part, (first, end) in bounds.items()}

    async def _some(self, nexts: dict[int, int], stop: asyncio.Event) -> None:
        found = await self._records.read_any(TOPIC, nexts)
        for part, records in found.items():
            for record in records:
                if _mark in (record.value or b"") and not await self._handled(record.value, stop):
                    return
                nexts[part] = record.offset + 1
        if found or not self._file.exists():
            _keep(self._file, nexts)

    async def _handled(self, value: bytes, stop: asyncio.Event) -> bool:
        """Whether an alert is done with; False = the process ends first."""
        try:
            event = codec.decode(value)
        except RejectedEvent:
            return True  # the engine refuses it, too, and says so
        if event.type != ALERT:
            return True
        for attempt in count():
            outcome = self._useless(event)
            if outcome is None:
                if stop.is_set():
                    break
                outcome = await self._sent(event)
            if outcome is not None:
                metrics.ALERTS.labels(outcome).inc()
                return True
            await pause(stop, _RETRY_S[min(attempt, len(_RETRY_S) - 1)])
        return False

    def _useless(self, event: Event) -> str | None:
        if event.synthetic and not self._inbox.simulated:
            return "synthetic"
        return "expired" if self._clock() - event.time > OF_USE else None

    async def _sent(self, event: Event) -> str | None:
        """What the inbox made of it; None = ask again."""
        headers = {"idempotency-key": event.id, "content-type": "application/json"}
        if self._inbox.secret:
            headers["authorization"] = f"Bearer {self._inbox.secret}"
        body = msgspec.json.encode(entry(event))
        try:
            answer = await self._http.post(self._inbox.url, content=body, headers=headers, timeout=_TIMEOUT_S)
        except httpx.HTTPError as error:
            _log.warning("alert_not_delivered", alert=event.data.get("alert"), error=type(error).__name__)
            return None
        if answer.is_success or answer.status_code in _KNOWN:
            return "delivered"
        _log.warning("alert_not_delivered", alert=event.data.get("alert"), status=answer.status_code)
        again = answer.is_server_error or answer.status_code in {
            httpx.codes.REQUEST_TIMEOUT,
            httpx.codes.TOO_MANY_REQUESTS,
            httpx.codes.UNAUTHORIZED,
            httpx.codes.FORBIDDEN,
        }
        return None if again else "refused"


def entry(event: Event) -> dict[str, object]:
    """An alert in the words of the order office's journal (docs/adapters/city-order-office.md)."""
    said = {
        "alarm": event.data["alert"],
        "laterne": event.data["lamp"],
        "art": event.data["sound"],
        "sicherheit": event.data["confidence"],
        "geraeusch": event.data["sounded_at"],
        "gemeldet": event.time,
        "simulation": event.synthetic,
    }
    return said | ({"bezirk": event.borough} if isinstance(event.borough, str) else {})


def _kept(file: Path) -> dict[int, int]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[int, int])
    except FileNotFoundError:
        return {}
    except msgspec.MsgspecError as error:
        file.unlink()
        _log.warning(
            "alerts_position_damaged", file=str(file), error=str(error), remedy="alerts begin with the next one"
        )
        return {}


def _keep(file: Path, nexts: Mapping[int, int]) -> None:
    """Whole or not at all."""
    unfinished = file.with_suffix(".new")
    unfinished.write_bytes(msgspec.json.encode(nexts))
    unfinished.replace(file)
