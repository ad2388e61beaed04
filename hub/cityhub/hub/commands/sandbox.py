"""`cityhub sandbox`: tenants and their rooms, for the operator at this machine."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import httpx
import msgspec
import yaml

from cityhub.hub.commands.narrator import show
from cityhub.hub.commands.text import table
from cityhub.hub.errors import Misconfigured, ServiceMissing
from cityhub.hub.rooms import client
from cityhub.hub.secrets import load
from cityhub.hub.settings import Settings
from cityhub.sandbox.errors import RoomUnavailable
from cityhub.sandbox.room.comparison import Comparison
from cityhub.sandbox.room.state import Standing
from cityhub.sandbox.rooms.client import SandboxClient
from cityhub.sandbox.rooms.commands import (
    AddInject,
    Command,
    Compare,
    Digests,
    PutKpi,
    Replay,
    Reset,
    Scenario,
    SetClock,
    Stand,
)
from cityhub.sandbox.rooms.keys import Key
from cityhub.sandbox.rooms.service import Wish
from cityhub.sandbox.rooms.tenants import Tenant
from cityhub.sdk import plain_yaml

__all__ = ["PutKpi", "Replay", "Reset", "Scenario"]
Answer = TypeVar("Answer")
_SHOWN = 20


class _Made(msgspec.Struct, frozen=True):
    tenant: Tenant
    key: Key | None


def create(
    settings: Settings, tenant: str, organisation: str, days: int, key_days: int | None, *, as_json: bool
) -> int:
    """Make a tenant; its secret is printed and kept nowhere else."""
    wish = Wish(do="create", organisation=organisation, name=tenant, days=days, key_days=key_days)
    return _made(settings, wish, as_json=as_json)


def rotate(settings: Settings, tenant: str, key_days: int | None, *, as_json: bool) -> int:
    """Another key; its secret is printed and kept nowhere else."""
    return _made(settings, Wish(do="rotate", organisation=None, name=tenant, key_days=key_days), as_json=as_json)


def _made(settings: Settings, wish: Wish, *, as_json: bool) -> int:
    said = asked(settings, lambda sandbox: sandbox.wish(wish))
    if as_json:
        return _json(said)
    found = msgspec.json.decode(said, type=_Made)
    tenant = found.tenant
    show(f"tenant {tenant.name} of {tenant.organisation} until {tenant.expires:%Y-%m-%d}")
    if found.key:
        show(f"client  {found.key.client}\nsecret  {found.key.secret}  (shown only now)")
        show(f"docs/sandbox.md goes on from here; the page is {settings.public_url}/sandbox/{tenant.name}")
    _warn([tenant])
    return 0


def listing(settings: Settings, *, as_json: bool) -> int:
    """All tenants; keys that end soon, or have ended, are named."""
    said = asked(settings, lambda sandbox: sandbox.wish(Wish(do="list", organisation=None)))
    if as_json:
        return _json(said)
    found = msgspec.json.decode(said, type=list[Tenant])
    rows = [
        (
            one.name,
            one.organisation,
            f"{one.created:%Y-%m-%d}",
            f"{one.expires:%Y-%m-%d}",
            *((f"{one.key.made:%Y-%m-%d}", f"{one.key.expires:%Y-%m-%d}") if one.key else ("–", "–")),
            f"{one.key.used:%Y-%m-%d %H:%M}" if one.key and one.key.used else "–",
        )
        for one in found
    ]
    show(table(("TENANT", "ORGANISATION", "SINCE", "UNTIL", "KEY SINCE", "KEY UNTIL", "LAST USED (UTC)"), rows))
    _warn(found)
    return 0


def _warn(tenants: Iterable[Tenant]) -> None:
    """Of keys that end soon, or have ended."""
    for one in tenants:
        if one.key and one.key.state != "good":
            says = "is over" if one.key.state == "over" else f"ends at {one.key.expires:%Y-%m-%d %H:%M} UTC"
            show(f"the key of {one.name} {says}: `cityhub sandbox rotate {one.name}` makes another one")


def show_room(settings: Settings, tenant: str, *, as_json: bool) -> int:
    """A room, and the digests of what is in it."""

    async def look(sandbox: SandboxClient) -> bytes:
        standing = await sandbox.ask(tenant, None, Stand())
        digests = await sandbox.ask(tenant, None, Digests())
        return msgspec.json.encode({"room": msgspec.Raw(standing), "digests": msgspec.Raw(digests)})

    said = asked(settings, look)
    if as_json:
        return _json(said)
    parts = msgspec.json.decode(said, type=dict[str, msgspec.Raw])
    show(_standing(tenant, msgspec.json.decode(parts["room"], type=Standing)))
    for name, digest in msgspec.json.decode(parts["digests"], type=dict[str, str]).items():
        show(f"{name:<9} {digest}")
    return 0


def ask(settings: Settings, tenant: str, command: Command, *, as_json: bool) -> int:
    """A command whose answer is how the room stands then."""
    said = asked(settings, lambda sandbox: sandbox.ask(tenant, None, command))
    if as_json:
        return _json(said)
    show(_standing(tenant, msgspec.json.decode(said, type=Standing)))
    return 0


def set_clock(settings: Settings, tenant: str, speed: float | None, advance: str, *, as_json: bool) -> int:
    """Speed, an instant, or both."""
    try:
        to = datetime.fromisoformat(advance) if advance else None
    except ValueError:
        raise Misconfigured(f"--advance {advance[:40]!r}: write it as 2026-11-24T07:00+01:00") from None
    if speed is None and to is None:
        raise Misconfigured("give --speed, --advance or both")
    return ask(settings, tenant, SetClock(speed=speed, advance=to), as_json=as_json)


def inject(settings: Settings, tenant: str, file: Path, *, as_json: bool) -> int:
    """One inject from a file."""
    try:
        tree = plain_yaml.load(_text(file))
    except yaml.YAMLError as error:
        raise Misconfigured(f"{file}: not readable as YAML: {error}") from error
    said = asked(settings, lambda sandbox: sandbox.ask(tenant, None, AddInject(inject=tree)))
    return _json(said) if as_json else _said(f"{tenant}: {msgspec.json.decode(said)['kind']} is injected")


def ask_text(settings: Settings, tenant: str, file: Path, kind: type[Scenario] | type[PutKpi], *, as_json: bool) -> int:
    """A scenario or a KPI from a file."""
    text = _text(file)
    said = asked(settings, lambda sandbox: sandbox.ask(tenant, None, kind(text=text)))
    if as_json:
        return _json(said)
    if kind is Scenario:
        return _said(_standing(tenant, msgspec.json.decode(said, type=Standing)))
    found = msgspec.json.decode(said)
    return _said(f"{tenant}: {found['id']} counts, hash {found['hash'][:12]}")


def compare(settings: Settings, tenant: str, own: str, city: str, *, as_json: bool) -> int:
    """Windows that differ; 1 when some do."""
    said = asked(settings, lambda sandbox: sandbox.ask(tenant, None, Compare(own=own, city=city)))
    found = msgspec.json.decode(said, type=Comparison)
    if as_json:
        _json(said)
    else:
        show(
            f"{found.differing} of {found.windows} windows ({found.window}) differ, {own} against {city}, {found.unit}"
        )
        rows = [
            (
                f"{one.start:%Y-%m-%d %H:%M}",
                one.scope,
                _number(None if one.own is None else one.own.value),
                _number(None if one.city is None else one.city.value),
                _number(one.difference),
                "same" if one.same_events else "others",
            )
            for one in found.lines[:_SHOWN]
        ]
        show(table(("WINDOW (UTC)", "SCOPE", own.upper(), city, "DIFFERENCE", "EVENTS"), rows))
    return 1 if found.differing else 0


def delete(settings: Settings, tenant: str) -> int:
    """Nothing is left of it."""
    asked(settings, lambda sandbox: sandbox.wish(Wish(do="delete", organisation=None, name=tenant)))
    return _said(f"{tenant} is deleted, with its key")


def asked(settings: Settings, work: Callable[[SandboxClient], Awaitable[Answer]]) -> Answer:
    async def run() -> Answer:
        async with httpx.AsyncClient(trust_env=False) as http:
            return await work(client(http, settings, load(settings.data)))

    try:
        return asyncio.run(run())
    except RoomUnavailable as error:
        raise ServiceMissing(f"{error}; `cityhub status` tells whether rooms runs") from error


def _text(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{file} cannot be read: {error}") from error


def _standing(tenant: str, one: Standing) -> str:
    clock = f"goes to {one.rushing_to:%Y-%m-%d %H:%M} UTC" if one.rushing_to else f"at {one.speed:g}x"
    play = f"{one.play.day}, seed {one.play.seed}" if one.play else "nothing; `cityhub sandbox replay` begins a day"
    rows = [
        f"{tenant}: {one.now:%Y-%m-%d %H:%M:%S} UTC, {'frozen' if one.frozen_at else clock}",
        f"replays   {play}",
        f"events    {one.events}, newest entry {one.cursor}",
        f"injects   {len(one.injects)}",
        f"own KPIs  {', '.join(one.kpis) or 'none'}",
    ]
    return "\n".join(rows)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def _said(text: str) -> int:
    show(text)
    return 0


def _json(said: bytes) -> int:
    show(msgspec.json.format(said).decode())
    return 0
