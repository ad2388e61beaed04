"""The dashboard's `SandboxDesk` over the sandbox process; the two portions know nothing of each other."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import TimeoutError as TooLate
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from msgspec.structs import asdict

from cityhub.adapters.doors.http import Refused
from cityhub.dashboard import sandbox_desk as desk
from cityhub.hub.identity.endpoints import RealmEndpoints
from cityhub.hub.identity.tenant_keys import client_id
from cityhub.kpi.definition import Catalogue
from cityhub.kpi.values import KpiValue
from cityhub.sandbox.door.caller import Caller, caller_of
from cityhub.sandbox.door.catalogue import catalogue
from cityhub.sandbox.errors import RoomUnavailable, SandboxError, SpecRefused, UnknownTenant
from cityhub.sandbox.rooms.client import SandboxClient, Told
from cityhub.sandbox.rooms.commands import AnyCommand
from cityhub.sandbox.rooms.limits import QUOTA, WINDOW_S, Usage
from cityhub.sandbox.rooms.service import Wish
from cityhub.sdk.principal import Principal

Answer = TypeVar("Answer")
DRAWN_WITHIN_S = 10.0
"""A page that waits holds one of the few threads that draw for everybody."""
NEWEST = 50
"""Entries that are shown."""
_VALUES = 400
_LONGEST = 160


class HubSandboxDesk:
    """`SandboxDesk`.

    Args:
        loop: of the server; the client's connections belong to it.
    """

    def __init__(
        self,
        client: SandboxClient,
        city: Catalogue,
        endpoints: RealmEndpoints,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._client = client
        self._offer = msgspec.convert(catalogue(city), desk.Offer, from_attributes=True)
        self._endpoints = endpoints
        self._loop = loop

    def admits(self, who: Principal | None) -> bool:
        """See `SandboxDesk`."""
        try:
            caller_of(who)
        except Refused:
            return False
        return True

    def chooses(self, who: Principal | None) -> bool:
        """See `SandboxDesk`."""
        return self.admits(who) and caller_of(who).organisation is None

    def offer(self) -> desk.Offer:
        """See `SandboxDesk`."""
        return self._offer

    def doors(self, tenant: str) -> desk.Doors:
        """See `SandboxDesk`."""
        issuer = self._endpoints.issuer
        token = f"{issuer}/protocol/openid-connect/token"
        return desk.Doors(self._endpoints.public_url, token, client_id(tenant))

    def waited(self, asking: Coroutine[Any, Any, Answer]) -> Answer:
        """See `SandboxDesk`. Never call it on the loop's own thread."""
        asked = asyncio.run_coroutine_threadsafe(asking, self._loop)
        try:
            return asked.result(DRAWN_WITHIN_S)
        except TooLate:
            asked.cancel()
            raise desk.SandboxAway(f"no answer from the sandbox within {DRAWN_WITHIN_S:.0f} s: try again") from None

    async def tenants(self, who: Principal | None) -> list[desk.Tenant]:
        """See `SandboxDesk`."""
        with _translated():
            caller = caller_of(who)
            found = msgspec.json.decode(await self._wish(caller, "list", ""), type=list[desk.Tenant])
            return [one for one in found if caller.tenant in {"", one.name}]

    async def tenant(self, who: Principal | None, name: str) -> desk.Tenant:
        """See `SandboxDesk`."""
        with _translated():
            return msgspec.json.decode(await self._wish(_caller(who, name), "show", name), type=desk.Tenant)

    async def create(self, who: Principal | None, name: str, days: int, organisation: str) -> desk.Made:
        """See `SandboxDesk`. Args: organisation = of an operator's tenant; everybody else's is their own."""
        with _translated():
            caller = caller_of(who).managing()
            owner = organisation if caller.organisation is None else caller.organisation
            made = await self._client.wish(Wish(do="create", organisation=owner, name=name, days=days))
            return msgspec.json.decode(made, type=desk.Made)

    async def rotate(self, who: Principal | None, name: str) -> desk.Key:
        """See `SandboxDesk`."""
        with _translated():
            made = msgspec.json.decode(await self._wish(_caller(who, name), "rotate", name), type=desk.Made)
            if made.key is None:
                raise RoomUnavailable("no key was made: try again in a minute")
            return made.key

    async def allow(self, who: Principal | None, name: str, origins: Sequence[str]) -> desk.Tenant:
        """See `SandboxDesk`."""
        with _translated():
            found = await self._wish(_caller(who, name), "allow", name, origins=tuple(origins))
            return msgspec.json.decode(found, type=desk.Tenant)

    async def delete(self, who: Principal | None, name: str) -> None:
        """See `SandboxDesk`."""
        with _translated():
            await self._wish(_caller(who, name).managing(), "delete", name)

    async def usage(self, who: Principal | None, name: str) -> desk.Usage:
        """See `SandboxDesk`."""
        with _translated():
            found = msgspec.json.decode(await self._wish(_caller(who, name), "usage", name), type=Usage)
        return desk.Usage(
            requests=found.requests,
            refused=found.refused,
            quota=QUOTA,
            window_s=WINDOW_S,
            left=found.left,
            lately=tuple(desk.Request(**asdict(one)) for one in found.lately[:NEWEST]),
        )

    async def newest(self, who: Principal | None, name: str, kinds: Sequence[str]) -> list[desk.Entry]:
        """See `SandboxDesk`."""
        query = [("newest", str(NEWEST)), *(("kind", kind) for kind in kinds)]
        with _translated():
            return [_entry(one) for one in await self._client.entries(name, _caller(who, name).organisation, query)]

    async def ask(self, who: Principal | None, name: str, command: Mapping[str, Any], answer: type[Answer]) -> Answer:
        """See `SandboxDesk`."""
        with _translated():
            return await self._ask(_caller(who, name), name, command, answer)

    async def course(self, who: Principal | None, name: str, own: str, city: str) -> desk.Course:
        """See `SandboxDesk`."""
        with _translated():
            caller = _caller(who, name)
            asked = {"do": "compare", "own": own, "city": city}
            comparison = await self._ask(caller, name, asked, desk.Comparison)
            wanted = {"do": "values", "window": comparison.window, "limit": _VALUES}
            both = [await self._ask(caller, name, wanted | {"kpi": kpi}, tuple[KpiValue, ...]) for kpi in (own, city)]
            return desk.Course(comparison, *both)

    async def _ask(self, caller: Caller, name: str, command: Mapping[str, Any], answer: type[Answer]) -> Answer:
        try:
            asked: Any = msgspec.convert(command, AnyCommand, strict=False)
        except msgspec.ValidationError as error:
            raise SpecRefused(str(error)) from error
        return msgspec.json.decode(await self._client.ask(name, caller.organisation, asked), type=answer)

    async def _wish(self, caller: Caller, do: Any, name: str, **more: Any) -> bytes:
        return await self._client.wish(Wish(do=do, organisation=caller.organisation, name=name, **more))


def _caller(who: Principal | None, tenant: str) -> Caller:
    caller = caller_of(who)
    if not caller.check(tenant):
        raise UnknownTenant("no tenant is named")
    return caller


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except Refused as refused:
        raise desk.NoSuchTenant(str(refused)) from refused
    except UnknownTenant as error:
        raise desk.NoSuchTenant(str(error)) from error
    except RoomUnavailable as error:
        raise desk.SandboxAway(str(error)) from error
    except SpecRefused as error:
        raise desk.SandboxRefused(*error.problems) from error
    except SandboxError as error:
        raise desk.SandboxRefused(str(error)) from error


def _entry(told: Told) -> desk.Entry:
    at = datetime.fromtimestamp(told.at_ms / 1000, UTC)
    return desk.Entry(told.cursor, told.kind, told.name, at, _says(told)[:_LONGEST])


def _says(told: Told) -> str:
    """What an entry says in one line, without units and language."""
    body = msgspec.json.decode(told.body)
    match told.kind:
        case "value":
            number = "–" if body["value"] is None else f"{body['value']} {body['unit']}"
            return f"{body['scope']} · {body['window']} {body['start']} · {number} · n {body['n']} · {body['label']}"
        case "event":
            data = body.get("data") if isinstance(body, dict) else None
            pairs = data.items() if isinstance(data, dict) else ()
            return " · ".join([str(body.get("subject", "")), *(f"{key} {_plain(value)}" for key, value in pairs)])
    return str(body.get("detail", ""))


def _plain(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
