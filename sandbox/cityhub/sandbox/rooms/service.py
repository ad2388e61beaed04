"""The sandbox process as an HTTP service for the hub's own processes: tenants, rooms, and what rooms tell.

It trusts whoever has the installation's word: the door has asked who the caller is, and for which organisation.
"""

from __future__ import annotations

import asyncio
import hmac
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Literal, get_args

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from cityhub.sandbox.errors import RoomUnavailable, SandboxError, SpecRefused
from cityhub.sandbox.room.log import Entry, Kind, TenantLog
from cityhub.sandbox.rooms.child import Answer
from cityhub.sandbox.rooms.commands import AnyCommand, Reset
from cityhub.sandbox.rooms.houses import Houses
from cityhub.sandbox.rooms.keys import life_of_key
from cityhub.sandbox.rooms.limits import Limits, Note, Share, Usage
from cityhub.sandbox.rooms.tenants import Tenant, Tenants
from cityhub.sandbox.topics.broker import Door
from cityhub.sandbox.topics.doors import KafkaDoors
from cityhub.sdk.text import Text

FOLLOW_S = 0.2
HEARTBEAT_S = 15.0
_PAGE = 500


class Wish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the door wants of tenants.

    Attributes:
        do: admit: show it, and count a request of it. usage: what it has asked. note: remember answers.
        organisation: of the caller, None = an operator's.
        key_days: of a key that is made. by_key: who asks is a program with the tenant's own key.
        open: whether it shall have topics of its own on Kafka, None = show only.
    """

    do: Literal["list", "show", "admit", "usage", "note", "create", "rotate", "allow", "kafka", "delete"]
    organisation: str | None
    name: str = ""
    days: int = 30
    origins: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    key_days: int | None = None
    by_key: bool = False
    open: bool | None = None


class Admitted(Struct, frozen=True):
    """A tenant that asks something, and what it may still ask."""

    tenant: Tenant
    share: Share


class Service:
    """The routes' handlers.

    Args:
        word: what callers must say.
    """

    def __init__(
        self, tenants: Tenants, houses: Houses, kafka: KafkaDoors, word: str, clock: Callable[[], datetime]
    ) -> None:
        self._tenants = tenants
        self._houses = houses
        self._keys = kafka.keys
        self._kafka = kafka
        self._word = word
        self._clock = clock
        self._limits = Limits(lambda: clock().timestamp())
        self._changing: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        """By tenant: its key is made or taken away by one at a time."""

    def app(self) -> Starlette:
        """To be served on a port of this machine or cluster."""
        return Starlette(
            routes=[
                Route("/healthz", _health),
                Route("/tenants", self._guarded(self._wish), methods=["POST"]),
                Route("/rooms/{name}", self._guarded(self._ask), methods=["POST"]),
                Route("/rooms/{name}/entries", self._guarded(self._entries)),
                Route("/rooms/{name}/feed", self._guarded(self._feed)),
            ]
        )

    async def sweep(self) -> None:
        """Delete tenants and take away keys whose time is over, and end rooms that stand still.

        Raises:
            RoomUnavailable: that was not done for some, as Keycloak or Kafka does not answer; for the others it was.
        """
        now, troubles = self._clock(), []
        ended = self._tenants.expired(now)
        due = [one for one in self._tenants.of() if one not in ended and one.key and one.key.due(now)]
        for work in [
            *(partial(self._delete, one) for one in ended),
            *(partial(self._end_key, one.name) for one in due),
        ]:
            try:
                await work()
            except SandboxError as error:
                troubles.append(str(error))
        await self._houses.sweep()
        if troubles:
            raise RoomUnavailable("; ".join(troubles))

    def _guarded(self, handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            said = request.headers.get("authorization", "")
            if not hmac.compare_digest(said.encode(), f"Bearer {self._word}".encode()):
                return Response(status_code=HTTPStatus.UNAUTHORIZED)
            try:
                return await handler(request)
            except SandboxError as error:
                return _said(Answer(error=type(error).__name__, lines=error.lines))

        return answer

    async def _wish(self, request: Request) -> Response:
        wish = msgspec.json.decode(await request.body(), type=Wish)
        return _said(_found(await getattr(self, f"_do_{wish.do}")(wish)))

    async def _do_list(self, wish: Wish) -> list[Tenant]:
        return [self._told(one) for one in self._tenants.of(wish.organisation)]

    async def _do_show(self, wish: Wish) -> Tenant:
        return self._told(self._asking(wish))

    async def _do_admit(self, wish: Wish) -> Admitted:
        tenant = self._asking(wish)
        return Admitted(self._told(tenant), self._limits.take(tenant.name))

    def _asking(self, wish: Wish) -> Tenant:
        """The tenant; that it was asked for with its own key is noted."""
        tenant = self._tenants.one(wish.name, wish.organisation)
        if wish.by_key and tenant.key and (used := tenant.key.used_at(self._clock())) is not tenant.key:
            return self._tenants.keep_key(tenant, used)
        return tenant

    async def _do_usage(self, wish: Wish) -> Usage:
        return self._limits.usage(self._tenants.one(wish.name, wish.organisation).name)

    async def _do_note(self, wish: Wish) -> None:
        for note in wish.notes:
            self._limits.note(note)

    async def _do_create(self, wish: Wish) -> dict[str, Any]:
        if not wish.organisation:
            german = "Es fehlt die Organisation; bitte das Startup nennen, für das der Mandant ist."
            raise SpecRefused(Text(german, "organisation: is missing; name the startup that the tenant is for"))
        known = {one.name for one in self._tenants.of(wish.organisation)}
        tenant = self._tenants.create(wish.name, wish.organisation, wish.days, self._clock())
        if tenant.name in known:
            return {"tenant": self._told(tenant), "key": None}
        try:
            return await self._issue(wish)
        except SandboxError:
            self._tenants.delete(tenant)
            raise

    async def _do_rotate(self, wish: Wish) -> dict[str, Any]:
        return await self._issue(wish)

    async def _issue(self, wish: Wish) -> dict[str, Any]:
        """Make a key; the one before ends. Until it is made, what is recorded is the life of the one before."""
        async with self._changing[wish.name]:
            now, tenant = self._clock(), self._tenants.one(wish.name, wish.organisation)
            life = life_of_key(wish.key_days, tenant.expires, now)
            key = await asyncio.to_thread(self._keys.issue, tenant.name, tenant.organisation, kafka=tenant.kafka)
            tenant = self._tenants.keep_key(self._tenants.one(wish.name, wish.organisation), life)
            return {"tenant": self._told(tenant), "key": key}

    async def _end_key(self, name: str) -> None:
        async with self._changing[name]:
            key = self._tenants.one(name, None).key
            if key and key.due(self._clock()):
                await asyncio.to_thread(self._keys.withdraw, name)
                self._tenants.keep_key(self._tenants.one(name, None), replace(key, state="over"))

    def _told(self, tenant: Tenant) -> Tenant:
        return replace(tenant, key=tenant.key.told(self._clock())) if tenant.key else tenant

    async def _do_allow(self, wish: Wish) -> Tenant:
        return self._told(self._tenants.allow(self._tenants.one(wish.name, wish.organisation), wish.origins))

    async def _do_kafka(self, wish: Wish) -> Door:
        tenant = self._tenants.one(wish.name, wish.organisation)
        return self._kafka.door(tenant) if wish.open is None else self._kafka.put(tenant, wanted=wish.open)

    async def _do_delete(self, wish: Wish) -> None:
        await self._delete(self._tenants.one(wish.name, wish.organisation))

    async def _delete(self, tenant: Tenant) -> None:
        """Last the tenant itself: what fails in between is tried again, by `sweep` at the latest."""
        async with self._changing[tenant.name]:
            if (now := self._tenants.find(tenant.name)) is None or now.created != tenant.created:
                return  # whoever had the lock has deleted it
            self._tenants.end(now, self._clock())
            await asyncio.to_thread(self._keys.withdraw, tenant.name)
            await self._kafka.remove(tenant.name)
            await self._houses.close(tenant.name)
            self._tenants.delete(tenant)
            self._limits.forget(tenant.name)

    async def _ask(self, request: Request) -> Response:
        name = self._known(request)
        try:
            command = msgspec.json.decode(await request.body(), type=AnyCommand)
        except msgspec.ValidationError as error:
            raise SpecRefused(str(error)) from error
        if not isinstance(command, Reset):
            return _said(await self._houses.ask(name, command))
        with self._kafka.emptied(name):
            return _said(await self._houses.ask(name, command))

    async def _entries(self, request: Request) -> Response:
        log = await self._log(self._known(request))
        try:
            found = await asyncio.to_thread(_after, log, request, int(request.query_params.get("after", "0")))
        finally:
            log.close()
        return Response(msgspec.json.encode([_entry(one) for one in found]), media_type="application/json")

    async def _feed(self, request: Request) -> Response:
        name = self._known(request)
        return StreamingResponse(self._lines(name, request), media_type="application/x-ndjson")

    async def _lines(self, name: str, request: Request) -> AsyncIterator[bytes]:
        """Entries as they come, a line each; an empty line now and then says that nothing has."""
        log, quiet_s = await self._log(name), 0.0
        after = int(request.query_params.get("after", "0"))
        try:
            while not await request.is_disconnected():
                found = await asyncio.to_thread(_after, log, request, after)
                for one in found:
                    after = one.number
                    yield msgspec.json.encode(_entry(one)) + b"\n"
                quiet_s = 0.0 if found else quiet_s + FOLLOW_S
                if quiet_s >= HEARTBEAT_S:
                    quiet_s = 0.0
                    yield b"\n"
                if len(found) < _PAGE:
                    await asyncio.sleep(FOLLOW_S)
        finally:
            log.close()

    async def _log(self, name: str) -> TenantLog:
        path = self._tenants.room(name) / "log.db"
        if not path.exists():
            await self._houses.ask(name, msgspec.convert({"do": "stand"}, AnyCommand))
        return TenantLog(path, read_only=True)

    def _known(self, request: Request) -> str:
        said = request.headers.get("x-organisation")
        return self._tenants.one(request.path_params["name"], said).name


def _after(log: TenantLog, request: Request, after: int) -> list[Entry]:
    query = request.query_params
    if newest := query.get("newest"):
        return log.last(query.getlist("kind") or get_args(Kind), min(int(newest), _PAGE))
    return log.after(after, kinds=query.getlist("kind"), names=query.getlist("name"), limit=_PAGE)


def _entry(one: Entry) -> dict[str, Any]:
    return {"cursor": one.number, "kind": one.kind, "name": one.name, "at_ms": one.at_ms, "body": msgspec.Raw(one.body)}


def _found(answer: object) -> Answer:
    return Answer(found=msgspec.Raw(msgspec.json.encode(answer)))


def _said(answer: Answer) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")


async def _health(_: Request) -> Response:
    return Response(b"ok\n", media_type="text/plain")
