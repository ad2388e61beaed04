"""The sandbox process as an HTTP service for the hub's own processes: tenants, rooms, and what rooms tell.

It trusts whoever has the installation's word: the door has asked who the caller is, and for which organisation.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any, Literal, get_args

import msgspec
from msgspec import Struct
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from cityhub.sandbox.errors import SandboxError, SpecRefused
from cityhub.sandbox.room.log import Entry, Kind, TenantLog
from cityhub.sandbox.rooms.child import Answer
from cityhub.sandbox.rooms.commands import AnyCommand
from cityhub.sandbox.rooms.houses import Houses
from cityhub.sandbox.rooms.keys import Keys
from cityhub.sandbox.rooms.limits import Limits, Note, Share, Usage
from cityhub.sandbox.rooms.tenants import Tenant, Tenants

FOLLOW_S = 0.2
HEARTBEAT_S = 15.0
_PAGE = 500


class Wish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the door wants of tenants.

    Attributes:
        do: admit: show it, and count a request of it. usage: what it has asked. note: remember answers.
        organisation: of the caller, None = an operator's.
    """

    do: Literal["list", "show", "admit", "usage", "note", "create", "rotate", "allow", "delete"]
    organisation: str | None
    name: str = ""
    days: int = 30
    origins: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()


class Admitted(Struct, frozen=True):
    """A tenant that asks something, and what it may still ask."""

    tenant: Tenant
    share: Share


class Service:
    """The routes' handlers.

    Args:
        word: what callers must say.
    """

    def __init__(self, tenants: Tenants, houses: Houses, keys: Keys, word: str, clock: Callable[[], datetime]) -> None:
        self._tenants = tenants
        self._houses = houses
        self._keys = keys
        self._word = word
        self._clock = clock
        self._limits = Limits(lambda: clock().timestamp())

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
        """Delete tenants whose time is over, and end rooms that stand still."""
        for tenant in self._tenants.expired(self._clock()):
            await self._delete(tenant)
        await self._houses.sweep()

    def _guarded(self, handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            said = request.headers.get("authorization", "")
            if not hmac.compare_digest(said.encode(), f"Bearer {self._word}".encode()):
                return Response(status_code=HTTPStatus.UNAUTHORIZED)
            try:
                return await handler(request)
            except SpecRefused as error:
                return _said(Answer(error="SpecRefused", problems=error.problems))
            except SandboxError as error:
                return _said(Answer(error=type(error).__name__, problems=(str(error),)))

        return answer

    async def _wish(self, request: Request) -> Response:
        wish = msgspec.json.decode(await request.body(), type=Wish)
        return _said(_found(await getattr(self, f"_do_{wish.do}")(wish)))

    async def _do_list(self, wish: Wish) -> list[Tenant]:
        return self._tenants.of(wish.organisation)

    async def _do_show(self, wish: Wish) -> Tenant:
        return self._tenants.one(wish.name, wish.organisation)

    async def _do_admit(self, wish: Wish) -> Admitted:
        tenant = self._tenants.one(wish.name, wish.organisation)
        return Admitted(tenant, self._limits.take(tenant.name))

    async def _do_usage(self, wish: Wish) -> Usage:
        return self._limits.usage(self._tenants.one(wish.name, wish.organisation).name)

    async def _do_note(self, wish: Wish) -> None:
        for note in wish.notes:
            self._limits.note(note)

    async def _do_create(self, wish: Wish) -> dict[str, Any]:
        if not wish.organisation:
            raise SpecRefused("organisation: is missing; name the startup that the tenant is for")
        known = {one.name for one in self._tenants.of(wish.organisation)}
        tenant = self._tenants.create(wish.name, wish.organisation, wish.days, self._clock())
        if tenant.name in known:
            return {"tenant": tenant, "key": None}
        try:
            key = await asyncio.to_thread(self._keys.issue, tenant.name, tenant.organisation)
        except SandboxError:
            self._tenants.delete(tenant)
            raise
        return {"tenant": tenant, "key": key}

    async def _do_rotate(self, wish: Wish) -> dict[str, Any]:
        tenant = self._tenants.one(wish.name, wish.organisation)
        return {"tenant": tenant, "key": await asyncio.to_thread(self._keys.issue, tenant.name, tenant.organisation)}

    async def _do_allow(self, wish: Wish) -> Tenant:
        return self._tenants.allow(self._tenants.one(wish.name, wish.organisation), wish.origins)

    async def _do_delete(self, wish: Wish) -> None:
        await self._delete(self._tenants.one(wish.name, wish.organisation))

    async def _delete(self, tenant: Tenant) -> None:
        """Last the tenant itself: what fails in between is tried again."""
        await asyncio.to_thread(self._keys.withdraw, tenant.name)
        await self._houses.close(tenant.name)
        self._tenants.delete(tenant)
        self._limits.forget(tenant.name)

    async def _ask(self, request: Request) -> Response:
        name = self._known(request)
        try:
            command = msgspec.json.decode(await request.body(), type=AnyCommand)
        except msgspec.ValidationError as error:
            raise SpecRefused(str(error)) from error
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
