"""Publishers over HTTP, blocking and asynchronous; both do the same steps."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Self, TypedDict, Unpack

import httpx

from cityhub.sdk import codec
from cityhub.sdk.client import preview
from cityhub.sdk.client.account import Account
from cityhub.sdk.client.delivery import Delivery, Judge, Parcel, Result, judge_of
from cityhub.sdk.client.preview import Change
from cityhub.sdk.client.session import Patience, Session, now
from cityhub.sdk.client.wire import Asynchronous, Blocking, Reply, Request, Steps
from cityhub.sdk.contract import Contracts, load_contracts
from cityhub.sdk.event import Event


class Options(TypedDict, total=False):
    """How a publisher works.

    Attributes:
        contracts: those to judge by beforehand; without them those of the package.
        validate: false = events are not judged before they are sent. Else a bad one never leaves the house.
        clock: monotonic seconds. chance: random numbers from 0 to 1. wall: now, with time zone.
    """

    contracts: Contracts
    validate: bool
    patience: Patience
    clock: Callable[[], float]
    chance: Callable[[], float]
    wall: Callable[[], datetime]


class _Door:
    """What both publishers know."""

    def __init__(self, account: Account, options: Options) -> None:
        self.session = Session(
            account,
            options.get("patience", Patience()),
            clock=options.get("clock", time.monotonic),
            chance=options.get("chance", random.random),
        )
        self._delivery = Delivery(self.session)
        self.judge: Judge = codec.encode
        if options.get("validate", True):
            contracts = options["contracts"] if "contracts" in options else load_contracts()
            self.judge = judge_of(contracts, account.partner, options.get("wall", now))

    def _get(self, path: str) -> Steps[Reply]:
        request = Request(url=f"{self.session.account.url}{path}", headers={"accept": "application/json"})
        return self.session.ask(request, self.session.deadline())


class HttpPublisher(_Door):
    """Sends events over HTTP and waits for what the hub says of each. Close it, or use it in `with`.

    Every method that asks the hub tries again, with pauses that grow, until its deadline, and raises NotAcknowledged or
    HubRefused; both hold a result per event. What is not acknowledged may be sent again: it has the same id.

    Args:
        http: a client of your own, with proxy or certificates. pause: waits so many seconds.
    """

    def __init__(
        self,
        account: Account,
        *,
        http: httpx.Client | None = None,
        pause: Callable[[float], object] = time.sleep,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(account, options)
        self._http = http or httpx.Client()
        self._driver = Blocking(self._http, pause)

    def publish(self, events: Iterable[Event]) -> list[Result]:
        """Send; a result per event, in order: `accepted` or `rejected`."""
        return self._driver.run(self._delivery.publish(events, self.judge))

    def check(self, events: Iterable[Event]) -> list[Result]:
        """Let the hub judge and write nothing: `valid` or `rejected`."""
        return self._driver.run(self._delivery.publish(events, self.judge, only_judge=True))

    def preview(self, event: Event, before: Event | None = None) -> list[Change]:
        """Which windows an event would change, after the version that counts now; nothing is written."""
        return self._driver.run(preview.steps(self.session, event, before))

    def send(self, parcels: Sequence[Parcel], producer: str = "") -> list[Result]:
        """Send what was judged before, as a spool does."""
        return self._driver.run(self._delivery.deliver(parcels, producer))

    def get(self, path: str) -> Reply:
        """What the hub answers under a path of its own, such as `/v1/partner/ledger`."""
        return self._driver.run(self._get(path))

    def token(self) -> str:
        """A token of this client."""
        return self._driver.run(self.session.bearer())

    def close(self) -> None:
        """Close connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncHttpPublisher(_Door):
    """As `HttpPublisher`, on an event loop; use it in `async with`, or `await close()`."""

    def __init__(
        self,
        account: Account,
        *,
        http: httpx.AsyncClient | None = None,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(account, options)
        self._http = http or httpx.AsyncClient()
        self._driver = Asynchronous(self._http, pause)

    async def publish(self, events: Iterable[Event]) -> list[Result]:
        """Send; a result per event, in order: `accepted` or `rejected`."""
        return await self._driver.run(self._delivery.publish(events, self.judge))

    async def check(self, events: Iterable[Event]) -> list[Result]:
        """Let the hub judge and write nothing: `valid` or `rejected`."""
        return await self._driver.run(self._delivery.publish(events, self.judge, only_judge=True))

    async def preview(self, event: Event, before: Event | None = None) -> list[Change]:
        """Which windows an event would change, after the version that counts now; nothing is written."""
        return await self._driver.run(preview.steps(self.session, event, before))

    async def send(self, parcels: Sequence[Parcel], producer: str = "") -> list[Result]:
        """Send what was judged before."""
        return await self._driver.run(self._delivery.deliver(parcels, producer))

    async def close(self) -> None:
        """Close connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
